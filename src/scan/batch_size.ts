import type { PortSet } from "../domain/ports.ts";
import { networkSize } from "../domain/network.ts";
import type { NmapOptions, ScanUnit } from "../domain/scan.ts";

/** Most addresses that one nmap process is given: what it loses when it ends early. */
export const MAX_ADDRESSES_PER_PROCESS = 16;

/** Packets per second to count on where nmap is not told a rate: it backs off on silent hosts. */
const UNTOLD_RATE = 50;

/** Probes that a port of a host that never answers costs, whatever `--max-retries` says; measured. */
const PROBES_PER_SILENT_PORT = 2;

/** The packet rate that one process is held to, in packets per second, above 0. */
export function heldRate({ minRate, maxRate }: NmapOptions): number {
  const told = minRate > 0 && maxRate > 0 ? Math.min(minRate, maxRate) : minRate || maxRate;
  return told || UNTOLD_RATE;
}

/** What a scan costs depends on: the number of ports, 1 to 65535, and the options. */
export interface ScanCost {
  readonly ports: number;
  readonly nmap: NmapOptions;
}

/** Seconds that one process needs for one address that never answers. */
export function secondsForSilentAddress({ ports, nmap }: ScanCost): number {
  return PROBES_PER_SILENT_PORT * ports * Math.max(1 / heldRate(nmap), delaySeconds(nmap));
}

/** Seconds between two probes to one host, which nmap keeps for all hosts at once; it ignores them beside a minimum rate. */
function delaySeconds({ minRate, scanDelay }: NmapOptions): number {
  return minRate > 0 ? 0 : scanDelay / 1000;
}

/**
 * How many addresses one nmap process is given, 1 to 16: as many silent ones as can finish in half
 * of `host_timeout`, because the hosts of a process share its clock and its rate.
 */
export function addressesPerProcess(cost: ScanCost): number {
  const { hostTimeout } = cost.nmap;
  if (hostTimeout === 0) return MAX_ADDRESSES_PER_PROCESS;
  const seconds = PROBES_PER_SILENT_PORT * cost.ports / heldRate(cost.nmap);
  const fitting = Math.floor(hostTimeout / 2 / seconds);
  return Math.min(Math.max(fitting, 1), MAX_ADDRESSES_PER_PROCESS);
}

/** The part of a configuration that decides whether scans can finish. */
export interface ScanLimits {
  readonly scanning: {
    readonly ports: PortSet;
    /** Seconds that one nmap process may take. */
    readonly timeout: number;
    readonly nmap: NmapOptions;
  };
}

/** Warns, with the numbers, when a process for even one silent address would be ended before it finishes. */
export function scanWarnings({ scanning: { ports, timeout, nmap } }: ScanLimits): string[] {
  const needed = secondsForSilentAddress({ ports: ports.size, nmap });
  const limits = [["host_timeout", nmap.hostTimeout], ["timeout", timeout]] as const;
  const [pace, cure] = delaySeconds(nmap) > 1 / heldRate(nmap)
    ? [`, one in ${nmap.scanDelay} ms (scanning.scan_delay),`, ", lower the delay"]
    : [` at ${Number(heldRate(nmap).toFixed(1))} packets per second`, " or the rate"];
  return limits.filter(([, limit]) => limit > 0 && needed > limit).map(([key, limit]) =>
    `scanning.${key}: even one silent address cannot finish in ${limit} s: ` +
    `${PROBES_PER_SILENT_PORT} probes for each of ${ports.size} ports${pace} ` +
    `take ${Math.ceil(needed)} s (raise it${cure}, or scan fewer ports)`
  );
}

/** Units differ by one size class when one has about eight times as many batches as the other. */
const SIZE_CLASS_RATIO = 8;

/** Size class of a unit: 0 for one to seven batches, 1 for 8 to 63, and so on. */
export function sizeClass({ network, ports, nmap }: Pick<ScanUnit, "network" | "ports" | "nmap">) {
  const perProcess = addressesPerProcess({ ports: ports.size, nmap });
  const batches = Math.ceil(Number(networkSize(network)) / perProcess);
  return Math.floor(Math.log2(batches) / Math.log2(SIZE_CLASS_RATIO));
}
