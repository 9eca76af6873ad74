import type { Context } from "@hono/hono";
import { jsonError } from "./json_error.ts";

/** Answers a request for `units` scans, of which the queue has room for `room` only: none of them is queued. */
export function noRoom(
  c: Context,
  { units, room }: { readonly units: number; readonly room: number },
): Response {
  const message = room === 0
    ? "The queue is full: try again later"
    : `The queue has room for ${room} of ${units} scans: try again later, or ask for less`;
  return jsonError(c, 503, { message });
}
