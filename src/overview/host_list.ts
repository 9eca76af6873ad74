import type { TargetConfig } from "../config/config.ts";
import { type Address, compareAddresses } from "../domain/address.ts";
import { lastOf, type Network, networkOf } from "../domain/network.ts";
import { NetworkSet } from "../domain/network_set.ts";
import { PROTOCOLS } from "../domain/scan.ts";
import type { PortPolicy } from "../policy/port_policy.ts";
import type { OrderedBlock } from "../state/ordered_blocks.ts";
import type { KnownHost } from "../state/known_host.ts";
import type { PortState } from "../state/port_state.ts";
import { BlockMarks } from "./block_marks.ts";
import type { HostRow, OpenPortView, Part, PartQuery } from "./overview.ts";
import { type Chunk, PartFinder } from "./part_finder.ts";
import { Recent } from "./recent.ts";
import { countIn, fitsAddress, parseSearch, type Search } from "./search.ts";
import type { TargetIndex } from "./target_index.ts";

/** Open ports of a host that its row shows. */
export const PORTS_IN_ROW = 20;
/** Searches whose counts are kept: more than people look at at once. */
const SEARCHES = 8;
/** Networks that are sorted to find addresses in them: a few milliseconds. */
const MOST_SORTED = 10_000;
const NO_PORTS: readonly number[] = [];

/** What the list of hosts is made from. */
export interface HostListOptions {
  readonly state: Pick<PortState, "blocks" | "views">;
  readonly policy: Pick<PortPolicy, "verdictsAt">;
  /** Another list when one of them changes. */
  readonly targets: () => readonly TargetConfig[];
  readonly addressesOf: (hostName: string) => readonly Address[];
  /** Finds the targets around an address. */
  readonly index: () => Pick<TargetIndex, "nameAt" | "isWithin">;
}

type IsNamed = (address: Address) => boolean;

/** A search that was understood, with what was counted. */
interface HostSearch {
  readonly networks: readonly Network[];
  readonly finder: PartFinder<KnownHost, KnownHost>;
}

interface Totals {
  readonly hosts: number;
  readonly ports: number;
}

/** Addresses with open ports, which are counted and found block by block of the port state. */
export class HostList {
  readonly #options: HostListOptions;
  readonly #marks = new BlockMarks<OrderedBlock<KnownHost>>();
  readonly #totals = new WeakMap<object, Totals>();
  readonly #searches = new Recent<string, HostSearch>(SEARCHES);
  /** What the searches were understood by. */
  #targets: readonly TargetConfig[] | undefined;

  constructor(options: HostListOptions) {
    this.#options = options;
  }

  /** How many there are, and how many open ports they have together. */
  totals(): Totals {
    let hosts = 0;
    let ports = 0;
    for (const block of this.#options.state.blocks) {
      const mark = this.#marks.of(block);
      const known = this.#totals.get(mark) ?? totalsOf(block.items);
      this.#totals.set(mark, known);
      hosts += known.hosts;
      ports += known.ports;
    }
    return { hosts, ports };
  }

  /** Those that fit a search, in order of address. */
  find(query: PartQuery): Part<HostRow> {
    const { networks, finder } = this.#searchOf(query.search);
    const found = finder.find(this.#chunks(networks[0]), query);
    return { ...found, rows: found.rows.map((host) => this.#row(host)) };
  }

  #searchOf(text: string): HostSearch {
    const targets = this.#options.targets();
    if (targets !== this.#targets) this.#searches.clear();
    this.#targets = targets;
    return this.#searches.of(text, () => {
      const search = parseSearch(text);
      const isNamed = this.#namedBy(search.text);
      const fits = (host: KnownHost) => openCount(host) > 0 && this.#fits(host, search, isNamed);
      const finder = new PartFinder<KnownHost, KnownHost>({
        count: (host) => fits(host) ? 1 : 0,
        rows: (host) => [host],
      });
      return { networks: search.networks, finder };
    });
  }

  #fits(host: KnownHost, search: Search, isNamed: IsNamed): boolean {
    const { address } = host;
    if (search.networks.length > 0 && !fitsAddress(search, address)) return false;
    for (const { ports, protocol } of search.ports) {
      const tcp = protocol === "udp" ? 0 : countIn(host.tcp?.open ?? NO_PORTS, ports);
      if (tcp === 0 && (protocol === "tcp" || countIn(host.udp?.open ?? NO_PORTS, ports) === 0)) {
        return false;
      }
    }
    return search.text === "" || address.text.includes(search.text) || isNamed(address);
  }

  /** Whether an address is of a target or a host name that `text` is part of the name of. */
  #namedBy(text: string): IsNamed {
    const named = new Set<TargetConfig>();
    const networks: Network[] = [];
    const resolved: Network[] = [];
    for (const target of text === "" ? [] : this.#options.targets()) {
      if (target.name.toLowerCase().includes(text) && hasOwnName(target)) {
        named.add(target);
        for (const { network } of target.networks) networks.push(network);
        continue;
      }
      for (const hostName of target.hostNames) {
        if (!hostName.includes(text)) continue;
        for (const address of this.#options.addressesOf(hostName)) {
          resolved.push(networkOf(address));
        }
      }
    }
    // To sort very many takes longer than to ask for each address until a part is full.
    const isSorted = networks.length <= MOST_SORTED;
    const sorted = NetworkSet.of(isSorted ? networks.concat(resolved) : resolved);
    if (isSorted) return (address) => sorted.has(address);
    const index = this.#options.index();
    return (address) => sorted.has(address) || index.isWithin(named, address);
  }

  /** Blocks as chunks; with a network, those that may have a host in it. */
  *#chunks(network: Network | undefined): Iterable<Chunk<KnownHost>> {
    const first = network && { family: network.family, value: network.base };
    const last = network && { family: network.family, value: lastOf(network) };
    for (const block of this.#options.state.blocks) {
      const { items } = block;
      if (first !== undefined && compareAddresses(items.at(-1)!.address, first) < 0) continue;
      if (last !== undefined && compareAddresses(items[0]!.address, last) > 0) return;
      yield { mark: this.#marks.of(block), items };
    }
  }

  #row(host: KnownHost): HostRow {
    const { address } = host;
    const verdictOf = this.#options.policy.verdictsAt(address);
    const ports: OpenPortView[] = [];
    for (const protocol of PROTOCOLS) {
      for (const port of host[protocol]?.open.slice(0, PORTS_IN_ROW - ports.length) ?? []) {
        ports.push({ port, protocol, verdict: verdictOf(protocol, port) });
      }
    }
    return {
      ip: address.text,
      name: this.#options.index().nameAt(address),
      openPorts: openCount(host),
      ports,
      lastSeen: this.#options.state.views.summary(address.text)?.lastSeen,
    };
  }
}

/** Whether a target has another name than the addresses that it is made of. */
function hasOwnName({ name, texts, hostNames }: TargetConfig): boolean {
  return hostNames.length > 0 || name !== texts.join(",");
}

function totalsOf(hosts: readonly KnownHost[]): Totals {
  let withOpen = 0;
  let ports = 0;
  for (const host of hosts) {
    const count = openCount(host);
    if (count > 0) withOpen++;
    ports += count;
  }
  return { hosts: withOpen, ports };
}

function openCount({ tcp, udp }: KnownHost): number {
  return (tcp?.open.length ?? 0) + (udp?.open.length ?? 0);
}
