import { parseArgs } from "node:util";
import { explainUnknownKey } from "../config/suggest.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../log/logger.ts";
import { type ListenAddress, parseListenAddress } from "../http/listen_address.ts";

/** What the command line asks for. */
export type Command =
  | { readonly name: "help" }
  | { readonly name: "version" }
  | { readonly name: "check"; readonly configFile: string }
  | LearnCommand
  | {
    readonly name: "serve";
    readonly configFile: string;
    /** Reload the configuration when its file's content changed. */
    readonly autoReload: boolean;
    /** Overrides the configuration. */
    readonly listen: ListenAddress | undefined;
    readonly telemetryPath: string;
    readonly logLevel: LogLevel;
    readonly logFormat: LogFormat;
  };

/** What `learn` is asked for. */
export interface LearnCommand {
  readonly name: "learn";
  readonly configFile: string;
  /** Where the exporter listens, in the place of what the configuration says. */
  readonly listen: ListenAddress | undefined;
}

/** A command line that cannot be used; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const FLAGS = {
  "config.check": { type: "boolean", default: false },
  "config.enable-auto-reload": { type: "boolean", default: false },
  "config.file": { type: "string", default: "config.yaml" },
  "help": { type: "boolean", short: "h", default: false },
  "log.format": { type: "string", default: "logfmt" },
  "log.level": { type: "string", default: "info" },
  "version": { type: "boolean", default: false },
  "web.listen-address": { type: "string" },
  "web.telemetry-path": { type: "string", default: "/metrics" },
} as const;

/** Flags that mean something beside `learn`. */
const LEARN_FLAGS: ReadonlySet<string> = new Set([
  "config.file",
  "help",
  "version",
  "web.listen-address",
]);

/** The text of `--help`. */
export const HELP = `usage: openport-exporter [flags]
       openport-exporter learn [--config.file=F] [--web.listen-address=A]

Scans networks with nmap and serves the open ports as Prometheus metrics.

Commands:
  learn                        Print what is open now as expected ports, in YAML to review and
                               paste: what the running exporter knows, or else its state file.

Flags:
  --config.check               Validate the configuration, print the plan and a verdict, and exit.
                               Nothing is scanned, and nobody is asked.
  --config.enable-auto-reload  Look at the configuration file every 30 s, and reload it when its
                               content changed.
  --config.file=config.yaml    Configuration file.
  --help, -h                   Show this help.
  --log.format=logfmt          Format of the log on stderr: ${LOG_FORMATS.join(", ")}.
  --log.level=info             Lowest level that is logged: ${LOG_LEVELS.join(", ")}.
  --version                    Show the version.
  --web.listen-address=:9919   Address and port to listen on; the default is server.address and
                               server.port of the configuration. Port 0 picks a free one.
  --web.telemetry-path=/metrics
                               Path of the metrics.
`;

/**
 * Reads the command line.
 *
 * @throws {UsageError} that names the flag and says what is allowed.
 */
export function parseCommand(args: readonly string[]): Command {
  const { values, given, words } = parseFlags(args);
  if (values.help) return { name: "help" };
  if (values.version) return { name: "version" };
  const configFile = values["config.file"];
  if (configFile === "") throw new UsageError("--config.file: Cannot be empty: write a path");
  const listen = listenAddress(values["web.listen-address"]);
  if (words.length > 0) {
    const other = [...given].find((name) => !LEARN_FLAGS.has(name));
    if (other !== undefined) throw new UsageError(`--${other}: Cannot use it with learn`);
    return { name: "learn", configFile, listen };
  }
  const serve = {
    name: "serve",
    configFile,
    autoReload: values["config.enable-auto-reload"],
    listen,
    telemetryPath: telemetryPath(values["web.telemetry-path"]),
    logLevel: oneOf("log.level", values["log.level"], LOG_LEVELS),
    logFormat: oneOf("log.format", values["log.format"], LOG_FORMATS),
  } as const;
  return values["config.check"] ? { name: "check", configFile } : serve;
}

