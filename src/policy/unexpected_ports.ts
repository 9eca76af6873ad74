import type { Address } from "../domain/address.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { OrderedBlock } from "../state/ordered_blocks.ts";
import type { KnownHost } from "../state/known_host.ts";
import type { PortState } from "../state/port_state.ts";
import { disjoint } from "../domain/network.ts";
import type { PolicyTarget } from "./policy_target.ts";

/** What is open on one address and neither expected nor allowed by one target that it is in. */
export interface UnexpectedPorts {
  /** Of the target. */
  readonly name: string;
  /** Canonical text. */
  readonly ip: string;
  /** Ascending; the first of them where there are more than are shown of one host. */
  readonly ports: Readonly<Record<Protocol, readonly number[]>>;
  /** How many there are, at least 1. */
  readonly count: number;
}

/** What the policy says of an open port: `allowed` is what no target expects. */
export type OpenVerdict = "expected" | "allowed" | "unexpected";

/** A target as open ports are judged by it. */
interface Judge {
  readonly name: string;
  readonly expected: Readonly<Record<Protocol, PortSet>>;
  /** Expected or allowed. */
  readonly permitted: Readonly<Record<Protocol, PortSet>>;
  /** Unexpected ports found so far. */
  count: number;
}

type Place = Pick<Address, "family" | "value">;

const NO_PORTS: readonly number[] = [];

/**
 * Finds unexpected open ports, block by block of the port state, and judges a block again only after
 * it changed: what is asked at every scrape costs as much as what changed since the last one.
 */
export class UnexpectedPortFinder {
  readonly #state: PortState;
  /** Blocks that are watched, each with what was found in it once it was judged. */
  readonly #found = new Map<
    OrderedBlock<KnownHost>,
    OrderedBlock<UnexpectedPorts> | undefined
  >();
  #index = new NetworkIndex<Judge>();
  #judges = new Map<string, Judge>();
  #portsPerHost = Infinity;
  /** Unexpected ports found so far, of all targets. */
  #count = 0;

  constructor(state: PortState) {
    this.#state = state;
  }

  /** Judges by these targets from now on; of each host and target, at most `portsPerHost` ports are given. */
  replace(targets: readonly PolicyTarget[], { portsPerHost }: { portsPerHost: number }): void {
    for (const [block, found] of this.#found) {
      found?.change();
      // Still watched: each block is told of once, however often the targets are replaced.
      this.#found.set(block, undefined);
    }
    this.#index = new NetworkIndex();
    this.#judges = new Map();
    this.#count = 0;
    this.#portsPerHost = portsPerHost;
    for (const target of targets) {
      const judge = {
        name: target.name,
        expected: target.expected,
        permitted: permittedBy(target),
        count: 0,
      };
      this.#judges.set(target.name, judge);
      for (const network of disjoint(target.networks)) this.#index.add(network, judge);
    }
  }

  /** All there are now, by address and then name, in blocks that tell before they change. */
  blocks(): OrderedBlock<UnexpectedPorts>[] {
    if (this.#judges.size === 0) return [];
    const blocks: OrderedBlock<UnexpectedPorts>[] = [];
    for (const block of this.#state.blocks) {
      const found = this.#found.get(block) ?? this.#judge(block);
      if (found.items.length > 0) blocks.push(found);
    }
    return blocks;
  }

  /** How many each target has now, by its name. */
  counts(): Map<string, number> {
    this.blocks();
    return new Map(this.#judges.values().map(({ name, count }) => [name, count]));
  }

  /** How many there are now, of all targets together. */
  total(): number {
    this.blocks();
    return this.#count;
  }

  /** Says how many there are now of a target, by its name. */
  byName(): (name: string) => number {
    this.blocks();
    return (name) => this.#judges.get(name)?.count ?? 0;
  }

  /** Names of the targets that judge an address. */
  namesAt(address: Place): string[] {
    return Array.from(this.#index.containing(address), ({ name }) => name);
  }

  /**
   * Says of open ports of an address what the targets around it make of them, taken together: one
   * to which it is unexpected outweighs all others, and one that expects it those that allow it.
   * Undefined where none judges.
   */
  verdictsAt(address: Place): (protocol: Protocol, port: number) => OpenVerdict | undefined {
    const judges = [...this.#index.containing(address)];
    return (protocol, port) => {
      if (judges.length === 0) return undefined;
      if (!judges.every(({ permitted }) => permitted[protocol].has(port))) return "unexpected";
      return judges.some(({ expected }) => expected[protocol].has(port)) ? "expected" : "allowed";
    };
  }

  #judge(block: OrderedBlock<KnownHost>): OrderedBlock<UnexpectedPorts> {
    const items: UnexpectedPorts[] = [];
    for (const host of block.items) this.#judgeHost(host, items);
    const found = new OrderedBlock(items);
    if (!this.#found.has(block)) block.beforeNextChange(() => this.#forget(block));
    this.#found.set(block, found);
    return found;
  }

  #judgeHost(host: KnownHost, items: UnexpectedPorts[]): void {
    if (!PROTOCOLS.some((protocol) => (host[protocol]?.open.length ?? 0) > 0)) return;
    const begin = items.length;
    for (const judge of this.#index.containing(host.address)) {
      const tcp = unexpected(host.tcp?.open, judge.permitted.tcp);
      const udp = unexpected(host.udp?.open, judge.permitted.udp);
      const count = tcp.length + udp.length;
      if (count === 0) continue;
      judge.count += count;
      this.#count += count;
      const ports = { tcp, udp };
      items.push({
        name: judge.name,
        ip: host.address.text,
        ports: count > this.#portsPerHost ? firstOf(ports, this.#portsPerHost) : ports,
        count,
      });
    }
    if (items.length - begin < 2) return;
    const sorted = items.splice(begin).sort((a, b) => a.name < b.name ? -1 : 1);
    items.push(...sorted);
  }

  #forget(block: OrderedBlock<KnownHost>): void {
    const found = this.#found.get(block);
    this.#found.delete(block);
    if (found === undefined) return;
    found.change();
    for (const { name, count } of found.items) {
      this.#judges.get(name)!.count -= count;
      this.#count -= count;
    }
  }
}

function permittedBy({ expected, allowed }: PolicyTarget): Record<Protocol, PortSet> {
  return { tcp: expected.tcp.union(allowed.tcp), udp: expected.udp.union(allowed.udp) };
}

function unexpected(open: readonly number[] = NO_PORTS, permitted: PortSet): readonly number[] {
  if (permitted.size === 0) return open;
  const found = open.filter((port) => !permitted.has(port));
  return found.length === open.length ? open : found;
}

function firstOf(
  { tcp, udp }: UnexpectedPorts["ports"],
  limit: number,
): UnexpectedPorts["ports"] {
  const shown = tcp.slice(0, limit);
  return { tcp: shown, udp: udp.slice(0, limit - shown.length) };
}
