import type { Context, Env } from "@hono/hono";
import { jsonError } from "./json_error.ts";
import { ParameterError } from "./parameters.ts";

/** Answers a parameter that `handler` cannot use with 400. */
export function refusing<E extends Env>(handler: (c: Context<E>) => Response) {
  return function answer(c: Context<E>): Response {
    try {
      return handler(c);
    } catch (error) {
      if (!(error instanceof ParameterError)) throw error;
      return jsonError(c, 400, error);
    }
  };
}
