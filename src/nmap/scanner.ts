import { Turns } from "../async/turns.ts";
import { PortSet } from "../domain/ports.ts";
import type {
  HostReport,
  Protocol,
  ScanFailure,
  ScanJob,
  Scanner,
  ScanOutcome,
  Technique,
} from "../domain/scan.ts";
import { errorText } from "../text/error_text.ts";
import { nmapArguments } from "./arguments.ts";
import { classify, localSendError } from "./failure.ts";
import { oneLine } from "./one_line.ts";
import { processProgress, tellsOnlyVerbosely } from "./progress.ts";
import { NmapOutputReader } from "./output.ts";
import type { NmapProcesses, ProcessResult } from "./process.ts";

/** What the scanner needs from outside. */
export interface NmapScannerDeps {
  readonly processes: NmapProcesses;
  /** What `auto` means now. */
  readonly technique: () => Technique;
  /** Version of nmap, as it was found last; undefined when it never was. */
  readonly version: () => string | undefined;
  /** Whether the address with this canonical text must not be scanned now, whatever asks for it. */
  readonly isExcluded: (address: string) => boolean;
  /** Milliseconds on the program's monotonic clock. */
  readonly now: () => number;
}

type Ended = Extract<ProcessResult, { kind: "ended" }>;

/** A scanner that runs one nmap process per job. */
export function createNmapScanner(
  { processes, technique, version, isExcluded, now }: NmapScannerDeps,
): Scanner {
  const turns = new Turns();
  return async function scanWithNmap(job, signal, onProgress): Promise<ScanOutcome> {
    const startedAt = now();
    const failed = (failure: ScanFailure): ScanOutcome => ({
      failure,
      hosts: [],
      covered: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
      startedAt,
      endedAt: now(),
    });
    const excluded = job.addresses.find(isExcluded);
    if (excluded !== undefined) {
      const message = `Cannot scan ${excluded}: it is excluded (scanning.exclude)`;
      return failed({ type: "other", message });
    }
    let args: string[];
    try {
      const { nmap } = job;
      args = nmapArguments(job, nmap.technique === "auto" ? technique() : nmap.technique, {
        verbose: tellsOnlyVerbosely(version() ?? ""),
      });
    } catch (error) {
      return failed({ type: "other", message: oneLine(errorText(error)) });
    }
    const reader = new NmapOutputReader({
      asked: new Set(job.addresses),
      ports: job.ports,
      ...(onProgress !== undefined && {
        onProgress: (said) => {
          const progress = processProgress(said, job);
          if (progress !== undefined) onProgress(progress);
        },
      }),
    });
    const result = await processes.run({
      args,
      signal,
      timeoutMs: job.timeoutMs,
      onOutput: (chunk) => reader.write(chunk),
    });
    if (result.kind === "missing") {
      return failed({ type: "nmap_missing", message: result.message });
    }
    if (result.kind === "refused") return failed({ type: "other", message: result.message });
    if (result.kind === "stopped") return failed(STOPPED);
    const failure = failureOf(result, job, reader);
    const { covered } = reader.document;
    const hosts = localSendError(result.stderr) === undefined
      ? reader.hosts
      : withoutSilence(reader.hosts, {
        covered,
        asked: failure === undefined ? job.addresses : [],
      });
    const endedAt = now();
    // Several processes may end at once, and each outcome takes a while to be applied and stored.
    await turns.next();
    return { failure, hosts, covered, startedAt, endedAt };
  };
}

/**
 * What could not be sent cannot be answered: where this machine failed to send, only ports that answered
 * are known, and nothing is known of the `asked` addresses that nmap calls down or does not mention.
 */
function withoutSilence(
  hosts: readonly HostReport[],
  { covered, asked }: Pick<ScanOutcome, "covered"> & { readonly asked: readonly string[] },
): HostReport[] {
  const reported = new Set(hosts.map(({ address }) => address));
  const unheard = asked.filter((address) => !reported.has(address)).map(silentHost);
  return [...hosts, ...unheard].map((host) => {
    const silent = (protocol: Protocol) =>
      covered[protocol].subtract(host.closed[protocol]).subtract(PortSet.of(host.open[protocol]));
    return { ...host, up: true, unreachable: { tcp: silent("tcp"), udp: silent("udp") } };
  });
}

function silentHost(address: string): HostReport {
  return {
    address,
    up: true,
    timedOut: false,
    alive: false,
    startTime: undefined,
    open: { tcp: [], udp: [] },
    closed: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
    unreachable: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
  };
}

const STOPPED: ScanFailure = { type: "stopped", message: "Cannot finish the scan: it was stopped" };

function failureOf(
  { code, signal, endedBy, stderr, outputError }: Ended,
  job: ScanJob,
  reader: NmapOutputReader,
): ScanFailure | undefined {
  const failure = classify({
    code,
    signal,
    endedByUs: endedBy !== "itself",
    stderr,
    malformed: outputError === undefined ? truncation(reader) : errorText(outputError),
    document: reader.document,
    asked: job.addresses.length,
  });
  // One that was complete before our signal reached it is complete.
  if (failure === undefined) return undefined;
  if (endedBy === "abort") return STOPPED;
  if (endedBy !== "timeout") return failure;
  const seconds = Math.round(job.timeoutMs / 100) / 10;
  return {
    type: "timeout",
    message: `Cannot finish the scan within ${seconds} s (scanning.timeout): ` +
      "raise it, or the task's own timeout, or scan fewer ports or at a higher rate",
  };
}

function truncation(reader: NmapOutputReader): string | undefined {
  try {
    reader.end();
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
