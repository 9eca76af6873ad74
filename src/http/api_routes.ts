import type { Handler } from "@hono/hono";
import { apiOperations, type ApiOptions } from "./api_operations.ts";

/** Everything under /v1, as the table of all routes has it. */
export function apiRoutes(
  options: ApiOptions,
): { path: string; methods: readonly string[]; handler: Handler }[] {
  return apiOperations(options).map(({ path, method, handler }) => ({
    path,
    methods: [method],
    handler,
  }));
}
