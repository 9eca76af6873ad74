import { ParameterError } from "./parameters.ts";

/**
 * The fields of a JSON object; `wanted` says in words what it should have.
 *
 * @throws {ParameterError} when the body is anything else.
 */
export function parseJsonObject(body: string, wanted: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Falls through to the one message for everything that is no JSON object.
  }
  throw new ParameterError("body", `Cannot read it: send a JSON object with ${wanted}`);
}
