import type { Context } from "@hono/hono";
import type { ContentfulStatusCode } from "@hono/hono/utils/http-status";
import { escapeControls } from "../text/escape_controls.ts";

/**
 * Answers an error as JSON that a person can act on; `parameter` names the request parameter at fault,
 * `problems` are details, one line each. What a client sent and a message repeats stays harmless on a terminal.
 */
export function jsonError(
  c: Context,
  status: ContentfulStatusCode,
  { message, parameter, problems }: {
    message: string;
    parameter?: string;
    problems?: readonly string[];
  },
): Response {
  const body = {
    status: "error",
    message,
    ...(parameter !== undefined && { details: { parameter } }),
    ...(problems !== undefined && { details: { problems } }),
  };
  return c.body(escapeControls(JSON.stringify(body)), status, {
    "Content-Type": "application/json",
  });
}
