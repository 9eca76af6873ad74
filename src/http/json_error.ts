import type { Context } from "@hono/hono";
import type { ContentfulStatusCode } from "@hono/hono/utils/http-status";

/** Answers an error as JSON that a person can act on; `parameter` names the request parameter at fault. */
export function jsonError(
  c: Context,
  status: ContentfulStatusCode,
  { message, parameter }: { message: string; parameter?: string },
): Response {
  const body = {
    status: "error",
    message,
    ...(parameter !== undefined && { details: { parameter } }),
  };
  return c.body(escapeUnprintable(JSON.stringify(body)), status, {
    "Content-Type": "application/json",
  });
}

/** Escapes what JSON leaves as it is but terminals may obey; messages repeat what a client sent. */
function escapeUnprintable(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
