import type { Context } from "@hono/hono";

/** What the listener knows of a connection: the part of `Deno.ServeHandlerInfo` that is used here. */
export interface ConnectionInfo {
  readonly remoteAddr?: { readonly hostname: string };
}

/** The environment of the routes: `app.fetch(request, info)`. */
export interface ConnectionEnv {
  readonly Bindings: ConnectionInfo;
}

/** Header fields in which a proxy names who asked it (RFC 7239 and the custom before it). */
const FORWARDING = ["Forwarded", "X-Forwarded-For"];

/** Whether a request came from this machine, and not through a proxy; false when that is not known. */
export function isLocalRequest(c: Context): boolean {
  // Tests and embedders may ask without a connection.
  const info = c.env as ConnectionInfo | undefined;
  return isLoopbackAddress(info?.remoteAddr?.hostname ?? "") &&
    FORWARDING.every((name) => c.req.header(name) === undefined);
}

/** Whether `address` is of this machine alone; a listener on `::` shows IPv4 as `::ffff:127.0.0.1`. */
function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\.\d+\.\d+\.\d+$/i.test(address);
}
