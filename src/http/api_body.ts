import { ParameterError } from "./parameters.ts";

/**
 * The fields of a JSON object; `wanted` says in words what it should have.
 *
 * @throws {ParameterError} when the body is anything else.
 */
export function parseJsonObject(body: string, wanted: string): Record<string, unknown> {
  const refuse = (why: string) => {
    throw new ParameterError("body", `Cannot read it${why}: send a JSON object with ${wanted}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch (error) {
    // It has the position, or the characters around it.
    return refuse(` (${(error as SyntaxError).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return refuse("");
  return value as Record<string, unknown>;
}
