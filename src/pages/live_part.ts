/** A part of a page that can be renewed on its own. */
export interface LivePart {
  /** Id of the element whose content it is. */
  readonly id: string;
  /** Its content as HTML, at `now` in unix milliseconds. */
  readonly render: (now: number) => string;
}

/** The parts of a page that are renewed while it is open, and where they come from. */
export interface LivePage {
  /** Path and query that the events of this page are asked for with; equal for pages that show the same. */
  readonly events: string;
  readonly parts: readonly LivePart[];
}

/** HTML without what passes by itself: pages say how long ago things were, and keep saying so without help. */
export function withoutAges(html: string): string {
  return html.replace(/(<span class="ago">)[^<]*/g, "$1");
}
