import { type Network, networkSize, subnetworkCount } from "../domain/network.ts";
import type { NmapOptions } from "../domain/scan.ts";
import { evenBatch, secondsForSilentAddress, silentStretch } from "../scan/batch_size.ts";
import { unitPrefix } from "../schedule/overlaps.ts";

/** Seconds of an nmap process beside its probes: its start, and the last answers that it waits for. */
const PROCESS_SECONDS = 1;

/** How a round is scanned. */
export interface RoundOptions {
  /** Number of ports, 1 to 65535. */
  readonly ports: number;
  readonly nmap: NmapOptions;
  /** Seconds that one process may take. */
  readonly timeout: number;
  readonly maxCidrSize: number;
  /** Processes at once, at least 1. */
  readonly workers: number;
}

/** What it takes to look once at every address, if none of them answers. */
export interface RoundCost {
  /** Addresses times ports. */
  readonly probes: number;
  /** Seconds of all its processes together. */
  readonly work: number;
  /** Seconds from its start to its end, if nothing else is scanned meanwhile. */
  readonly seconds: number;
}

/** Estimates a round over `networks`, with as many processes as the scanner would start for silent addresses. */
export function roundCost(networks: Iterable<Network>, options: RoundOptions): RoundCost {
  const { ports, workers } = options;
  let addresses = 0;
  let processes = 0;
  let largest = 0;
  for (const size of unitSizes(networks, options)) {
    const stretch = silentStretch({ ...options, addresses: size.addresses });
    const batch = evenBatch(size.addresses, stretch);
    addresses += size.count * size.addresses;
    processes += size.count * Math.ceil(size.addresses / batch);
    largest = Math.max(largest, batch);
  }
  if (addresses === 0) return { probes: 0, work: 0, seconds: 0 };
  const perAddress = secondsForSilentAddress(options);
  const work = addresses * perAddress + processes * PROCESS_SECONDS;
  const longest = largest * perAddress + PROCESS_SECONDS;
  // Fewer processes than workers leave some of them idle, also at the end.
  const turns = Math.ceil(processes / workers);
  const seconds = Math.max(longest, turns * work / processes);
  return { probes: addresses * ports, work, seconds };
}

interface UnitSize {
  readonly addresses: number;
  count: number;
}

/** How many units there are of each size: there may be 100,000 networks, of few sizes. */
function unitSizes(
  networks: Iterable<Network>,
  { maxCidrSize }: Pick<RoundOptions, "maxCidrSize">,
): Iterable<UnitSize> {
  const sizes = new Map<number, UnitSize>();
  for (const network of networks) {
    const prefix = Math.max(network.prefix, unitPrefix(network, maxCidrSize));
    const addresses = Number(networkSize({ ...network, prefix }));
    const size = sizes.get(addresses) ?? { addresses, count: 0 };
    size.count += subnetworkCount(network, prefix);
    sizes.set(addresses, size);
  }
  return sizes.values();
}
