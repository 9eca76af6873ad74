import { addressBits, compareNetworks, type Network } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import type { Protocol } from "../domain/scan.ts";

/** A target that says which ports may be open. */
export interface PolicyTarget {
  /** No two targets have the same. */
  readonly name: string;
  /** They may overlap, among each other and with those of other targets. */
  readonly networks: readonly Network[];
  /** Host names of it that no address is known of. */
  readonly unresolved: number;
  /** Ports that must be open. */
  readonly expected: Readonly<Record<Protocol, PortSet>>;
  /** Ports that may be open. */
  readonly allowed: Readonly<Record<Protocol, PortSet>>;
}

/** Whether `network` is one address. */
export function isSingle({ family, prefix }: Network): boolean {
  return prefix === addressBits(family);
}

/** The networks in order of address, without those that lie in another. */
export function disjoint(networks: readonly Network[]): Network[] {
  const kept: Network[] = [];
  for (const network of networks.toSorted(compareNetworks)) {
    const last = kept.at(-1);
    // Of two networks that share an address one contains the other, and the broader came first.
    if (last === undefined || last.family !== network.family || network.base > lastOf(last)) {
      kept.push(network);
    }
  }
  return kept;
}

/** Value of the last address of a network. */
export function lastOf({ family, base, prefix }: Network): bigint {
  return base + (1n << BigInt(addressBits(family) - prefix)) - 1n;
}
