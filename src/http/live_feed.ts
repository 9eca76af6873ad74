import { type LivePage, type LivePart, withoutAges } from "../pages/live_part.ts";
import { hashOf } from "../pages/assets.ts";
import type { EventStream } from "./event_stream.ts";
import { eventBytes } from "./server_sent_event.ts";

/** What is made for all who look at the same page, once for all of them. */
export class LiveFeed {
  /** Who looks. */
  readonly streams = new Set<EventStream>();
  readonly parts: readonly LivePart[];
  readonly #latest = new Map<string, { readonly hash: string; readonly bytes: Uint8Array }>();

  constructor({ parts }: LivePage) {
    this.parts = parts;
  }

  /** Makes a part anew, at `now` in unix milliseconds, and tells all who look if it is another one than before. */
  renew({ id, render }: LivePart, now: number): void {
    const html = render(now);
    const hash = hashOf(withoutAges(html));
    if (this.#latest.get(id)?.hash === hash) return;
    this.#latest.set(id, { hash, bytes: eventBytes("part", { id, html }) });
    for (const stream of this.streams) stream.add(id);
  }

  /** The latest event of a part. */
  eventOf(id: string): Uint8Array | undefined {
    return this.#latest.get(id)?.bytes;
  }
}
