import { escapeControls } from "../text/escape_controls.ts";

/** Severity of a log line, least first. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
/** See `LOG_LEVELS`. */
export type LogLevel = typeof LOG_LEVELS[number];

/** How a log line is written. */
export const LOG_FORMATS = ["logfmt", "json"] as const;
/** See `LOG_FORMATS`. */
export type LogFormat = typeof LOG_FORMATS[number];

/** Values of a log line besides its message; undefined ones are left out. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes one line per event; fields follow the message in the order given. */
export type Logger = Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>>;

/** Options of `createLogger`. */
export interface LoggerOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Takes a whole line, its newline included. */
  readonly write: (line: string) => void;
  /** Wall clock. */
  readonly date: () => Date;
}

/** Makes a logger that drops what is below its level. */
export function createLogger({ level, format, write, date }: LoggerOptions): Logger {
  const lowest = LOG_LEVELS.indexOf(level);
  const encode = format === "json" ? encodeJson : encodeLogfmt;
  const log = (name: LogLevel) => (message: string, fields: LogFields = {}) => {
    if (LOG_LEVELS.indexOf(name) < lowest) return;
    const time = date().toISOString();
    const all: LogFields = { time, level: name, msg: message, ...fields };
    const entries = Object.entries(all).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, value] as const]
    );
    write(`${encode(entries)}\n`);
  };
  return { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") };
}

type Entries = readonly (readonly [string, string | number | boolean])[];

function encodeJson(entries: Entries): string {
  return escapeControls(JSON.stringify(Object.fromEntries(entries)));
}

function encodeLogfmt(entries: Entries): string {
  return entries.map(([key, value]) => `${key}=${quoteIfNeeded(String(value))}`).join(" ");
}

/** Text that logfmt readers take as one bare word. */
const BARE = /^[^\s"=\\\p{C}]+$/u;

function quoteIfNeeded(text: string): string {
  return BARE.test(text) ? text : escapeControls(JSON.stringify(text));
}
