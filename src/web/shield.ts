import type { ConnectionInfo } from "../http/connection.ts";
import { isHost } from "./host_field.ts";
import type { Protection } from "./protection.ts";

/** Answers one HTTP request; `info` is what the listener knows of its connection. */
export type Fetch = (
  request: Request,
  info: ConnectionInfo,
) => Response | Promise<Response>;

/**
 * `fetch` behind the rate limit of the web configuration, with its header fields on every answer; who sends
 * a Host that is none gets 400.
 */
export function shielded(
  fetch: Fetch,
  protection: Pick<Protection, "web" | "takeRequest">,
): Fetch {
  return async function shield(request, info) {
    const wait = protection.takeRequest();
    const response = wait > 0
      ? tooMany(wait)
      : isHost(request.headers.get("host") ?? "localhost")
      ? await fetch(request, info)
      : notAHost();
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

function notAHost(): Response {
  const message = "Cannot read the header field Host: it is a host, and a port if need be";
  return Response.json({ status: "error", message }, { status: 400 });
}
