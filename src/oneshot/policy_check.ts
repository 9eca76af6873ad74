import type { PortsByProtocol, TargetConfig } from "../config/config.ts";
import { type Address, compareAddresses, formatAddress, parseAddress } from "../domain/address.ts";
import {
  containsNetwork,
  disjoint,
  formatNetwork,
  isSingle,
  lastOf,
  type Network,
} from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import { NetworkSet } from "../domain/network_set.ts";
import { PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS, type ScanUnit } from "../domain/scan.ts";
import type { PortState } from "../state/port_state.ts";
import { SEEN } from "./address_table.ts";
import type { Findings } from "./findings.ts";
import { type Gap, missingPorts } from "./gaps.ts";

/** A port of an address, and the target that says something about it. */
export interface JudgedPort {
  /** Name of the target. */
  readonly name: string;
  /** Canonical text. */
  readonly address: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** Expected ports of which nothing can be said, of one address or of a network in which nothing answered. */
export interface UnjudgedPorts {
  /** Name of the target. */
  readonly name: string;
  /** Canonical text of an address, or of a network with its prefix. */
  readonly place: string;
  readonly protocol: Protocol;
  readonly ports: PortSet;
}

/** How what was found complies with what the targets say of their ports. */
export interface PolicyCheck {
  /** Open, and neither expected nor allowed. */
  readonly unexpected: readonly JudgedPort[];
  /** Expected, looked at and not open. */
  readonly missing: readonly JudgedPort[];
  /** Expected, and asked for in vain: the scan of them failed, or nothing answered where they should be. */
  readonly unknown: readonly UnjudgedPorts[];
  /** Expected, and not asked for. */
  readonly notChecked: readonly UnjudgedPorts[];
  /** Networks that were scanned and that no target with a policy has, in order. */
  readonly withoutPolicy: readonly Network[];
}

/** What is judged, by whom. */
export interface PolicyCheckInput {
  /** Those that have a policy; host names stand beside the addresses of them that are known. */
  readonly targets: readonly Pick<TargetConfig, "name" | "networks" | "expected" | "allowed">[];
  readonly units: readonly ScanUnit[];
  readonly findings: Findings;
  readonly state: PortState;
}

/**
 * Judges what one scan found. Ports are expected of every address that a target names on its own, and
 * in networks of each that answered; where nothing answers in all that was scanned of a network,
 * nobody knows whether its ports are there.
 */
export function checkPolicy({ targets, units, findings, state }: PolicyCheckInput): PolicyCheck {
  const asked = new AskedPorts(units);
  const gaps = findings.gaps();
  const scanned = disjoint(units.map(({ network }) => network));
  const judged = { unexpected: unexpectedPorts(targets, state), ...emptyLists() };
  const judgeAddress = (name: string, address: Address, expected: PortsByProtocol) => {
    for (const protocol of PROTOCOLS) {
      if (expected[protocol].size === 0) continue;
      const there = asked.at(address, protocol);
      const open = PortSet.of(state.openPorts({ address: address.text, protocol }));
      const lost = lostPorts(address, protocol, { findings, gaps }).subtract(open);
      const place = { name, place: address.text, protocol };
      note(judged.notChecked, { ...place, ports: expected[protocol].subtract(there) });
      note(judged.unknown, {
        ...place,
        ports: expected[protocol].intersect(there).intersect(lost),
      });
      const looked = expected[protocol].intersect(there).subtract(lost);
      for (const port of looked.subtract(open)) {
        judged.missing.push({ name, address: address.text, port, protocol });
      }
    }
  };
  const answering = [...answeringHosts(state, findings)];
  for (const { name, networks, expected } of targets) {
    if (expected.tcp.size + expected.udp.size === 0) continue;
    const own = networks.map(({ network }) => network);
    const singles = new Set<string>();
    for (const network of disjoint(own.filter(isSingle))) {
      const address = parseAddress(formatAddress(network.family, network.base));
      singles.add(address.text);
      if (asked.has(address)) judgeAddress(name, address, expected);
    }
    for (const network of disjoint(own.filter((one) => !isSingle(one)))) {
      const hosts = hostsWithin(answering, network);
      for (const address of hosts) {
        if (!singles.has(address.text)) judgeAddress(name, address, expected);
      }
      if (hosts.length > 0) continue;
      for (const part of commonParts(scanned, network)) {
        const base = parseAddress(formatAddress(part.family, part.base));
        for (const protocol of PROTOCOLS) {
          // A network is asked for the same ports throughout.
          const there = asked.at(base, protocol);
          const place = { name, place: formatNetwork(part), protocol };
          note(judged.unknown, { ...place, ports: expected[protocol].intersect(there) });
          note(judged.notChecked, { ...place, ports: expected[protocol].subtract(there) });
        }
      }
    }
  }
  const known = NetworkSet.of(
    targets.flatMap(({ networks }) => networks.map(({ network }) => network)),
  );
  return { ...judged, withoutPolicy: scanned.flatMap((part) => [...known.outside(part)]) };
}

function emptyLists() {
  return {
    missing: new Array<JudgedPort>(),
    unknown: new Array<UnjudgedPorts>(),
    notChecked: new Array<UnjudgedPorts>(),
  };
}

function note(list: UnjudgedPorts[], entry: UnjudgedPorts): void {
  if (entry.ports.size > 0) list.push(entry);
}

/** Which ports were asked for where. */
class AskedPorts {
  readonly #index = new NetworkIndex<ScanUnit>();

