import type { ConnectionInfo } from "../http/connection.ts";
import type { Protection } from "./protection.ts";

/** Answers one HTTP request; `info` is what the listener knows of its connection. */
export type Fetch = (
  request: Request,
  info: ConnectionInfo,
) => Response | Promise<Response>;

/** `fetch` behind the rate limit of the web configuration, with its header fields on every answer. */
export function shielded(
  fetch: Fetch,
  protection: Pick<Protection, "web" | "takeRequest">,
): Fetch {
  return async function shield(request, info) {
    const wait = protection.takeRequest();
    const response = wait > 0 ? tooMany(wait) : await fetch(request, info);
    for (const [name, value] of protection.web.headers) response.headers.set(name, value);
    return response;
  };
}

function tooMany(milliseconds: number): Response {
  return Response.json({ status: "error", message: "Too many requests: try again later" }, {
    status: 429,
    headers: { "Retry-After": `${Math.ceil(milliseconds / 1000)}` },
  });
}
