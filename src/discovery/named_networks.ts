import type { TargetConfig, TargetNetwork } from "../config/config.ts";
import type { Address } from "../domain/address.ts";
import { addressAt, addressBits, formatNetwork, networkOf } from "../domain/network.ts";

/** A host name of a target. */
export interface NameOfTarget {
  readonly target: TargetConfig;
  readonly hostName: string;
}

/** Targets that have nothing but networks to be scanned, and where those of names came from. */
export interface NamedNetworks {
  /** In the order in which they were given; one without a known address of a name is the one that was given. */
  readonly targets: readonly TargetConfig[];
  /** Those that have a host name, by it. */
  readonly byName: ReadonlyMap<string, readonly TargetConfig[]>;
  /** Host names that an address came from, by the address; not of one that some target has written. */
  readonly origins: ReadonlyMap<string, readonly NameOfTarget[]>;
}

/** Adds a network for each known address of a host name to the target that has the name. */
export function nameNetworks(
  written: readonly TargetConfig[],
  addressesOf: (hostName: string) => readonly Address[],
): NamedNetworks {
  const byName = new Map<string, TargetConfig[]>();
  const origins = new Map<string, NameOfTarget[]>();
  const targets = written.map((given) => {
    if (given.hostNames.length === 0) return given;
    const target = withAddresses(given, addressesOf);
    for (const hostName of given.hostNames) {
      append(byName, hostName, target);
      for (const { text } of addressesOf(hostName)) append(origins, text, { target, hostName });
    }
    return target;
  });
  if (origins.size > 0) {
    for (const { networks } of written) {
      for (const { network } of networks) {
        if (network.prefix === addressBits(network.family)) origins.delete(addressAt(network, 0));
      }
    }
  }
  return { targets, byName, origins };
}

function withAddresses(
  given: TargetConfig,
  addressesOf: (hostName: string) => readonly Address[],
): TargetConfig {
  const seen = new Set(given.networks.map(({ network }) => formatNetwork(network)));
  const added: TargetNetwork[] = [];
  for (const hostName of given.hostNames) {
    for (const address of addressesOf(hostName)) {
      const network = networkOf(address);
      const text = formatNetwork(network);
      if (seen.has(text)) continue;
      seen.add(text);
      added.push({ text: address.text, network });
    }
  }
  return added.length === 0 ? given : { ...given, networks: [...given.networks, ...added] };
}

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
