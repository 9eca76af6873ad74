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
import type { PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS, type ScanUnit } from "../domain/scan.ts";

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
  return networks.flatMap((network) =>
    protocols.map((protocol) => {
      const what = { protocol, ports: scanning.ports, portRange: scanning.portRange };
      const { count, at } = splitNetwork(network, what, scanning);
      const prefix = Math.max(network.prefix, unitPrefix(network, scanning));
      return {
        id: `${formatNetwork(network)} ${protocol} ${scanning.ports} /${prefix}`,
        network,
        protocol,
        ports: scanning.ports,
        unitPrefix: prefix,
        interval: scanning.interval,
        unitCount: count,
        unitAt: at,
      };
    })
  );
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
    at: (index) => {
      const part = subnetworkAt(network, prefix, index);
      return {
        key: { target: formatNetwork(part), portRange: what.portRange, protocol: what.protocol },
        network: part,
        ports: what.ports,
        nmap: scanning.nmap,
        timeout: scanning.timeout,
      };
    },
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
  const seen = new Set<string>();
  let cover: Network | undefined;
  for (const network of broadestFirst) {
    const splits = network.prefix <= unitPrefix(network, scanning);
    if (splits && cover !== undefined && networkContains(cover, firstAddress(network))) continue;
    if (seen.has(formatNetwork(network))) continue;
    if (splits) cover = network;
    seen.add(formatNetwork(network));
    kept.add(network);
  }
  return networks.filter((network) => kept.has(network));
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
