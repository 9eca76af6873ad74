import { networkSize } from "../domain/network.ts";
import type { NmapOptions, ScanUnit } from "../domain/scan.ts";

/**
 * Most addresses that one nmap process is given, however little each costs: what it saw is applied in
 * one synchronous step.
 */
const MAX_ADDRESSES_PER_PROCESS = 256;
/**
 * Addresses up to which larger batches pay whatever they take. A process costs about a second beside
 * its probes (its start, the last answers that it waits for), which is little of `STRETCH_SECONDS`;
 * above that, larger batches only make others wait for the slot (measured by bench/batching.ts).
 */
const USUAL_ADDRESSES = 16;
const STRETCH_SECONDS = 30;
/** Seconds of probes, were they silent, for addresses that are known to answer: so many share a process, and a fate. */
const LIVE_SECONDS = 2;
/** Share of `scanning.timeout` that is lost, at most, when one process ends early. */
const TIMEOUT_SHARE = 0.25;
/** Share of `host_timeout`: the hosts of a process share its clock, and answers that come late cost time. */
const HOST_TIMEOUT_SHARE = 0.5;

/** Packets per second to count on where nmap is not told a rate: it backs off on silent hosts. */
const UNTOLD_RATE = 50;

/** Probes that a port of a host that never answers costs, whatever `--max-retries` says; measured. */
export const PROBES_PER_SILENT_PORT = 2;

/** The packet rate that one process is held to, in packets per second, above 0. */
export function heldRate({ minRate, maxRate }: NmapOptions): number {
  const told = minRate > 0 && maxRate > 0 ? Math.min(minRate, maxRate) : minRate || maxRate;
  return told || UNTOLD_RATE;
}

/** What a scan costs depends on, and what it may cost. */
export interface ScanCost {
  /** Number of ports, 1 to 65535. */
  readonly ports: number;
  readonly nmap: NmapOptions;
  /** Seconds that one process may take. */
  readonly timeout: number;
}

/** Seconds that one process needs for one address that never answers. */
export function secondsForSilentAddress({ ports, nmap }: Pick<ScanCost, "ports" | "nmap">): number {
  return PROBES_PER_SILENT_PORT * ports * Math.max(1 / heldRate(nmap), delaySeconds(nmap));
}

/** Seconds between two probes to one host, which nmap keeps for all hosts at once; it ignores them beside a minimum rate. */
export function delaySeconds({ minRate, scanDelay }: NmapOptions): number {
  return minRate > 0 ? 0 : scanDelay / 1000;
}

/**
 * Most silent addresses that one process can finish, 1 to 256: within half of `host_timeout`, because
 * the hosts of a process share its clock and its rate, and within a quarter of `timeout`, in seconds.
 */
export function addressesThatFinish({ ports, nmap, timeout }: ScanCost): number {
  const forHosts = nmap.hostTimeout > 0 ? nmap.hostTimeout * HOST_TIMEOUT_SHARE : Infinity;
  const seconds = Math.min(forHosts, timeout * TIMEOUT_SHARE);
  return clamp(addressesIn(seconds, { ports, nmap }), MAX_ADDRESSES_PER_PROCESS);
}

/**
 * How many addresses that are not known to answer one process is given, 1 to 256: as many as keep all
 * workers busy in as few rounds as can be, but at least as many as make a process worth its start.
 */
export function silentStretch(
  { addresses, workers, ...cost }: ScanCost & { addresses: number; workers: number },
): number {
  const finish = addressesThatFinish(cost);
  const least = Math.min(finish, USUAL_ADDRESSES);
  const most = Math.min(finish, Math.max(least, addressesIn(STRETCH_SECONDS, cost)));
  const rounds = Math.ceil(addresses / (workers * most));
  return Math.max(least, Math.ceil(addresses / Math.max(1, workers * rounds)));
}

/** How many addresses that are known to answer share a process, 1 to 16. */
export function liveBatch(cost: ScanCost): number {
  const most = Math.min(addressesThatFinish(cost), USUAL_ADDRESSES);
  return clamp(addressesIn(LIVE_SECONDS, cost), most);
}

/** The batch, at most `batch`, that deals `addresses` out evenly to no more processes. */
export function evenBatch(addresses: number, batch: number): number {
  return addresses === 0 ? batch : Math.ceil(addresses / Math.ceil(addresses / batch));
}

/** Addresses whose probes one process sends in so many seconds if none answers. */
function addressesIn(seconds: number, { ports, nmap }: Pick<ScanCost, "ports" | "nmap">): number {
  return Math.floor(seconds * heldRate(nmap) / (PROBES_PER_SILENT_PORT * ports));
}

function clamp(addresses: number, most: number): number {
  return Math.min(Math.max(addresses, 1), most);
}

/** Units differ by one size class when one takes about eight times as long as the other. */
const SIZE_CLASS_RATIO = 8;

/**
 * Size class of a unit, by the processes that it would take if none were given more than 16 addresses:
 * 0 for one to seven, 1 for 8 to 63, and so on.
 */
export function sizeClass(
  { network, ports, nmap, timeout }: Pick<ScanUnit, "network" | "ports" | "nmap" | "timeout">,
): number {
  const finish = addressesThatFinish({ ports: ports.size, nmap, timeout });
  const processes = Math.ceil(Number(networkSize(network)) / Math.min(finish, USUAL_ADDRESSES));
  return Math.floor(Math.log2(processes) / Math.log2(SIZE_CLASS_RATIO));
}
