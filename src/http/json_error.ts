import type { Context } from "@hono/hono";
import type { ContentfulStatusCode } from "@hono/hono/utils/http-status";

/** Answers an error as JSON that a person can act on; `parameter` names the request parameter at fault. */
export function jsonError(
  c: Context,
  status: ContentfulStatusCode,
  { message, parameter }: { message: string; parameter?: string },
): Response {
  return c.json({ status: "error", message, ...(parameter && { details: { parameter } }) }, status);
}
