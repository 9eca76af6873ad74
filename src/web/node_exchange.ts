import type { IncomingMessage, ServerResponse } from "node:http";
import { isHost } from "./host_field.ts";
import type { Fetch } from "./shield.ts";

/** Milliseconds that a client may go on sending what nobody reads, so that it gets to read the answer. */
const LINGER_MS = 500;
/** Header fields of a request, at most: as many as the runtime's own server takes, and Node drops from 1000 on. */
const MAX_FIELDS = 100;
/** Methods that a `Request` cannot have. */
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * Answers a request of Node's HTTP server by `fetch`. The body of the answer is read piece by piece, the
 * next one only when the client's connection has taken the last: what is behind a piece may be used again
 * by then.
 */
export async function exchange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { fetch, onError }: { readonly fetch: Fetch; readonly onError: (error: unknown) => void },
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  // Without a listener an error of the connection would end the program.
  outgoing.on("error", () => {});
  incoming.on("error", () => {});
  const answer = await answerTo(incoming, { fetch, onError, gone: gone.signal });
  if (!incoming.complete) hangUpAfter(incoming, outgoing);
  try {
    await send(answer, outgoing, gone.signal);
  } catch {
    // Cut off, by us or by the client: an answer that breaks off is seen as such.
    outgoing.destroy();
  }
}

async function answerTo(
  incoming: IncomingMessage,
  { fetch, onError, gone }: {
    readonly fetch: Fetch;
    readonly onError: (error: unknown) => void;
    readonly gone: AbortSignal;
  },
): Promise<Response> {
  const request = requestOf(incoming, gone);
  if (request === 431) {
    return failure(request, `The request has more than ${MAX_FIELDS} header fields`);
  }
  if (typeof request === "number") return failure(request, "This is not a request to be answered");
  try {
    const hostname = incoming.socket.remoteAddress;
    return await fetch(request, hostname === undefined ? {} : { remoteAddr: { hostname } });
  } catch (error) {
    onError(error);
    return failure(500, "The request failed");
  }
}

function failure(status: number, message: string): Response {
  return Response.json({ status: "error", message }, { status });
}

/** The request as the program knows it, or the status of what cannot be one. */
function requestOf(incoming: IncomingMessage, signal: AbortSignal): Request | number {
  const { method = "GET", url = "/", headers: { host = "" } } = incoming;
  if (incoming.rawHeaders.length > 2 * MAX_FIELDS) return 431;
  if (FORBIDDEN_METHODS.has(method)) return 405;
  const origin = `https://${isHost(host) ? host : "localhost"}`;
  const address = url.startsWith("/") ? URL.parse(origin + url) : URL.parse(url, `${origin}/`);
  if (address === null) return 400;
  try {
    const hasBody = method !== "GET" && method !== "HEAD";
    return new Request(address, {
      method,
      headers: headersOf(incoming),
      signal,
      ...(hasBody && { body: bodyOf(incoming), duplex: "half" }),
    });
  } catch {
    return 400;
  }
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return headers;
}

/** The body, of which nothing is read before it is asked for. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream({
    async pull(controller) {
      chunks ??= incoming.iterator({ destroyOnReturn: false });
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks?.return?.();
    },
  }, { highWaterMark: 0 });
}

/** Ends the connection of a client that still sends, once it has had the time to read the answer. */
function hangUpAfter(incoming: IncomingMessage, outgoing: ServerResponse): void {
  outgoing.shouldKeepAlive = false;
  outgoing.on("finish", () => {
    if (incoming.complete) return;
    incoming.resume();
    const timer = setTimeout(() => incoming.socket.destroy(), LINGER_MS);
    incoming.socket.on("close", () => clearTimeout(timer));
  });
}

async function send(
  response: Response,
  outgoing: ServerResponse,
  gone: AbortSignal,
): Promise<void> {
  const { status, headers, body } = response;
  if (gone.aborted) {
    await body?.cancel();
    return;
  }
  outgoing.writeHead(status, [...headers].flat());
  if (body === null || outgoing.req.method === "HEAD") {
    await body?.cancel();
    outgoing.end();
    return;
  }
  // A stream of events may have nothing to say for a long time.
  outgoing.flushHeaders();
  const reader = body.getReader();
  let release = () => {};
  const stop = () => {
    reader.cancel().catch(() => {});
    release();
  };
  gone.addEventListener("abort", stop);
  // What ends the body while a slow client keeps the last piece has to end the connection too.
  reader.closed.catch(() => outgoing.destroy());
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || gone.aborted) break;
      await new Promise<void>((taken) => {
        release = taken;
        outgoing.write(value, () => taken());
      });
    }
    outgoing.end();
  } finally {
    gone.removeEventListener("abort", stop);
  }
}
