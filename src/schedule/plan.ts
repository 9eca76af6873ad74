import type { Config } from "../config/config.ts";
import type { Address } from "../domain/address.ts";
import { formatNetwork, type Network, subnetworkAt, subnetworkCount } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import { PortSet } from "../domain/ports.ts";
import {
  KNOWN_PORTS,
  type NmapOptions,
  portsId,
  type Protocol,
  type ScanUnit,
} from "../domain/scan.ts";
import { unitPrefix, type WantedNetwork, withoutOverlaps } from "./overlaps.ts";
import type { ScanOptions, ScanRule, ScanWhat } from "./scan_rule.ts";
import { wantedNetworks } from "./wanted_networks.ts";

/** Units up to which those of a target are known one by one from the start (contract, section 4). */
const MAX_KNOWN_UNITS = 256;

/** Whether a target has so many units that nothing is kept of one that was not begun. */
export function isLarge({ unitCount }: Pick<PlannedTarget, "unitCount">): boolean {
  return unitCount > MAX_KNOWN_UNITS;
}

/** One network with one set of ports: any number of scan units, none of which is made before it is needed. */
export interface PlannedTarget {
  /** Network, protocol, ports and prefix of its units: what stays the same when its interval or options change. */
  readonly id: string;
  readonly network: Network;
  readonly protocol: Protocol;
  /** Of a sweep of known ports, those that are expected. */
  readonly ports: PortSet;
  /** The label `port_range`. */
  readonly portRange: string;
  /** How nmap is run for it. */
  readonly nmap: NmapOptions;
  /** Prefix length of its units. */
  readonly unitPrefix: number;
  /** Seconds from one start of a unit to the next. */
  readonly interval: number;
  readonly unitCount: number;
  /** The `index`-th unit in address order. */
  unitAt(index: number): ScanUnit;
}

/**
 * What the configuration asks to scan again and again, in the order of the configuration: every
 * network of every target, with each of its protocols and each schedule.
 * Host names are not in it, nor is what is excluded. Units with equal addresses, ports and protocol
 * are one unit, with the text of the first target that has it, the shortest interval of all that have
 * it, and the options of the narrowest of them that has options of its own.
 */
export function planTargets(config: Pick<Config, "targets" | "scanning">): PlannedTarget[] {
  const { maxCidrSize } = config.scanning;
  const planned: WantedNetwork[] = [];
  for (const wanted of wantedNetworks(config)) {
    for (const item of withoutOverlaps(wanted, maxCidrSize)) planned.push(item);
  }
  return planned.sort((a, b) => a.order - b.order)
    .map(({ network, rule }) => new Target(network, rule));
}

/** A planned target that holds nothing but its network: there may be 100,000 of one configuration. */
class Target implements PlannedTarget {
  readonly network: Network;
  readonly #rule: ScanRule;

  constructor(network: Network, rule: ScanRule) {
    this.network = network;
    this.#rule = rule;
  }

  get id(): string {
    const ports = portsId(this.portRange, this.ports);
    return `${formatNetwork(this.network)} ${this.protocol} ${ports} /${this.unitPrefix}`;
  }

  get protocol(): Protocol {
    return this.#rule.what.protocol;
  }

  get ports(): PortSet {
    return this.#rule.what.ports;
  }

  get portRange(): string {
    return this.#rule.what.portRange;
  }

  get nmap(): NmapOptions {
    return this.#rule.options.nmap;
  }

  get unitPrefix(): number {
    return Math.max(this.network.prefix, unitPrefix(this.network, this.#rule.options.maxCidrSize));
  }

  get interval(): number {
    return this.#rule.interval;
  }

  get unitCount(): number {
    return subnetworkCount(this.network, this.unitPrefix);
  }

  unitAt(index: number): ScanUnit {
    const part = subnetworkAt(this.network, this.unitPrefix, index);
    return newUnit(part, this.#rule.what, this.#rule.options);
  }
}

/** Splits a network into scan units no broader than `max_cidr_size`, each made when asked for. */
export function splitNetwork(
  network: Network,
  what: ScanWhat,
  options: ScanOptions,
): { count: number; at: (index: number) => ScanUnit } {
  const prefix = unitPrefix(network, options.maxCidrSize);
  return {
    count: subnetworkCount(network, prefix),
    at: (index) => newUnit(subnetworkAt(network, prefix, index), what, options),
  };
}

function newUnit(
  network: Network,
  { portRange, protocol, ports }: ScanWhat,
  { nmap, timeout }: ScanOptions,
): ScanUnit {
  return {
    key: { target: formatNetwork(network), portRange, protocol },
    network,
    ports,
    nmap,
    timeout,
  };
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

  /**
   * How nmap is run for a unit that somebody asks for: as for the target that has it, else as for the
   * narrowest one around it whose options are not the `defaults`; of equals, as for one of its protocol.
   */
  optionsOf(
    unit: Pick<ScanUnit, "key" | "network" | "ports">,
    defaults: ScanOptions,
  ): Pick<ScanOptions, "nmap" | "timeout"> {
    const planned = this.targetOf(unit);
    if (planned !== undefined) return planned.unitAt(0);
    const { key, network } = unit;
    let options: Pick<ScanOptions, "nmap" | "timeout"> = defaults;
    let closest = -1;
    for (const target of this.#index.containing({ ...network, value: network.base })) {
      const { prefix } = target.network;
      const closeness = 2 * prefix + (target.protocol === key.protocol ? 1 : 0);
      if (prefix > network.prefix || closeness <= closest) continue;
      const own = target.unitAt(0);
      if (own.nmap === defaults.nmap && own.timeout === defaults.timeout) continue;
      options = own;
      closest = closeness;
    }
    return options;
  }

  /** The target that has this unit among its own; undefined when none does. */
  targetOf({ key, network, ports }: Pick<ScanUnit, "key" | "network" | "ports">) {
    const isKnownSweep = key.portRange === KNOWN_PORTS;
    for (const target of this.#index.containing({ ...network, value: network.base })) {
      const same = target.protocol === key.protocol && target.unitPrefix === network.prefix;
      if (!same || isKnownSweep !== (target.portRange === KNOWN_PORTS)) continue;
      if (isKnownSweep || target.ports.equals(ports)) return target;
    }
    return undefined;
  }
}
