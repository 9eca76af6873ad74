import type { Context } from "@hono/hono";
import type { Exposition } from "../prometheus/exposition.ts";
import type { Encoding } from "../prometheus/page.ts";
import { CONTENT_TYPES, type Format } from "../prometheus/text_format.ts";
import { acceptsGzip, negotiateFormat } from "./exposition.ts";
import { streamOf } from "./exposition_stream.ts";

/** What the exposition's route needs from the rest of the program. */
export interface MetricsRouteOptions {
  /** Everything there is at this moment; it has to be read or closed. */
  readonly openExposition: (format: Format, encoding: Encoding) => Exposition;
}

/** Serves the exposition in the format and encoding that the client prefers. */
export function metricsRoute({ openExposition }: MetricsRouteOptions) {
  return function metrics(c: Context): Response {
    const format = negotiateFormat(c.req.header("Accept"));
    const encoding = acceptsGzip(c.req.header("Accept-Encoding")) ? "gzip" : "identity";
    c.header("Content-Type", CONTENT_TYPES[format]);
    c.header("Vary", "Accept, Accept-Encoding");
    if (encoding === "gzip") c.header("Content-Encoding", "gzip");
    if (c.req.method === "HEAD") return c.body(null);
    return c.body(streamOf(openExposition(format, encoding)));
  };
}
