import type { Context } from "@hono/hono";
import { jsonError } from "./json_error.ts";
import type { RateLimiter } from "./rate_limiter.ts";

/** Takes one request from the rate limit; the answer where there is none left. */
export function rateRefusal(c: Context, rateLimiter: RateLimiter): Response | undefined {
  const wait = rateLimiter.take();
  if (wait === 0) return undefined;
  c.header("Retry-After", String(wait));
  return jsonError(c, 429, {
    message: `Too many requests (scanning.rate_limit): try again in ${wait} s`,
  });
}