type FlagName = keyof typeof FLAGS;

/** A value for every flag. */
type FlagValues = {
  -readonly [Name in FlagName]: (typeof FLAGS)[Name] extends { type: "boolean" } ? boolean
    : (typeof FLAGS)[Name] extends { default: string } ? string
    : string | undefined;
};

/** What is on a command line. */
interface Parsed {
  readonly values: FlagValues;
  /** Names of the flags that are written. */
  readonly given: ReadonlySet<string>;
  /** What is no flag: nothing, or `learn`. */
  readonly words: readonly string[];
}

function parseFlags(args: readonly string[]): Parsed {
  // Only for its tokens: its own `strict` and `allowNegative` throw errors that are not for users.
  const { tokens } = parseArgs({
    args: [...args],
    options: FLAGS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const values: Record<string, string | boolean | undefined> = {};
  for (const [name, flag] of Object.entries(FLAGS)) {
    values[name] = "default" in flag ? flag.default : undefined;
  }
  const given = new Set<string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") {
      if (token.value === "learn" && words.length === 0) {
        words.push(token.value);
        continue;
      }
      throw new UsageError(
        `Unexpected argument ${JSON.stringify(token.value)}: all flags begin with --`,
      );
    }
    if (token.kind !== "option") continue;
    const name = token.name.replace(/^no-/, "");
    const negated = token.name !== name;
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name as FlagName] : undefined;
    if (flag === undefined || (negated && flag.type !== "boolean")) {
      throw unknownFlag(token.rawName);
    }
    given.add(name);
    if (flag.type === "boolean") {
      if (token.value !== undefined) {
        throw new UsageError(
          `${token.rawName}: Cannot take a value: write --${name} or --no-${name}`,
        );
      }
      values[name] = !negated;
      continue;
    }
    // A flag in place of a value is a forgotten value; one that begins so is written --flag=-value.
    if (token.value === undefined || (!token.inlineValue && /^-./.test(token.value))) {
      throw new UsageError(
        `${token.rawName}: Cannot do without a value: write ${token.rawName}=VALUE`,
      );
    }
    values[name] = token.value;
  }
  return { values: values as FlagValues, given, words };
}

function unknownFlag(rawName: string): UsageError {
  const known = new Map([["", Object.keys(FLAGS)]]);
  const hint = explainUnknownKey(rawName.replace(/^-+/, ""), "", known)
    .replace('did you mean "', 'did you mean "--');
  return new UsageError(`Unknown flag ${JSON.stringify(rawName.slice(0, 60))}: ${hint}`);
}

function listenAddress(text: string | undefined): ListenAddress | undefined {
  try {
    return text === undefined ? undefined : parseListenAddress(text);
  } catch (error) {
    throw new UsageError(`--web.listen-address: ${(error as Error).message}`);
  }
}

/** Paths that other routes have; the metrics cannot take them. */
const TAKEN_PATHS = [
  "/",
  "/query",
  "/healthz",
  "/-/healthy",
  "/-/ready",
  "/-/reload",
  "/config",
  "/v1/changes",
  "/v1/hosts",
  "/v1/sd",
];
/** What begins so is the path of one host. */
const TAKEN_PREFIX = "/v1/hosts/";

function telemetryPath(path: string): string {
  // No empty and no dot segments: clients take those out, or read "//x" as the name of a host.
  if (!/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)*\/?$/.test(path) || path === "") {
    throw new UsageError(
      '--web.telemetry-path: Cannot use it: write a path such as /metrics (letters, digits, "/", ".", "_", "~", "-")',
    );
  }
  if (TAKEN_PATHS.includes(path) || path.startsWith(TAKEN_PREFIX)) {
    throw new UsageError(
      `--web.telemetry-path: Cannot use ${path}: something else is served there`,
    );
  }
  return path;
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found === undefined) {
    throw new UsageError(
      `--${flag}: Cannot use ${JSON.stringify(value.slice(0, 40))}: write one of ${
        allowed.join(", ")
      }`,
    );
  }
  return found;
}
