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

/**
 * A list, empty when nothing is written after its key; `each` says how to write an item. An item that
 * was refused before is undefined, so that the others keep their places.
 */
export function list<Item extends z.ZodType>(item: Item, each: string) {
  return z.preprocess(
    (value) => value instanceof YamlScalar && value.kind === "null" ? [] : value,
    z.array(item.optional(), {
      error: ({ input }) => `must be a list (write ${each}), not ${describe(input)}`,
    }),
  );
}

/** A value that may be written in several ways, read by the schema that `choose` picks for it. */
export function chosen<Output>(choose: (value: unknown) => z.ZodType<Output>) {
  return z.unknown().transform((value, context): Output => {
    return readBy(choose(value), value, context);
  });
}

/** What `schema` makes of a value; adds its issues to `context` when it refuses it. */
export function readBy<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  context: Pick<z.core.ParsePayload, "issues">,
): Output {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue);
  }
  return z.NEVER;
}

/** Whether a value of a YAML file is a mapping. */
export function isMapping(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof YamlScalar);
}
