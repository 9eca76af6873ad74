import type { Context } from "@hono/hono";
import type { Overview } from "../overview/overview.ts";
import { liveHost } from "../pages/host_page.tsx";
import { liveStatus } from "../pages/status_page.tsx";
import type { EventHub } from "./event_hub.ts";
import { jsonError } from "./json_error.ts";
import { parseEventsQuery } from "./page_query.ts";
import { addressParameters } from "./parameters.ts";
import { refusing } from "./refusing.ts";

/** Seconds after which a place may be free again. */
const RETRY_AFTER = "10";

/** `/events`: what changes on a page while it is open, as server-sent events. */
export function eventsRoute({ overview, hub }: { overview: Overview; hub: EventHub }) {
  return refusing(function followPage(c: Context): Response {
    const wanted = parseEventsQuery(addressParameters(c));
    if (c.req.method !== "HEAD") {
      const stream = hub.open(
        wanted.page === "status"
          ? liveStatus(overview, wanted.query)
          : liveHost(overview, wanted.ip),
      );
      if (stream === undefined) {
        c.header("Retry-After", RETRY_AFTER);
        return jsonError(c, 503, { message: "Too many pages are open: close some of them" });
      }
      return c.body(stream as ReadableStream<Uint8Array<ArrayBuffer>>, 200, HEADERS);
    }
    return c.body(null, 200, HEADERS);
  });
}

const HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  // Whatever gathers bytes to compress them keeps them from the page.
  "Cache-Control": "no-store, no-transform",
  "X-Accel-Buffering": "no",
  "X-Content-Type-Options": "nosniff",
} as const;
