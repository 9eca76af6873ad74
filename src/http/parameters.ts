import type { Context } from "@hono/hono";

/** Values of each request parameter, by its name, in the order in which they came. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

/** Most characters of a parameter's name that an answer repeats. */
const SHOWN_LENGTH = 40;

/** A request parameter that cannot be used; the message names it and says what is allowed. */
export class ParameterError extends Error {
  override readonly name = "ParameterError";
  /** Name of the request parameter, cut after 40 characters. */
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    const shown = parameter.slice(0, SHOWN_LENGTH).toWellFormed();
    super(`${shown}: ${message}`);
    this.parameter = shown;
  }
}

/** The parameters in the address of a request. */
export function addressParameters({ req }: Context): Map<string, string[]> {
  return new Map(Object.entries(req.queries()));
}

/**
 * Refuses parameters that are not in `allowed`, and those that are given more than once.
 *
 * @throws {ParameterError} for the first one.
 */
export function refuseOthers(parameters: Parameters, allowed: readonly string[]): void {
  for (const [name, values] of parameters) {
    if (!allowed.includes(name)) {
      const list = allowed.length === 0
        ? "none is allowed here"
        : `allowed are ${allowed.join(", ")}`;
      throw new ParameterError(name, `Cannot use this parameter: ${list}`);
    }
    if (values.length > 1) throw new ParameterError(name, "Cannot use it more than once");
  }
}
