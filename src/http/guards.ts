import type { MiddlewareHandler } from "@hono/hono";
import type { Address } from "../domain/address.ts";
import type { Access } from "./access.ts";
import { clientAddress } from "./client_address.ts";
import type { ConnectionEnv } from "./connection.ts";
import { jsonError } from "./json_error.ts";
import type { RequestPolicy } from "./request_policy.ts";

/** Most bytes of a request: address and header fields together, and the body (contract, section 3). */
const MAX_REQUEST_BYTES = 64 * 1024;

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

/** Milliseconds that a client has for sending a body. */
const BODY_MS = 30_000;

/** Reads the body, decoded as UTF-8; refuses requests whose body is too large, however it is sent, or too slow. */
export const readBody: MiddlewareHandler<BodyEnv> = async function readBody(c, next) {
  const declared = Number(c.req.header("Content-Length") ?? 0);
  if (declared > MAX_REQUEST_BYTES) return jsonError(c, 413, TOO_LARGE);
  try {
    const body = await readAtMost(c.req.raw.body);
    if (body === "too large") return jsonError(c, 413, TOO_LARGE);
    if (body === "too slow") {
      const message = `The body of the request did not come within ${BODY_MS / 1000} s`;
      return jsonError(c, 408, { message });
    }
    c.set("body", body.text);
  } catch {
    // Nobody is left to read this, but it is no failure of ours either.
    return jsonError(c, 400, { message: "The request ended before its body did" });
  }
  return await next();
};

// Hono's bodyLimit makes a new Request of the old one, for which Deno prints a warning on stderr.
async function readAtMost(
  body: ReadableStream<Uint8Array> | null,
): Promise<{ readonly text: string } | "too large" | "too slow"> {
  if (body === null) return { text: "" };
  const reader = body.getReader();
  let isLate = false;
  // What is cancelled is not read any further, and a read that waits for more ends.
  const timer = setTimeout(() => {
    isLate = true;
    reader.cancel().catch(() => {});
  }, BODY_MS);
  try {
    const decoder = new TextDecoder();
    let text = "";
    for (let size = 0;;) {
      const { done, value } = await reader.read();
      if (isLate) return "too slow";
      if (done) return { text: text + decoder.decode() };
      size += value.length;
      if (size > MAX_REQUEST_BYTES) {
        reader.cancel().catch(() => {});
        return "too large";
      }
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    clearTimeout(timer);
    // Of `OPTIONS *` the body is asked for twice, as its path is that of everything.
    reader.releaseLock();
  }
}

/** What `accessControl` leaves for the routes behind it. */
export interface AuthEnv {
  /** True when the request came from somebody who may, absent when none was asked for. */
  readonly Variables: { readonly authenticated?: true };
}

/** Authentication schemes as `WWW-Authenticate` names them. */
const SCHEME_NAMES = { basic: "Basic", bearer: "Bearer" } as const;

/** What `accessControl` asks. */
export interface AccessControlOptions {
  /** Who may ask, now; undefined lets everybody in. */
  readonly access: () => Access | undefined;
  /** Paths that need nothing. */
  readonly open: ReadonlySet<string>;
  /** Who speaks for others. */
  readonly policy: () => Pick<RequestPolicy, "trustedProxies">;
}

/** Lets only those in who show who they are, on every path but the open ones. */
export function accessControl(
  { access, open, policy }: AccessControlOptions,
): MiddlewareHandler<AuthEnv & ConnectionEnv> {
  return async function accessControl(c, next) {
    const wanted = access();
    if (wanted === undefined || open.has(c.req.path)) return await next();
    const client = clientAddress(c.env, c.req.raw.headers, policy());
    const verdict = await wanted.check(c.req.header("Authorization"), clientKey(client));
    if (verdict === "granted") {
      c.set("authenticated", true);
      return await next();
    }
    if (verdict === "refused") {
      for (const scheme of wanted.schemes) {
        c.header("WWW-Authenticate", `${SCHEME_NAMES[scheme]} realm="openport-exporter"`, {
          append: true,
        });
      }
      return jsonError(c, 401, { message: `${wanted.wanted} required` });
    }
    c.header("Retry-After", "1");
    return verdict === "crowded"
      ? jsonError(c, 429, { message: "Too many passwords from this address: try again later" })
      : jsonError(c, 503, { message: "Too many passwords to look at: try again later" });
  };
}

/** Who is told apart: IPv4 addresses, and the networks of 2^64 addresses that one IPv6 client has. */
function clientKey(client: Address | undefined): string {
  if (client === undefined) return "";
  return client.family === 4 ? client.text : (client.value >> 64n).toString(16);
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
