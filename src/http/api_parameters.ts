import * as z from "zod";
import { ParameterError, type Parameters, refuseOthers } from "./parameters.ts";

/** Most entries of one answer. */
const MAX_LIMIT = 10_000;

/** What a required parameter that is missing gets to hear. */
export const REQUIRED = "Cannot do without it: it is required";

const WRITE_TEXT = "Cannot use this value: write a text";

function unless(error: string) {
  return ({ input }: { input?: unknown }) => input === undefined ? REQUIRED : error;
}

/** How a document describes a parameter. */
export interface Described {
  readonly description: string;
  readonly examples?: readonly unknown[];
}

/** A text that `parse` makes something of; a `SyntaxError` or `RangeError` of it says what is wrong. */
export function parsedText<T>(parse: (text: string) => T, described?: Described) {
  const text = z.string({ error: unless(WRITE_TEXT) });
  return (described === undefined ? text : text.meta(metaOf(described))).transform(parsing(parse));
}

/** The same, for what people write as a whole number as well. */
export function parsedScalar<T>(parse: (text: string) => T, described: Described) {
  const error = unless(`${WRITE_TEXT} or a whole number`);
  return z.union([z.string(), z.int().min(0, { error })], { error }).meta(metaOf(described))
    .transform((value, context) => parsing(parse)(String(value), context));
}

function metaOf({ description, examples }: Described) {
  return { description, ...(examples !== undefined && { examples: [...examples] }) };
}

function parsing<T>(parse: (text: string) => T) {
  return (input: string, context: z.RefinementCtx): T => {
    try {
      return parse(input);
    } catch (error) {
      if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
      context.issues.push({ code: "custom", message: error.message, input });
      return z.NEVER;
    }
  };
}

/** Most entries of an answer, written in decimal digits; `otherwise` is used when it is left out. */
export function limitParameter(otherwise: number) {
  const error = `Cannot use this limit: write a whole number from 1 to ${MAX_LIMIT}`;
  const number = z.int({ error }).min(1, { error }).max(MAX_LIMIT, { error });
  return z.preprocess(
    (text) => typeof text === "string" && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : text,
    number.meta({ description: "Most entries of the answer", default: otherwise }),
  ).optional();
}

/** `true` or `false`. */
export function truthParameter() {
  return z.preprocess(
    (text) => text === "true" || text === "false" ? text === "true" : text,
    z.boolean({ error: "Cannot use it: write true or false" }),
  );
}

/** One of the words in `values`. */
export function wordParameter<const T extends readonly [string, ...string[]]>(values: T) {
  const [last, ...others] = [...values].reverse();
  const list = others.length === 0 ? last : `${others.reverse().join(", ")} or ${last}`;
  return z.enum(values, { error: `Cannot use it: write ${list}` });
}

/**
 * What a schema makes of the parameters of a request, each given at most once.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseParameters<T extends z.ZodObject>(
  parameters: Parameters,
  schema: T,
): z.output<T> {
  refuseOthers(parameters, Object.keys(schema.shape));
  return parse(
    Object.fromEntries(Array.from(parameters, ([name, [first]]) => [name, first])),
    schema,
  );
}

/**
 * What a schema makes of the fields of a request.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseFields<T extends z.ZodObject>(
  fields: Readonly<Record<string, unknown>>,
  schema: T,
): z.output<T> {
  refuseOthers(new Map(Object.keys(fields).map((name) => [name, []])), Object.keys(schema.shape));
  return parse(fields, schema);
}

function parse<T extends z.ZodObject>(fields: unknown, schema: T): z.output<T> {
  const result = schema.safeParse(fields);
  if (result.success) return result.data;
  const [{ path, message }] = result.error.issues as [z.core.$ZodIssue];
  throw new ParameterError(nameOf(path), message);
}

/** `targets[3]` for the path of an entry of a list. */
function nameOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, key) => typeof key === "number" ? `${name}[${key}]` : `${name}${String(key)}`,
    "",
  );
}
