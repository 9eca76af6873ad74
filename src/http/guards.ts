import type { MiddlewareHandler } from "@hono/hono";
import { basicAuth } from "@hono/hono/basic-auth";
import type { AuthConfig } from "../config/config.ts";
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

/** What `readBody` leaves for the routes behind it. */
export interface BodyEnv {
  readonly Variables: { readonly body: string };
}

/** Reads the body, decoded as UTF-8; refuses requests whose body is too large, however it is sent. */
export const readBody: MiddlewareHandler<BodyEnv> = async function readBody(c, next) {
  let text = "";
  try {
    const declared = Number(c.req.header("Content-Length") ?? 0);
    const body = declared > MAX_REQUEST_BYTES ? undefined : await readAtMost(c.req.raw.body);
    if (body === undefined) return jsonError(c, 413, TOO_LARGE);
    text = body;
  } catch {
    // Nobody is left to read this, but it is no failure of ours either.
    return jsonError(c, 400, { message: "The request ended before its body did" });
  }
  c.set("body", text);
  return await next();
};

// Hono's bodyLimit makes a new Request of the old one, for which Deno prints a warning on stderr.
async function readAtMost(body: ReadableStream<Uint8Array> | null): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let size = 0;
  let text = "";
  // Leaving the loop cancels the stream, so that what is still to come is not read.
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_REQUEST_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** What `authentication` leaves for the routes behind it. */
export interface AuthEnv {
  /** True when the request came with the right password, absent when none was asked for. */
  readonly Variables: { readonly authenticated?: true };
}

/**
 * Asks for a user and password on every path but `open` ones; both are compared in constant time.
 * `user` is asked for each request, because a reload may change it.
 */
export function authentication(
  user: () => AuthConfig | undefined,
  open: ReadonlySet<string>,
): MiddlewareHandler<AuthEnv> {
  return async function authentication(c, next) {
    const wanted = user();
    if (wanted === undefined || open.has(c.req.path)) return await next();
    const check = basicAuth({
      username: wanted.username,
      password: wanted.password,
      realm: "openport-exporter",
      invalidUserMessage: {
        status: "error",
        message: "A valid user name and password are required",
      },
    });
    return await check(c, async () => {
      c.set("authenticated", true);
      await next();
    });
  };
}

/** Refuses requests that a browser sends on behalf of another site. */
export const sameSiteOnly: MiddlewareHandler = async function sameSiteOnly(c, next) {
  const origin = c.req.header("Origin");
  const foreign = origin !== undefined && !isOwn(origin, c.req.header("Host"));
  if (foreign || c.req.header("Sec-Fetch-Site") === "cross-site") {
    return jsonError(c, 403, { message: "Requests from another site can start nothing here" });
  }
  return await next();
};

/** Whether a page of `origin` came from the host that it asks now; a hidden origin (`null`) did not. */
function isOwn(origin: string, host: string | undefined): boolean {
  try {
    const page = new URL(origin);
    // Read as an address, so that a default port that a proxy wrote out makes no difference.
    return page.host !== "" && page.host === new URL(`${page.protocol}//${host}`).host;
  } catch {
    return false;
  }
}
