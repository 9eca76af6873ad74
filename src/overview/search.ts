import type { Address } from "../domain/address.ts";
import { type Network, networkContains, parseNetwork } from "../domain/network.ts";
import { parsePorts, PortSet } from "../domain/ports.ts";
import type { Protocol } from "../domain/scan.ts";

/** Ports that are looked for, of either protocol where none is named. */
export interface SearchedPorts {
  readonly ports: PortSet;
  readonly protocol: Protocol | undefined;
}

/** What a person typed, understood; all of it has to fit. */
export interface Search {
  /** Addresses are networks of one. */
  readonly networks: readonly Network[];
  readonly ports: readonly SearchedPorts[];
  /** Whatever else was typed, in lower case, with single blanks; part of a name or of an address. */
  readonly text: string;
}

const PORTS = /^(?:port:)?(\d[\d,-]*)(?:\/(tcp|udp))?$/;

/**
 * Understands a search: addresses and CIDRs, ports (`22`, `22/tcp`, `port:8000-8100`) unless there are
 * none to be found, and text. It takes everything: what is not the one or the other is text.
 */
export function parseSearch(text: string, { hasPorts = true } = {}): Search {
  const networks: Network[] = [];
  const ports: SearchedPorts[] = [];
  const rest: string[] = [];
  for (const word of text.toLowerCase().split(/\s+/)) {
    if (word === "") continue;
    const network = attempt(() => parseNetwork(word).network);
    const searched = network === undefined && hasPorts ? readPorts(word) : undefined;
    if (network !== undefined) networks.push(network);
    else if (searched !== undefined) ports.push(searched);
    else rest.push(word);
  }
  return { networks, ports, text: rest.join(" ") };
}

/** Whether an address lies in all networks that are looked for. */
export function fitsAddress(
  { networks }: Search,
  address: Pick<Address, "family" | "value">,
): boolean {
  return networks.every((network) => networkContains(network, address));
}

/** Ports that fit everything that is looked for, by protocol; undefined where no ports are. */
export function fittingPorts({ ports }: Search): Readonly<Record<Protocol, PortSet>> | undefined {
  if (ports.length === 0) return undefined;
  const of = (protocol: Protocol) =>
    ports.map((wanted) => (wanted.protocol ?? protocol) === protocol ? wanted.ports : PortSet.EMPTY)
      .reduce((all, each) => all.intersect(each));
  return { tcp: of("tcp"), udp: of("udp") };
}

/** How many of `open`, ascending, are in `ports`. */
export function countIn(open: readonly number[], ports: PortSet): number {
  let count = 0;
  for (const [first, last] of ports.ranges) {
    count += indexFrom(open, last + 1) - indexFrom(open, first);
  }
  return count;
}

/** Index of the first of `open` that is `port` or above. */
function indexFrom(open: readonly number[], port: number): number {
  let low = 0;
  let high = open.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (open[middle]! < port) low = middle + 1;
    else high = middle;
  }
  return low;
}

function readPorts(word: string): SearchedPorts | undefined {
  const [, list, protocol] = PORTS.exec(word) ?? [];
  if (list === undefined) return undefined;
  const ports = attempt(() => parsePorts(list));
  return ports && { ports, protocol: protocol as Protocol | undefined };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
