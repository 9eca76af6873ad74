import { type Address, type Family, formatAddress, parseAddress } from "./address.ts";

/** An address block in CIDR terms; host bits of `base` are always zero. */
export interface Network {
  readonly family: Family;
  readonly base: bigint;
  /** Prefix length, 0 to 32 for IPv4, 0 to 128 for IPv6. */
  readonly prefix: number;
}

/** Most addresses that a target, or all targets together, may have (contract, section 2). */
export const MAX_ADDRESSES = 2n ** 24n;
/** Shortest IPv6 prefix that may be scanned (contract, section 2): 65,536 addresses. */
export const MIN_IPV6_PREFIX = 112;

/** Stands where a scan has no address yet: 0.0.0.0, which is nobody's and is never scanned. */
export const NO_NETWORK: Network = { family: 4, base: 0n, prefix: 32 };

/** Number of bits in an address of `family`. */
export function addressBits(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/**
 * Parses `ADDRESS` or `ADDRESS/PREFIX`; `masked` says that host bits were set and have been cleared.
 *
 * @throws {SyntaxError} when the text is neither, {RangeError} when the prefix is out of range.
 */
export function parseNetwork(text: string): { network: Network; masked: boolean } {
  const slash = text.indexOf("/");
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const bits = addressBits(address.family);
  let prefix: number = bits;
  if (slash >= 0) {
    const digits = text.slice(slash + 1);
    if (!/^(?:0|[1-9]\d{0,2})$/.test(digits)) {
      throw new SyntaxError(
        `Cannot read a prefix length after "/": write a number from 0 to ${bits}`,
      );
    }
    prefix = Number(digits);
    if (prefix > bits) {
      throw new RangeError(`Cannot use prefix length ${prefix}: it is above ${bits}`);
    }
  }
  const base = maskTo(address.value, bits - prefix);
  return { network: { family: address.family, base, prefix }, masked: base !== address.value };
}

function maskTo(value: bigint, hostBits: number): bigint {
  return (value >> BigInt(hostBits)) << BigInt(hostBits);
}

/** The network of one address. */
export function networkOf({ family, value }: Pick<Address, "family" | "value">): Network {
  return { family, base: value, prefix: addressBits(family) };
}

/** Whether it is one address. */
export function isSingle({ family, prefix }: Network): boolean {
  return prefix === addressBits(family);
}

/** Canonical text, always with its prefix: `127.0.0.1/32`. */
export function formatNetwork({ family, base, prefix }: Network): string {
  return `${formatAddress(family, base)}/${prefix}`;
}

/** Number of addresses, 1 to 2^128. */
export function networkSize({ family, prefix }: Network): bigint {
  return 1n << BigInt(addressBits(family) - prefix);
}

/** Value of the last address. */
export function lastOf(network: Network): bigint {
  return network.base + networkSize(network) - 1n;
}

/** Canonical text of the address `offset` places after the base; offset is 0 to size - 1. */
export function addressAt(network: Network, offset: number): string {
  return formatAddress(network.family, network.base + BigInt(offset));
}

/** Order of address, IPv4 first; of networks that begin with the same address, the broader first. */
export function compareNetworks(a: Network, b: Network): number {
  return a.family - b.family || (a.base < b.base ? -1 : a.base > b.base ? 1 : a.prefix - b.prefix);
}

/** Whether `address` lies in `network`. */
export function networkContains(
  network: Network,
  address: Pick<Address, "family" | "value">,
): boolean {
  return address.family === network.family &&
    maskTo(address.value, addressBits(network.family) - network.prefix) === network.base;
}

/** Whether all of `inner` lies in `outer`. */
export function containsNetwork(outer: Network, { family, base, prefix }: Network): boolean {
  return outer.prefix <= prefix && networkContains(outer, { family, value: base });
}

/** The networks in order of address, without those that lie in another. */
export function disjoint(networks: readonly Network[]): Network[] {
  const kept: Network[] = [];
  for (const network of networks.toSorted(compareNetworks)) {
    const last = kept.at(-1);
    // Of two networks that share an address one contains the other, and the broader came first.
    if (last === undefined || !containsNetwork(last, network)) kept.push(network);
  }
  return kept;
}

/** Number of addresses that lie in at least one of the networks. */
export function totalSize(networks: readonly Network[]): bigint {
  return disjoint(networks).reduce((sum, network) => sum + networkSize(network), 0n);
}

/** Number of sub-networks no broader than `prefix` that `network` splits into; 1 when it is as narrow. */
export function subnetworkCount(network: Network, prefix: number): number {
  return prefix <= network.prefix ? 1 : 2 ** (prefix - network.prefix);
}

/** The `index`-th of those sub-networks, in address order, computed without making the others. */
export function subnetworkAt(network: Network, prefix: number, index: number): Network {
  if (prefix <= network.prefix) return network;
  const step = 1n << BigInt(addressBits(network.family) - prefix);
  return { family: network.family, base: network.base + BigInt(index) * step, prefix };
}
