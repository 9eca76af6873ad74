import { addressBits, type Network, networkSize } from "../domain/network.ts";

/** The networks without those that lie in another one, in address order; what is left has the same addresses. */
export function distinctNetworks(networks: readonly Network[]): Network[] {
  const sorted = [...networks].sort((a, b) =>
    a.family - b.family || compare(a.base, b.base) || a.prefix - b.prefix
  );
  const distinct: Network[] = [];
  for (const network of sorted) {
    const last = distinct.at(-1);
    // CIDRs that overlap lie one in the other, and the broader one comes first.
    if (last === undefined || !contains(last, network)) distinct.push(network);
  }
  return distinct;
}

function contains(outer: Network, inner: Network): boolean {
  return outer.family === inner.family && outer.prefix <= inner.prefix &&
    outer.base >> BigInt(addressBits(outer.family) - outer.prefix) ===
      inner.base >> BigInt(addressBits(inner.family) - outer.prefix);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Number of addresses in networks of which no two overlap. */
export function totalSize(networks: readonly Network[]): bigint {
  return networks.reduce((sum, network) => sum + networkSize(network), 0n);
}
