import { show } from "../config/show.ts";
import { readAtMost } from "./read_at_most.ts";
import { MAX_JSON_BYTES } from "./target_group.ts";

/** Milliseconds that a request may take, redirects and body included. */
export const FETCH_TIMEOUT_MS = 10_000;
/** Most redirects that are followed. */
const MAX_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** What Prometheus takes (its discovery/http/http.go). */
const CONTENT_TYPE = /^application\/json(?:;\s*charset=(?:"utf-8"|utf-8))?$/i;

/**
 * Parses the address of a list.
 *
 * @throws {SyntaxError} that says what is allowed, without repeating what may hold a password.
 */
export function parseListUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !isHttp(url) || url.username !== "" || url.password !== "") {
    throw new SyntaxError(
      "Cannot use this as the URL of a list: write one such as https://example.org/targets, without a user",
    );
  }
  return url;
}

/**
 * Gets the text of a list: status 200, JSON by its type, at most 16 MiB, within ten seconds.
 *
 * @throws an error whose text goes on after "Cannot read it: ".
 */
export async function fetchList(
  url: URL,
  { headers, signal }: { headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<string> {
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(), FETCH_TIMEOUT_MS);
  try {
    const response = await follow(url, {
      headers: { ...headers, Accept: "application/json" },
      signal: AbortSignal.any([signal, timeout.signal]),
    });
    return await readList(response);
  } catch (error) {
    if (timeout.signal.aborted) {
      throw new Error(`it did not answer within ${FETCH_TIMEOUT_MS / 1000} s`);
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function follow(
  url: URL,
  { headers, signal }: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  let next = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await ask(next, { headers, redirect: "manual", signal });
    if (!REDIRECTS.includes(response.status)) return response;
    await response.body?.cancel();
    const target = URL.parse(response.headers.get("Location") ?? "", next);
    if (target === null || !isHttp(target)) {
      throw new Error("it redirects to something that is no http or https address");
    }
    next = target;
  }
  throw new Error(`it redirects more than ${MAX_REDIRECTS} times`);
}

async function readList(response: Response): Promise<string> {
  const type = response.headers.get("Content-Type") ?? "";
  const reason = response.status !== 200
    ? `it answered with status ${response.status} (200 is wanted)`
    : CONTENT_TYPE.test(type.trim())
    ? undefined
    : `it answered with content type ${show(type)} (application/json is wanted)`;
  if (reason === undefined && response.body !== null) {
    try {
      return await readAtMost(response.body, MAX_JSON_BYTES);
    } catch (error) {
      throw error instanceof RangeError ? error : networkError(error);
    }
  }
  await response.body?.cancel();
  throw new Error(reason ?? "it answered with nothing");
}

async function ask(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    throw networkError(error, url);
  }
}

/** Why there was no answer: what the runtime says, and what to say for it. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/dns error/i, "its name does not resolve"],
  [/connection refused/i, "connection refused"],
  [/no route to host/i, "no route to host"],
  [/network is unreachable/i, "network is unreachable"],
  [/connection reset|broken pipe/i, "connection reset"],
  [/timed out/i, "it timed out"],
  [/certificate.*UnknownIssuer/i, "its certificate is from an unknown issuer"],
  [/certificate.*expired/i, "its certificate has expired"],
  [/certificate.*not valid for/i, "its certificate is for another name"],
  [/certificate/i, "its certificate is not valid"],
  [/corrupt message|handshake|tls/i, "TLS failed"],
  [/closed before|end of file|reading a body/i, "it ended too early"],
  [/invalid HTTP|parse/i, "it speaks no HTTP"],
  [/requests to port .* are blocked/i, "this port is never asked"],
  [/requires net access/i, "the program may not connect to it"],
];

/**
 * Why there was no answer, without anything of the runtime's text, nor as a cause: it has the whole
 * URL in it, secrets included, in places that differ and without an end that is sure.
 */
function networkError(error: unknown, url?: URL): Error {
  const { cause, message } = error instanceof Error ? error : new Error(String(error));
  const text = cause instanceof Error ? cause.message : message;
  const said = url === undefined ? text : text.replaceAll(url.href, "");
  const [, reason = "the request failed"] = REASONS.find(([pattern]) => pattern.test(said)) ?? [];
  return new Error(`there is no answer (${reason})`);
}

function isHttp({ protocol }: URL): boolean {
  return protocol === "http:" || protocol === "https:";
}
