import denoJson from "../../deno.json" with { type: "json" };
import { ConfigError } from "../config/config_error.ts";
import type { LoadedConfig } from "../config/config.ts";
import { loadConfig } from "../config/load_config.ts";
import { parseConfig } from "../config/parse_config.ts";
import { resolveAll } from "../discovery/names.ts";
import { createLogger } from "../log/logger.ts";
import { NmapProcesses } from "../nmap/process.ts";
import { runOneShot } from "../oneshot/one_shot.ts";
import { failedResult, isGood, type ScanResult } from "../oneshot/scan_result.ts";
import { textReport } from "../oneshot/text_report.ts";
import { RequestError } from "../oneshot/wanted_targets.ts";
import { errorText } from "../text/error_text.ts";
import { distinctSignals } from "./distinct_signals.ts";
import { EXIT } from "./exit_codes.ts";
import { print } from "./print.ts";
import type { ScanCommand } from "./scan_args.ts";
import { ScanDisplay } from "./scan_display.ts";
import { UsageError } from "./usage_error.ts";

/** nmap is in a session of its own: what a terminal sends reaches this program alone. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** What the command is given by the program around it. */
export interface ScanCommandOptions {
  /** PATH that nmap is looked up in. */
  readonly path: string | undefined;
  /** Writes to stderr; what cannot be written is dropped. */
  readonly complain: (text: string) => void;
}

/**
 * Scans once, in the foreground, and prints what was found; resolves with the exit code: 0 when all that
 * was asked for is known and as expected, else 1.
 *
 * @throws {UsageError} or {ConfigError} when nothing was scanned because the request cannot be meant.
 */
export async function scanCommand(
  command: ScanCommand,
  { path, complain }: ScanCommandOptions,
): Promise<number> {
  const startedAt = Date.now();
  // Nothing is ever written but to the two streams that are open.
  await Deno.permissions.revoke({ name: "write" });
  const processes = new NmapProcesses({ path });
  const stop = new AbortController();
  const atOnce = Promise.withResolvers<"at once">();
  const endAtOnce = () => atOnce.resolve("at once");
  const fault = Promise.withResolvers<never>();
  let isPrinting = false;
  const isAnother = distinctSignals();
  const onSignal = () => {
    if (!isAnother()) return;
    // Whoever reads the result may take for ever.
    if (stop.signal.aborted || isPrinting) endAtOnce();
    stop.abort();
  };
  for (const signal of SIGNALS) Deno.addSignalListener(signal, onSignal);
  // Deno opens its debugger on it, to everybody on this machine: see `serve`.
  Deno.addSignalListener("SIGUSR1", endAtOnce);
  const onFault = (event: PromiseRejectionEvent | ErrorEvent) => {
    event.preventDefault();
    fault.reject("reason" in event ? event.reason : event.error);
  };
  globalThis.addEventListener("unhandledrejection", onFault);
  globalThis.addEventListener("error", onFault);
  const display = new ScanDisplay(complain);
  const printResult = async (result: ScanResult) => {
    isPrinting = true;
    const printed = await Promise.race([print(render(result, command), complain), atOnce.promise]);
    return printed === true;
  };
  try {
    const result = await Promise.race([
      scan(command, { processes, signal: stop.signal, display }),
      stoppedBefore(display, { signal: stop.signal, startedAt }),
      atOnce.promise,
      fault.promise,
    ]);
    display.end();
    if (result === "at once") return EXIT.failed;
    return await printResult(result) && isGood(result) ? EXIT.done : EXIT.failed;
  } catch (error) {
    display.end();
    processes.killAll("SIGKILL");
    // Whoever reads JSON gets JSON, whatever happens.
    if (command.output === "json") {
      const type = error instanceof RequestError || error instanceof ConfigError
        ? "usage"
        : "other";
      const message = errorText(error);
      await printResult(failedResult({ type, message }, { startedAt, now: Date.now() }));
    }
    throw error instanceof RequestError ? new UsageError(error.message, { cause: error }) : error;
  } finally {
    display.end();
    processes.killAll("SIGKILL");
    // Listeners of signals stay to the end: a second delivery would end the program before its exit code is said.
    globalThis.removeEventListener("unhandledrejection", onFault);
    globalThis.removeEventListener("error", onFault);
  }
}

async function scan(
  command: ScanCommand,
  { processes, signal, display }: {
    processes: NmapProcesses;
    signal: AbortSignal;
    display: ScanDisplay;
  },
): Promise<ScanResult> {
  const { config, warnings } = await configOf(command);
  const log = createLogger({
    level: command.logLevel,
    format: command.logFormat,
    write: (line) => display.tell(line),
    date: () => new Date(),
  });
  for (const warning of warnings) log.warn(warning);
  return await runOneShot({
    ...{ config, processes, log, signal },
    request: command,
    judge: command.failOnUnexpected,
    workingDirectory: Deno.cwd(),
    userAgent: `openport-exporter/${denoJson.version}`,
    resolve: (name) => resolveAll(name),
    onNamesKnown: async () => void await Deno.permissions.revoke({ name: "net" }),
    onBegin: (meter, open) =>
      display.begin(meter, {
        open,
        log: (fields) => log.info("Scanning", fields),
      }),
  });
}

/** What comes of a scan that is stopped before it has begun: names may take long to resolve. */
function stoppedBefore(
  display: ScanDisplay,
  { signal, startedAt }: { readonly signal: AbortSignal; readonly startedAt: number },
): Promise<ScanResult> {
  const message = "Cannot scan: it was stopped before it began";
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      if (display.hasBegun) return;
      resolve(failedResult({ type: "stopped", message }, { startedAt, now: Date.now() }));
    }, { once: true });
  });
}

async function configOf({ configFile }: ScanCommand): Promise<LoadedConfig> {
  return configFile === undefined ? parseConfig("", "defaults") : await loadConfig(configFile);
}

function render(result: ScanResult, { output }: ScanCommand): string {
  return output === "json" ? `${JSON.stringify(result, null, 2)}\n` : textReport(result);
}
