import { parseAddress } from "../domain/address.ts";
import type { NmapOptions, ScanJob, Technique } from "../domain/scan.ts";

/** How often nmap says how far it is; beside `--noninteractive` it never would, like later releases: see `tellsOnlyVerbosely`. */
const STATS_EVERY = "1s";
/** Fewest retries of a second look: what it says must not hang on a few lost packets. */
const CONFIRMING_RETRIES = 6;

/**
 * Arguments of nmap for a job: options, `-p`, ports, `--`, addresses, all re-printed from parsed
 * values, for nmap takes whatever looks like an option for one.
 *
 * @throws {SyntaxError} or {RangeError} when an address is not canonical or not of the job's family, when
 *   one occurs twice, when there is no address or port, or a number is not a whole one from 0 up.
 */
export function nmapArguments(
  job: ScanJob,
  technique: Technique,
  { verbose = false }: { readonly verbose?: boolean } = {},
): string[] {
  return [
    "-oX",
    "-",
    ...(verbose ? ["-v"] : []),
    "--stats-every",
    STATS_EVERY,
    ...scanType(job, technique),
    ...(job.family === 6 ? ["-6"] : []),
    ...(job.nmap.disableDnsResolution ? ["-n"] : []),
    ...(job.confirming ? unhurried(job.nmap) : hurried(job.nmap)),
    ...common(job.nmap),
    "-p",
    portsOf(job),
    "--",
    ...addressesOf(job),
  ];
}

function scanType({ protocol }: ScanJob, technique: Technique): string[] {
  // nmap looks at the user id only: `--privileged` tells it of a capability, `--unprivileged` keeps root out of raw sockets.
  if (protocol === "udp") return ["--privileged", "-sU"];
  return technique === "syn" ? ["--privileged", "-sS"] : ["--unprivileged", "-sT"];
}

function hurried(nmap: NmapOptions): string[] {
  return [
    ...(nmap.disableHostDiscovery ? ["-Pn"] : []),
    ...option("--min-rate", nmap.minRate),
    // nmap ignores it beside --scan-delay, with a warning.
    ...(nmap.scanDelay > 0 ? [] : option("--min-parallelism", nmap.minParallelism)),
    "--max-retries",
    decimal(nmap.maxRetries),
  ];
}

function unhurried(nmap: NmapOptions): string[] {
  const retries = Math.max(nmap.maxRetries, CONFIRMING_RETRIES);
  return ["-Pn", "--disable-arp-ping", "--max-retries", decimal(retries)];
}

function common(nmap: NmapOptions): string[] {
  return [
    ...option("--max-rate", nmap.maxRate),
    // With the unit always: nmap refuses a bare number from 10000 on.
    ...option("--host-timeout", nmap.hostTimeout, "s"),
    ...option("--scan-delay", nmap.scanDelay, "ms"),
    ...option("--max-scan-delay", nmap.maxScanDelay, "ms"),
    ...option("--initial-rtt-timeout", nmap.initialRttTimeout, "ms"),
    ...option("--max-rtt-timeout", nmap.maxRttTimeout, "ms"),
    ...option("--min-rtt-timeout", nmap.minRttTimeout, "ms"),
  ];
}

function option(name: string, value: number, unit = ""): string[] {
  return value === 0 ? [] : [name, decimal(value) + unit];
}

function decimal(value: number): string {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(
      `Cannot give nmap the number ${value}: whole numbers from 0 up are allowed`,
    );
  }
  return String(value);
}

function portsOf({ ports }: ScanJob): string {
  if (ports.size === 0) throw new RangeError("Cannot scan without ports");
  return ports.toString();
}

function addressesOf({ addresses, family }: ScanJob): string[] {
  if (addresses.length === 0) throw new RangeError("Cannot scan without addresses");
  const texts = addresses.map((text) => {
    const address = parseAddress(text);
    if (address.text !== text || address.family !== family) {
      throw new SyntaxError(`Cannot scan an address that is not canonical IPv${family} text`);
    }
    return address.text;
  });
  if (new Set(texts).size < texts.length) {
    throw new RangeError("Cannot scan an address twice in one process");
  }
  return texts;
}
