import type { Config } from "../config/config.ts";
import {
  addressBits,
  formatNetwork,
  type Network,
  networkContains,
  subnetworkAt,
  subnetworkCount,
} from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { Address } from "../domain/address.ts";
import { PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS, type ScanUnit } from "../domain/scan.ts";

/** Units up to which those of a target are known one by one from the start (contract, section 4). */
const MAX_KNOWN_UNITS = 256;

/** Whether a target has so many units that nothing is kept of one that was not begun. */
export function isLarge({ unitCount }: Pick<PlannedTarget, "unitCount">): boolean {
  return unitCount > MAX_KNOWN_UNITS;
}

/** One target with one protocol: any number of scan units, none of which is made before it is needed. */
export interface PlannedTarget {
  /** Network, protocol, ports and prefix of its units: what stays the same when its interval or options change. */
  readonly id: string;
  readonly network: Network;
  readonly protocol: Protocol;
  readonly ports: PortSet;
  /** Prefix length of its units. */
  readonly unitPrefix: number;
  /** Seconds from one start of a unit to the next. */
  readonly interval: number;
  readonly unitCount: number;
  /** The `index`-th unit in address order. */
  unitAt(index: number): ScanUnit;
}

/** What the configuration asks to scan again and again, in the order of the configuration. */
export function planTargets(config: Config): PlannedTarget[] {
  const { scanning } = config;
  const protocols = scanning.udpScan ? PROTOCOLS : PROTOCOLS.filter((name) => name === "tcp");
  const networks = withoutRepeats(config.targets.map((target) => target.network), scanning);
  const { ports, portRange } = scanning;
  const whats = protocols.map((protocol): ScanWhat => ({ protocol, ports, portRange }));
  return networks.flatMap((network) => whats.map((what) => new Target(network, what, scanning)));
}

/** A planned target that holds nothing but its network: there may be 100,000 of one configuration. */
class Target implements PlannedTarget {
  readonly network: Network;
  readonly #what: ScanWhat;
  readonly #scanning: Config["scanning"];

  constructor(network: Network, what: ScanWhat, scanning: Config["scanning"]) {
    this.network = network;
    this.#what = what;
    this.#scanning = scanning;
  }

  get id(): string {
    const { protocol, ports } = this.#what;
    return `${formatNetwork(this.network)} ${protocol} ${ports} /${this.unitPrefix}`;
  }

  get protocol(): Protocol {
    return this.#what.protocol;
  }

  get ports(): PortSet {
    return this.#what.ports;
  }

  get unitPrefix(): number {
    return Math.max(this.network.prefix, unitPrefix(this.network, this.#scanning));
  }

  get interval(): number {
    return this.#scanning.interval;
  }

  get unitCount(): number {
    return subnetworkCount(this.network, this.unitPrefix);
  }

  unitAt(index: number): ScanUnit {
    const part = subnetworkAt(this.network, this.unitPrefix, index);
    return newUnit(part, this.#what, this.#scanning);
  }
}

/** Ports and protocol of a scan, with the text that its label shows. */
export interface ScanWhat {
  readonly protocol: Protocol;
  readonly ports: PortSet;
  readonly portRange: string;
}

/** Splits a network into scan units no broader than `max_cidr_size`, each made when asked for. */
export function splitNetwork(
  network: Network,
  what: ScanWhat,
  scanning: Config["scanning"],
): { count: number; at: (index: number) => ScanUnit } {
  const prefix = unitPrefix(network, scanning);
  return {
    count: subnetworkCount(network, prefix),
    at: (index) => newUnit(subnetworkAt(network, prefix, index), what, scanning),
  };
}

function newUnit(
  network: Network,
  { portRange, protocol, ports }: ScanWhat,
  { nmap, timeout }: Config["scanning"],
): ScanUnit {
  return {
    key: { target: formatNetwork(network), portRange, protocol },
    network,
    ports,
    nmap,
    timeout,
  };
}

/** IPv6 networks are split at 96 + `max_cidr_size`, so that both versions give units of equal size. */
function unitPrefix({ family }: Network, { maxCidrSize }: Config["scanning"]): number {
  return addressBits(family) - 32 + maxCidrSize;
}

/** Drops networks all of whose units another one has as well; a narrower network is a unit of its own. */
function withoutRepeats(networks: readonly Network[], scanning: Config["scanning"]): Network[] {
  const broadestFirst = [...networks].sort((a, b) =>
    a.family - b.family || (a.base < b.base ? -1 : a.base > b.base ? 1 : a.prefix - b.prefix)
  );
  const kept = new Set<Network>();
  let cover: Network | undefined;
  let before: Network | undefined;
  for (const network of broadestFirst) {
    const splits = network.prefix <= unitPrefix(network, scanning);
    if (splits && cover !== undefined && networkContains(cover, firstAddress(network))) continue;
    // Equal ones are neighbours, the first written first.
    if (before !== undefined && isSame(before, network)) continue;
    if (splits) cover = network;
    before = network;
    kept.add(network);
  }
  return networks.filter((network) => kept.has(network));
}

function isSame(a: Network, b: Network): boolean {
  return a.family === b.family && a.base === b.base && a.prefix === b.prefix;
}

function firstAddress({ family, base }: Network): { family: Network["family"]; value: bigint } {
  return { family, value: base };
}

/** The unit of a target that has this network, with the options and the text of the target's ports. */
export function unitOf(
  target: PlannedTarget,
  { key, network }: Pick<ScanUnit, "key" | "network">,
): ScanUnit {
  const first = target.unitAt(0);
  return { ...first, network, key: { ...first.key, target: key.target } };
}

/** What is scanned again and again, with a way to find the target that a unit belongs to. */
export class Plan {
  readonly targets: readonly PlannedTarget[];
  readonly #index = new NetworkIndex<PlannedTarget>();
  readonly #successors = new WeakMap<PlannedTarget, PlannedTarget | undefined>();

  /** Targets in the order of the configuration. */
  constructor(targets: readonly PlannedTarget[]) {
    this.targets = targets;
    for (const target of targets) this.#index.add(target.network, target);
  }

  /** Ids of all targets, made when asked for: most of the time nobody needs them. */
  ids(): ReadonlySet<string> {
    return new Set(this.targets.map(({ id }) => id));
  }

  /** All ports that targets ask for at an address. */
  portsAt(address: Pick<Address, "family" | "value">, protocol: Protocol): PortSet {
    let ports = PortSet.EMPTY;
    for (const target of this.#index.containing(address)) {
      if (target.protocol === protocol) ports = ports.union(target.ports);
    }
    return ports;
  }

  /** The target that has the id of one of another plan, and so the same units. */
  successorOf(target: PlannedTarget): PlannedTarget | undefined {
    if (!this.#successors.has(target)) {
      const found = this.targetOf(target.unitAt(0));
      this.#successors.set(target, found?.id === target.id ? found : undefined);
    }
    return this.#successors.get(target);
  }

  /** The target that has this unit among its own; undefined when none does. */
  targetOf({ key, network, ports }: Pick<ScanUnit, "key" | "network" | "ports">) {
    for (const target of this.#index.containing({ ...network, value: network.base })) {
      const same = target.protocol === key.protocol && target.unitPrefix === network.prefix;
      if (same && target.ports.equals(ports)) return target;
    }
    return undefined;
  }
}
