import { UsageError } from "./usage_error.ts";

/**
 * The value of a flag that takes one of a few words.
 *
 * @throws {UsageError} that names the flag and the words.
 */
export function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found !== undefined) return found;
  const shown = JSON.stringify(value.slice(0, 40));
  throw new UsageError(`--${flag}: Cannot use ${shown}: write one of ${allowed.join(", ")}`);
}
