import type { MiddlewareHandler } from "@hono/hono";
import { bodyLimit } from "@hono/hono/body-limit";
import { basicAuth } from "@hono/hono/basic-auth";
import { jsonError } from "./json_error.ts";

/** Most bytes of a request: address and header fields together, and the body (contract, section 3). */
export const MAX_REQUEST_BYTES = 64 * 1024;

const TOO_LARGE = { message: `The request is larger than ${MAX_REQUEST_BYTES} bytes` };

/** Refuses requests whose address and header fields are too large. */
export const headLimit: MiddlewareHandler = async function headLimit(c, next) {
  let bytes = c.req.url.length;
  for (const [name, value] of c.req.raw.headers) bytes += name.length + value.length + 4;
  if (bytes > MAX_REQUEST_BYTES) return jsonError(c, 413, TOO_LARGE);
  return await next();
};

/** Refuses requests whose body is too large, however it is sent. */
export const sizeLimit: MiddlewareHandler = bodyLimit({
  maxSize: MAX_REQUEST_BYTES,
  onError: (c) => jsonError(c, 413, TOO_LARGE),
});

/** Asks for a user and password on every path but `open` ones; both are compared in constant time. */
export function authentication(
  user: { readonly username: string; readonly password: string } | undefined,
  open: ReadonlySet<string>,
): MiddlewareHandler {
  if (user === undefined) return async (_c, next) => await next();
  const check = basicAuth({
    username: user.username,
    password: user.password,
    realm: "openport-exporter",
    invalidUserMessage: { status: "error", message: "A valid user name and password are required" },
  });
  return async function authentication(c, next) {
    return open.has(c.req.path) ? await next() : await check(c, next);
  };
}

/** Refuses requests that a browser sends on behalf of another site. */
export const sameSiteOnly: MiddlewareHandler = async function sameSiteOnly(c, next) {
  const origin = c.req.header("Origin");
  const foreign = origin !== undefined && hostOf(origin) !== c.req.header("Host")?.toLowerCase();
  if (foreign || c.req.header("Sec-Fetch-Site") === "cross-site") {
    return jsonError(c, 403, { message: "Requests from another site cannot start a scan" });
  }
  return await next();
};

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}
