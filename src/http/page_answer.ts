import type { Context } from "@hono/hono";
import { errorPage } from "../pages/error_page.tsx";
import type { Frame } from "../pages/layout.tsx";
import { jsonError } from "./json_error.ts";
import { ParameterError } from "./parameters.ts";

/** What a page may do: use what came from here, and nothing else. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

const PAGE_HEADERS = {
  "Content-Security-Policy": POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
} as const;

const TITLES = {
  400: "This address cannot be used",
  404: "Nothing is known of this host",
} as const;

/** What the answers of pages need. */
export interface AnswerOptions {
  readonly frame: Frame;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Answers a page. */
export function answerPage(c: Context, html: string, status: 200 | 400 | 404 = 200): Response {
  return c.html(html, status, PAGE_HEADERS);
}

/** Answers an error as a page where a browser asks for one, else as JSON like all the others. */
export function answerError(
  c: Context,
  status: 400 | 404,
  { frame, now, ...error }: AnswerOptions & { message: string; parameter?: string },
): Response {
  c.header("Vary", "Accept");
  if (!wantsPage(c.req.header("Accept"))) return jsonError(c, status, error);
  const title = TITLES[status];
  return answerPage(c, errorPage(frame, { title, message: error.message, now: now() }), status);
}

/** Answers a parameter that `handler` cannot use with 400. */
export function refusingPage(handler: (c: Context) => Response, options: AnswerOptions) {
  return function answer(c: Context): Response {
    try {
      return handler(c);
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error;
      const { message, parameter } = error;
      return answerError(c, 400, { ...options, message, parameter });
    }
  };
}

/** Browsers name HTML when a person goes to an address; programs do not. */
function wantsPage(accept = ""): boolean {
  return accept.split(",").some((range) =>
    /^\s*text\/html\s*(?:;(?!\s*q=0(?:\.0*)?\s*$)|$)/i.test(range)
  );
}
