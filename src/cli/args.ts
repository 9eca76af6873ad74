import { parseArgs } from "node:util";
import { explainUnknownKey } from "../config/suggest.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../log/logger.ts";
import { type ListenAddress, parseListenAddress } from "../http/listen_address.ts";

/** What the command line asks for. */
export type Command =
  | { readonly name: "help" }
  | { readonly name: "version" }
  | { readonly name: "check"; readonly configFile: string }
  | {
    readonly name: "serve";
    readonly configFile: string;
    /** Overrides the configuration. */
    readonly listen: ListenAddress | undefined;
    readonly telemetryPath: string;
    readonly logLevel: LogLevel;
    readonly logFormat: LogFormat;
  };

/** A command line that cannot be used; the message says what to write instead. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const FLAGS = {
  "config.check": { type: "boolean", default: false },
  "config.file": { type: "string", default: "config.yaml" },
  "help": { type: "boolean", short: "h", default: false },
  "log.format": { type: "string", default: "logfmt" },
  "log.level": { type: "string", default: "info" },
  "version": { type: "boolean", default: false },
  "web.listen-address": { type: "string" },
  "web.telemetry-path": { type: "string", default: "/metrics" },
} as const;

/** The text of `--help`. */
export const HELP = `usage: openport-exporter [flags]

Scans networks with nmap and serves the open ports as Prometheus metrics.

Flags:
  --config.check               Validate the configuration, print a verdict and exit.
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
  const values = parseFlags(args);
  if (values.help) return { name: "help" };
  if (values.version) return { name: "version" };
  const configFile = values["config.file"];
  if (configFile === "") throw new UsageError("--config.file: Cannot be empty: write a path");
  const serve = {
    name: "serve",
    configFile,
    listen: listenAddress(values["web.listen-address"]),
    telemetryPath: telemetryPath(values["web.telemetry-path"]),
    logLevel: oneOf("log.level", values["log.level"], LOG_LEVELS),
    logFormat: oneOf("log.format", values["log.format"], LOG_FORMATS),
  } as const;
  return values["config.check"] ? { name: "check", configFile } : serve;
}

function parseFlags(args: readonly string[]) {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: FLAGS,
    allowNegative: true,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") {
      throw new UsageError(
        `Unexpected argument ${JSON.stringify(token.value)}: all flags begin with --`,
      );
    }
    if (token.kind !== "option") continue;
    const name = token.name.replace(/^no-/, "");
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name as keyof typeof FLAGS] : undefined;
    const negated = token.name !== name;
    if (flag === undefined || (negated && flag.type !== "boolean")) {
      throw unknownFlag(token.rawName);
    }
    if (flag.type === "string" && token.value === undefined) {
      throw new UsageError(
        `${token.rawName}: Cannot do without a value: write ${token.rawName}=VALUE`,
      );
    }
    if (flag.type === "boolean" && token.value !== undefined) {
      throw new UsageError(
        `${token.rawName}: Cannot take a value: write --${name} or --no-${name}`,
      );
    }
  }
  return values as {
    [Name in keyof typeof FLAGS]: (typeof FLAGS)[Name] extends { type: "boolean" } ? boolean
      : (typeof FLAGS)[Name] extends { default: string } ? string
      : string | undefined;
  };
}

function unknownFlag(rawName: string): UsageError {
  const known = new Map([["", Object.keys(FLAGS)]]);
  const hint = explainUnknownKey(rawName.replace(/^-+/, ""), "", known);
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
const TAKEN_PATHS = ["/", "/query", "/healthz", "/-/healthy", "/-/ready"];

function telemetryPath(path: string): string {
  if (!/^\/[A-Za-z0-9._~/-]*$/.test(path)) {
    throw new UsageError(
      '--web.telemetry-path: Cannot use it: write a path such as /metrics (letters, digits, "/", ".", "_", "~", "-")',
    );
  }
  if (TAKEN_PATHS.includes(path)) {
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
