import { readPortRange, type WrittenPortRange } from "../config/port_texts.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { LogFormat, LogLevel } from "../log/logger.ts";
import type { ScanRequest } from "../oneshot/wanted_targets.ts";
import { oneOf } from "./one_of.ts";
import { UsageError } from "./usage_error.ts";

/** How a result is printed. */
const SCAN_OUTPUTS = ["text", "json"] as const;
/** See `SCAN_OUTPUTS`. */
export type ScanOutput = typeof SCAN_OUTPUTS[number];

/** What `scan` is asked for. */
export interface ScanCommand extends ScanRequest {
  readonly name: "scan";
  readonly output: ScanOutput;
  readonly failOnUnexpected: boolean;
  /** Undefined scans without a configuration, with the defaults. */
  readonly configFile: string | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** Flags that mean something beside `scan` and nothing else. */
export const SCAN_FLAGS = {
  "fail-on-unexpected": { type: "boolean", default: false },
  "output": { type: "string", default: "text" },
  "ports": { type: "string" },
  "protocol": { type: "string" },
} as const;

/** All flags that mean something beside `scan`. */
export const FLAGS_OF_SCAN: ReadonlySet<string> = new Set([
  ...Object.keys(SCAN_FLAGS),
  ...["config.file", "help", "log.format", "log.level", "version"],
]);

/** The part of the text of `--help` that is about `scan`. */
export const SCAN_HELP = `Flags of scan, which takes --config.file and --log.* too:
  --fail-on-unexpected      End with 1 when a port is open that the targets of
                            --config.file neither expect nor allow, or an
                            expected one is not; without TARGET, of all targets.
  --output=text             What is printed: ${SCAN_OUTPUTS.join(", ")}.
  --ports=1-65535           Ports such as 22,80,8000-8100 or top:1000; the
                            default is what a configuration says.
  --protocol=tcp            ${PROTOCOLS.join(" or ")}; the default is what a configuration
                            says.
It ends with 0 when all that was asked for is known (and as expected), with 1
when something is not.
`;

/** Values of the flags that `scan` takes. */
export interface ScanFlagValues {
  readonly "fail-on-unexpected": boolean;
  readonly output: string;
  readonly ports: string | undefined;
  readonly protocol: string | undefined;
}

/**
 * Reads the flags that only `scan` has.
 *
 * @throws {UsageError} that names the flag and says what is allowed.
 */
export function readScanCommand(
  values: ScanFlagValues,
  { targets, configFile, ...log }: Pick<ScanCommand, "configFile" | "logLevel" | "logFormat"> & {
    readonly targets: readonly string[];
  },
): ScanCommand {
  const failOnUnexpected = values["fail-on-unexpected"];
  if (failOnUnexpected && configFile === undefined) {
    throw new UsageError(
      "--fail-on-unexpected: Cannot use it without --config.file, which says what is expected",
    );
  }
  if (targets.length === 0 && !failOnUnexpected) {
    throw new UsageError(
      "Cannot scan without a target: write scan TARGET, such as scan 192.0.2.1 " +
        "(all targets of a configuration: --config.file=F --fail-on-unexpected)",
    );
  }
  return {
    name: "scan",
    targets,
    ports: readPorts(values.ports),
    protocol: values.protocol === undefined
      ? undefined
      : oneOf<Protocol>("protocol", values.protocol, PROTOCOLS),
    output: oneOf("output", values.output, SCAN_OUTPUTS),
    failOnUnexpected,
    configFile,
    ...log,
  };
}

function readPorts(text: string | undefined): WrittenPortRange | undefined {
  if (text === undefined) return undefined;
  try {
    return readPortRange(text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw new UsageError(`--ports: ${error.message}`, { cause: error });
  }
}
