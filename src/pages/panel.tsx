import type { Child } from "@hono/hono/jsx";
import { raw } from "@hono/hono/html";

/** A part of a page with a heading, whose content can be renewed; `tools` stay as they are. */
export function Panel({ id, title, html, tools, wide = false }: {
  id: string;
  title: string;
  /** The content as HTML. */
  html: string;
  tools?: Child;
  wide?: boolean;
}) {
  return (
    <section class={wide ? "panel wide" : "panel"} id={id} aria-labelledby={`${id}-title`}>
      <div class="panel-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {tools}
      </div>
      <div id={partId(id)}>{raw(html)}</div>
    </section>
  );
}

/** Id of the element that holds the content of a panel. */
export function partId(panel: string): string {
  return `${panel}-part`;
}

/** What a column holds; `number` is for one of numbers. */
type Head = string | { readonly number: string };

/** A table that scrolls by itself where it is too broad, also by keyboard. */
export function Table({ caption, heads, children }: {
  /** What it lists, for those who cannot see the heading above. */
  caption: string;
  heads: readonly Head[];
  children?: Child;
}) {
  return (
    <div class="scroll" role="region" aria-label={caption} tabindex={0}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>{heads.map(headCell)}</tr>
        </thead>
        {children}
      </table>
    </div>
  );
}

function headCell(head: Head) {
  return typeof head === "string"
    ? <th scope="col">{head}</th>
    : <th scope="col" class="number">{head.number}</th>;
}

/** What a list says that has nothing in it. */
export function Nothing({ children }: { children?: Child }) {
  return <p class="nothing">{children}</p>;
}
