import * as z from "zod";
import { parseAddress } from "../domain/address.ts";
import { parsePorts, stripBlanks } from "../domain/ports.ts";
import { MAX_MILLISECONDS, MAX_SECONDS, parseMilliseconds, parseSeconds } from "./duration.ts";
import { show } from "./show.ts";
import { YamlScalar } from "./yaml_value.ts";

const DECIMAL = /^(?:0|-?[1-9]\d{0,14})$/;

/** What stands where something else is wanted, for "must be ..., not ...". */
export function describe(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof YamlScalar) {
    if (value.kind === "null" && value.text === "") return "empty";
    return value.quoted ? `the quoted text ${show(value.text)}` : describePlain(value.text);
  }
  return typeof value === "object" && value !== null ? "a mapping" : describePlain(String(value));
}

function describePlain(text: string): string {
  return /^-?\d{1,20}$/.test(text) ? text : show(text);
}

/** The number in a plain decimal integer; anything else stays what it is, for the next check to refuse. */
function plainInteger(value: unknown): unknown {
  const plain = value instanceof YamlScalar && !value.quoted && DECIMAL.test(value.text);
  return plain ? Number(value.text) : value;
}

/** A whole number from `min` to `max`, written in decimal digits without quotes. */
export function wholeNumber(min: number, max: number) {
  const wanted = `must be a whole number from ${min} to ${max}`;
  const error = ({ input }: { input?: unknown }) => {
    if (!(input instanceof YamlScalar && /^[+-]?\d/.test(input.text))) {
      return `${wanted}, not ${describe(input)}`;
    }
    if (input.quoted) return `${wanted}, without quotes`;
    return `${wanted} in plain digits, not ${describe(input)}`;
  };
  return z.preprocess(plainInteger, z.int({ error }).min(min, { error }).max(max, { error }));
}

/** `true` or `false`, without quotes. */
export function truth() {
  return z.preprocess(
    (value) =>
      value instanceof YamlScalar && value.kind === "boolean" ? /^t/i.test(value.text) : value,
    z.boolean({
      error: ({ input }) => `must be true or false, without quotes, not ${describe(input)}`,
    }),
  );
}

/** One of the words in `values`. */
export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.preprocess(
    (value) => value instanceof YamlScalar && value.kind === "text" ? value.text : value,
    z.enum(values, {
      error: ({ input }) => `must be one of ${values.join(", ")}, not ${describe(input)}`,
    }),
  );
}

/** Seconds, at least `min`, as a number or as text such as `15m`. */
export function seconds(min: number) {
  return duration(
    parseSeconds,
    min,
    MAX_SECONDS,
    "seconds such as 90, or text such as 90s, 15m, 6h, 1d, 1h30m",
  );
}

/** Milliseconds, 0 or at least `least`, as a number or as text such as `150ms`. */
export function milliseconds(least = 0) {
  return duration(
    parseMilliseconds,
    0,
    MAX_MILLISECONDS,
    "milliseconds such as 150, or text such as 150ms, 1s",
  )
    .refine((value) => value === 0 || value >= least, {
      error: ({ input }) => `must be 0 or at least ${least} milliseconds, not ${input}`,
    });
}

function duration(
  parse: (text: string) => number | undefined,
  min: number,
  max: number,
  forms: string,
) {
  const unit = forms.split(" ", 1)[0];
  const error = ({ input }: { input?: unknown }) =>
    typeof input === "number"
      ? `must be from ${min} to ${max} ${unit}, not ${input}`
      : `must be a duration: whole ${forms}; not ${describe(input)}`;
  return z.preprocess(
    (value) =>
      (value instanceof YamlScalar && value.kind === "text"
        ? parse(value.text.trim())
        : undefined) ??
        plainInteger(value),
    z.int({ error }).min(min, { error }).max(max, { error }),
  );
}

/**
 * Text, with unquoted numbers taken as they are written. What is written instead is never repeated,
 * as it may be a secret.
 */
export function text(wanted?: string) {
  return parsedText((value) => value, wanted);
}

/**
 * `text()` that `parse` makes something of; the message of what it throws is the problem. One step of
 * the schema and no more: there may be 100,000 targets.
 */
export function parsedText<T>(parse: (text: string) => T, wanted = "must be text") {
  return z.transform((value: unknown, context): T => readText(value, context, { parse, wanted }));
}

/** What `parse` makes of a text; adds an issue to `context` when it is none. */
export function readText<T>(
  value: unknown,
  context: Pick<z.core.ParsePayload, "issues">,
  { parse, wanted }: { readonly parse: (text: string) => T; readonly wanted: string },
): T {
  const refuse = (message: string): never => {
    context.issues.push({ code: "custom", message, input: value });
    return z.NEVER;
  };
  if (!(value instanceof YamlScalar)) return refuse(`${wanted}, not ${describe(value)}`);
  if (value.kind !== "text" && value.kind !== "number") {
    return refuse(
      value.text === "" ? `${wanted}, not ${describe(value)}` : `${wanted} (put it in quotes)`,
    );
  }
  try {
    return parse(value.text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    return refuse(error.message);
  }
}

/** Canonical IP address, or `localhost`. */
export function listenAddress() {
  return parsedText((value) => {
    if (value === "localhost") return value;
    try {
      return parseAddress(value).text;
    } catch (cause) {
      throw new SyntaxError(
        `must be an IP address such as 127.0.0.1 or "::", or localhost, not ${show(value)}`,
        { cause },
      );
    }
  });
}

/** A port list: its text without blanks, and its ports. */
export function portList() {
  return parsedText((value) => {
    const portRange = stripBlanks(value);
    return { portRange, ports: parsePorts(portRange) };
  }, 'must be text such as "22,80,8000-8100"');
}

/** Path of a file, or the empty text for none; what SQLite would take for something else is refused. */
export function filePath() {
  return parsedText((value) => {
    if (/\p{Cc}|\p{Cs}/u.test(value)) {
      throw new SyntaxError(
        "has a character that is not allowed (allowed: anything but control characters)",
      );
    }
    if (value === ":memory:") {
      throw new SyntaxError('is no file (write "" to keep state in memory only)');
    }
    if (/^file:/i.test(value)) {
      throw new SyntaxError(`must be a path, not the address ${show(value)} (leave file: out)`);
    }
    if (/(?:^|\/)\.{0,2}$/.test(value) && value !== "") {
      throw new SyntaxError(`must name a file, not the directory ${show(value)}`);
    }
    if (value !== value.trim()) {
      throw new SyntaxError(`${show(value)} has blanks around it (write it without)`);
    }
    return value;
  }, 'must be text such as openport-exporter.db, or "" to keep state in memory only');
}
