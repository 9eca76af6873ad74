import * as z from "zod";
import { describe } from "./scalars.ts";
import { YamlScalar } from "./yaml_value.ts";

/**
 * A mapping in which every key may be left out and no other is known; `secret` keeps what was
 * written in its place out of the message.
 */
export function mapping<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
  { secret = false } = {},
) {
  return z.strictObject(shape, {
    error: ({ input }) => {
      const instead = secret ? "" : `, not ${describe(input)}`;
      return `must be a mapping (with keys such as ${Object.keys(shape)[0]})${instead}`;
    },
  }).partial();
}

/** `object`, where a key without a value is an empty mapping, as when all beneath it is commented out. */
export function section<Inner extends z.ZodType>(object: Inner) {
  return z.preprocess((value) => {
    if (!(value instanceof YamlScalar)) return value;
    // As an instance, a scalar would pass for a mapping.
    return value.kind === "null" ? {} : value.text;
  }, object);
}