  constructor(units: readonly ScanUnit[]) {
    for (const unit of units) this.#index.add(unit.network, unit);
  }

  has(address: Address): boolean {
    return !this.#index.containing(address)[Symbol.iterator]().next().done;
  }

  at(address: Address, protocol: Protocol): PortSet {
    let ports = PortSet.EMPTY;
    for (const unit of this.#index.containing(address)) {
      if (unit.key.protocol === protocol) ports = ports.union(unit.ports);
    }
    return ports;
  }
}

function unexpectedPorts(targets: PolicyCheckInput["targets"], state: PortState): JudgedPort[] {
  const index = new NetworkIndex<PolicyCheckInput["targets"][number]>();
  for (const target of targets) {
    for (const network of disjoint(target.networks.map((item) => item.network))) {
      index.add(network, target);
    }
  }
  const found: JudgedPort[] = [];
  for (const { items } of state.blocks) {
    for (const { address, ...host } of items) {
      for (const { name, expected, allowed } of index.containing(address)) {
        for (const protocol of PROTOCOLS) {
          for (const port of host[protocol]?.open ?? []) {
            if (expected[protocol].has(port) || allowed[protocol].has(port)) continue;
            found.push({ name, address: address.text, port, protocol });
          }
        }
      }
    }
  }
  return found;
}

/** Ports that were asked for in vain. */
function lostPorts(
  address: Address,
  protocol: Protocol,
  { findings, gaps }: { readonly findings: Findings; readonly gaps: readonly Gap[] },
): PortSet {
  // Nearly every address has none, and gaps may be many.
  if (!findings.table.has(address, SEEN.gap)) return PortSet.EMPTY;
  return missingPorts(gaps, { address, protocol });
}

/** Addresses where something answered, in order. */
function* answeringHosts(state: PortState, { table }: Findings): Iterable<Address> {
  for (const { items } of state.blocks) {
    for (const { address } of items) if (table.has(address, SEEN.answered)) yield address;
  }
}

function hostsWithin(hosts: readonly Address[], network: Network): Address[] {
  const first = { family: network.family, value: network.base };
  const last = { family: network.family, value: lastOf(network) };
  let low = 0;
  let high = hosts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareAddresses(hosts[middle]!, first) < 0) low = middle + 1;
    else high = middle;
  }
  const found: Address[] = [];
  for (let i = low; i < hosts.length && compareAddresses(hosts[i]!, last) <= 0; i++) {
    found.push(hosts[i]!);
  }
  return found;
}

/** Of networks of which none lies in another, the parts that lie in `network`, or `network` where it lies in one. */
function commonParts(networks: readonly Network[], network: Network): Network[] {
  return networks.flatMap((one) =>
    containsNetwork(network, one) ? [one] : containsNetwork(one, network) ? [network] : []
  );
}
