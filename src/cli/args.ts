import { parseArgs } from "node:util";
import { explainUnknownKey } from "../config/suggest.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from "../log/logger.ts";
import { type ListenAddress, parseListenAddress } from "../http/listen_address.ts";
import { oneOf } from "./one_of.ts";
import {
  FLAGS_OF_SCAN,
  readScanCommand,
  SCAN_FLAGS,
  SCAN_HELP,
  type ScanCommand,
} from "./scan_args.ts";
import { UsageError } from "./usage_error.ts";

/** What the command line asks for. */
export type Command =
  | { readonly name: "help" }
  | { readonly name: "version" }
  | {
    readonly name: "check";
    readonly configFile: string;
    readonly webConfigFile: string | undefined;
  }
  | LearnCommand
  | ScanCommand
  | { readonly name: "rules" | "dashboard"; readonly configFile: string }
  | {
    readonly name: "serve";
    readonly configFile: string;
    /** Reload the configuration when its file's content changed. */
    readonly autoReload: boolean;
    /** TLS and users; undefined for none. */
    readonly webConfigFile: string | undefined;
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

const FLAGS = {
  "config.check": { type: "boolean", default: false },
  "config.enable-auto-reload": { type: "boolean", default: false },
  "config.file": { type: "string", default: "config.yaml" },
  "help": { type: "boolean", short: "h", default: false },
  "log.format": { type: "string", default: "logfmt" },
  "log.level": { type: "string", default: "info" },
  ...SCAN_FLAGS,
  "version": { type: "boolean", default: false },
  "web.config.file": { type: "string" },
  "web.listen-address": { type: "string" },
  "web.telemetry-path": { type: "string", default: "/metrics" },
} as const;

/** Words that a command line may begin with. */
const COMMANDS: readonly string[] = ["dashboard", "learn", "rules", "scan"];

/** Flags that mean something beside `learn`. */
const LEARN_FLAGS: ReadonlySet<string> = new Set([
  "config.file",
  "help",
  "version",
  "web.listen-address",
]);

/** Flags that mean something beside `rules` and `dashboard`. */
const PRINT_FLAGS: ReadonlySet<string> = new Set(["config.file", "help", "version"]);

/** The text of `--help`, in lines of 80 characters at most. */
export const HELP = `usage: openport-exporter [flags]
       openport-exporter dashboard [--config.file=F]
       openport-exporter learn [--config.file=F] [--web.listen-address=A]
       openport-exporter rules [--config.file=F]
       openport-exporter scan TARGET... [--ports=P] [--protocol=tcp|udp]
                              [--output=text|json] [--config.file=F]
       openport-exporter scan [TARGET...] --config.file=F --fail-on-unexpected

Scans networks with nmap and serves the open ports as Prometheus metrics.

Commands:
  dashboard                 Print a Grafana dashboard that matches the
                            configuration.
  learn                     Print what is open now as expected ports, in YAML to
                            review and paste: what the running exporter knows,
                            or else its state file.
  rules                     Print alerting rules for Prometheus that match the
                            configuration.
  scan                      Scan addresses, networks, host names or targets of
                            --config.file once, and print what is open.

Flags:
  --config.check            Validate the configuration, print the plan and a
                            verdict, and exit. Nothing is scanned, and nobody is
                            asked.
  --config.enable-auto-reload
                            Look at the configuration file every 30 s, and
                            reload it when its content changed.
  --config.file=config.yaml Configuration file; scan reads none by default.
  --help, -h                Show this help.
  --log.format=logfmt       Format of the log on stderr: ${LOG_FORMATS.join(", ")}.
  --log.level=info          Lowest level that is logged:
                            ${LOG_LEVELS.join(", ")}.
  --version                 Show the version.
  --web.config.file=FILE    TLS and users, in the format of the Prometheus
                            exporter toolkit; read again when it changes.
  --web.listen-address=:9919
                            Address and port to listen on; the default is
                            server.address and server.port of the configuration.
                            Port 0 picks a free one.
  --web.telemetry-path=/metrics
                            Path of the metrics.

${SCAN_HELP}
Exit codes: 0 done, 1 failed while running, 2 the command line or the
configuration is wrong.
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
  const webConfigFile = values["web.config.file"];
  if (webConfigFile === "") {
    throw new UsageError("--web.config.file: Cannot be empty: write a path, or leave it out");
  }
  const listen = listenAddress(values["web.listen-address"]);
  const [name, ...targets] = words;
  if (name === "learn") {
    refuseOthers("with learn", given, (flag) => LEARN_FLAGS.has(flag));
    return { name, configFile, listen };
  }
  if (name === "rules" || name === "dashboard") {
    refuseOthers(`with ${name}`, given, (flag) => PRINT_FLAGS.has(flag));
    return { name, configFile };
  }
  if (name === "scan") {
    refuseOthers("with scan", given, (flag) => FLAGS_OF_SCAN.has(flag));
    return readScanCommand(values, {
      targets,
      configFile: given.has("config.file") ? configFile : undefined,
      logLevel: oneOf("log.level", values["log.level"], LOG_LEVELS),
      logFormat: oneOf("log.format", values["log.format"], LOG_FORMATS),
    });
  }
  refuseOthers("without scan", given, (flag) => !(flag in SCAN_FLAGS));
  const serve = {
    name: "serve",
    configFile,
    webConfigFile,
    autoReload: values["config.enable-auto-reload"],
    listen,
    telemetryPath: telemetryPath(values["web.telemetry-path"]),
    logLevel: oneOf("log.level", values["log.level"], LOG_LEVELS),
    logFormat: oneOf("log.format", values["log.format"], LOG_FORMATS),
  } as const;
  return values["config.check"] ? { name: "check", configFile, webConfigFile } : serve;
}

function refuseOthers(
  where: string,
  given: ReadonlySet<string>,
  isAllowed: (flag: string) => boolean,
): void {
  const other = [...given].find((name) => !isAllowed(name));
  if (other !== undefined) throw new UsageError(`--${other}: Cannot use it ${where}`);
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
  /** What is no flag: nothing, a command, or `scan` and its targets. */
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
      if (words.length === 0 ? COMMANDS.includes(token.value) : words[0] === "scan") {
        words.push(token.value);
        continue;
      }
      throw unexpectedWord(token.value, words[0]);
    }
    if (token.kind !== "option") continue;
    const name = token.name.replace(/^no-/, "");
    const negated = token.name !== name;
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name as FlagName] : undefined;
    if (flag === undefined || (negated && flag.type !== "boolean")) {
      // In one piece: "-config.file" is no row of short flags.
      throw unknownFlag(args[token.index]!.replace(/=.*/s, ""));
    }
    // Of two lists of ports, neither may be left out unseen.
    if (given.has(name) && name in SCAN_FLAGS && flag.type === "string") {
      throw new UsageError(`--${name}: Cannot use it more than once`);
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

function unexpectedWord(word: string, command: string | undefined): UsageError {
  const hint = command === undefined
    ? `${explainUnknownKey(word, "", new Map([["", COMMANDS]]))} (flags begin with --)`
    : `${command} takes nothing but flags`;
  return new UsageError(`Unexpected argument ${JSON.stringify(word.slice(0, 60))}: ${hint}`);
}

function unknownFlag(text: string): UsageError {
  const names = Object.keys(FLAGS);
  const hint = explainUnknownKey(text.replace(/^-+/, ""), "", new Map([["", names]]));
  const meant = /^did you mean "/.test(hint)
    ? hint.replace('"', '"--')
    : `allowed: ${names.map((name) => `--${name}`).join(", ")}`;
  return new UsageError(`Unknown flag ${JSON.stringify(text.slice(0, 60))}: ${meant}`);
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
  "/events",
  "/v1/changes",
  "/v1/hosts",
  "/v1/openapi.json",
  "/v1/sd",
  "/v1/tasks",
];
/** What begins so is the path of one thing of many. */
const TAKEN_PREFIXES = ["/assets/", "/hosts/", "/v1/hosts/", "/v1/tasks/"];

function telemetryPath(path: string): string {
  // No empty and no dot segments: clients take those out, or read "//x" as the name of a host.
  if (!/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)*\/?$/.test(path) || path === "") {
    throw new UsageError(
      '--web.telemetry-path: Cannot use it: write a path such as /metrics (letters, digits, "/", ".", "_", "~", "-")',
    );
  }
  if (TAKEN_PATHS.includes(path) || TAKEN_PREFIXES.some((prefix) => path.startsWith(prefix))) {
    throw new UsageError(
      `--web.telemetry-path: Cannot use ${path}: something else is served there`,
    );
  }
  return path;
}
