import type { Config, ScanningConfig } from "../config/config.ts";
import { formatNetwork, type Network, subnetworkAt, subnetworkCount } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { PortSet } from "../domain/ports.ts";
import type { Protocol, ScanUnit } from "../domain/scan.ts";
import { unitPrefix, type WantedNetwork, withoutOverlaps } from "./overlaps.ts";

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

/**
 * What the configuration asks to scan again and again, in the order of the configuration: every
 * network of every target, with each of its protocols and each schedule that is not of what is known.
 * Host names are not in it. Units with equal addresses, ports and protocol are one unit, with the text
 * of the first target that has it, the shortest interval of all that have it, and the options of the
 * narrowest of them that has options of its own.
 */
export function planTargets(config: Pick<Config, "targets" | "scanning">): PlannedTarget[] {
  const { maxCidrSize } = config.scanning;
  const groups = groupByPorts(config);
  const planned: { order: number; target: PlannedTarget }[] = [];
  for (const { protocol, ports, wanted } of groups) {
    for (const { network, rule, order } of withoutOverlaps(wanted, maxCidrSize)) {
      const { portRange, interval } = rule;
      const unitOptions = { maxCidrSize, ...rule.options };
      const { count, at } = splitNetwork(network, { protocol, ports, portRange }, unitOptions);
      const prefix = Math.max(network.prefix, unitPrefix(network, maxCidrSize));
      const target = {
        id: `${formatNetwork(network)} ${protocol} ${ports} /${prefix}`,
        network,
        protocol,
        ports,
        unitPrefix: prefix,
        interval,
        unitCount: count,
        unitAt: at,
      };
      planned.push({ order, target });
    }
  }
  return planned.sort((a, b) => a.order - b.order).map(({ target }) => target);
}

/** What is scanned with the same ports and protocol, so that its units can be equal. */
interface PortGroup {
  readonly protocol: Protocol;
  readonly ports: PortSet;
  readonly wanted: WantedNetwork[];
}

function groupByPorts(
  { targets, scanning }: Pick<Config, "targets" | "scanning">,
): Iterable<PortGroup> {
  const groups = new Map<string, PortGroup>();
  // Most targets share their ports: the text of a long list is not made and compared for each.
  const known = { tcp: new Map<PortSet, PortGroup>(), udp: new Map<PortSet, PortGroup>() };
  const groupOf = (protocol: Protocol, ports: PortSet): PortGroup => {
    const text = `${protocol} ${ports}`;
    const group = groups.get(text) ?? { protocol, ports, wanted: [] };
    groups.set(text, group);
    known[protocol].set(ports, group);
    return group;
  };
  let order = 0;
  for (const { networks, protocols, schedules, nmap, timeout } of targets) {
    const own = nmap !== scanning.nmap || timeout !== scanning.timeout;
    const options = { nmap, timeout, own };
    for (const { network } of networks) {
      for (const protocol of protocols) {
        for (const { ports, portRange, interval } of schedules) {
          if (ports === "known") continue;
          const set = ports[protocol];
          const { wanted } = known[protocol].get(set) ?? groupOf(protocol, set);
          wanted.push({ network, order, rule: { order, portRange, interval, options } });
          order++;
        }
      }
    }
  }
  return groups.values();
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
  { maxCidrSize, nmap, timeout }: Pick<ScanningConfig, "maxCidrSize" | "nmap" | "timeout">,
): { count: number; at: (index: number) => ScanUnit } {
  const prefix = unitPrefix(network, maxCidrSize);
  return {
    count: subnetworkCount(network, prefix),
    at: (index) => {
      const part = subnetworkAt(network, prefix, index);
      return {
        key: { target: formatNetwork(part), portRange: what.portRange, protocol: what.protocol },
        network: part,
        ports: what.ports,
        nmap,
        timeout,
      };
    },
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
  readonly ids: ReadonlySet<string>;
  readonly #index = new NetworkIndex<PlannedTarget>();

  /** Targets in the order of the configuration. */
  constructor(targets: readonly PlannedTarget[]) {
    this.targets = targets;
    this.ids = new Set(targets.map(({ id }) => id));
    for (const target of targets) this.#index.add(target.network, target);
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
