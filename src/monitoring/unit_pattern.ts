import { formatAddress } from "../domain/address.ts";
import { formatNetwork, type Network, subnetworkAt, subnetworkCount } from "../domain/network.ts";
import { numberPattern } from "./number_pattern.ts";
import { literalPattern } from "./promql.ts";

/**
 * An RE2 expression for the labels `target` of all units of a network: short, however many there are. An
 * IPv6 network is /112 or narrower.
 */
export function unitPattern(network: Network, unitPrefix: number): string {
  const count = subnetworkCount(network, unitPrefix);
  const first = subnetworkAt(network, unitPrefix, 0);
  if (count === 1) return literalPattern(formatNetwork(first));
  const last = subnetworkAt(network, unitPrefix, count - 1);
  const addresses = network.family === 4 ? ipv4Pattern(first, last) : ipv6Pattern(first, last);
  return `${addresses}/${unitPrefix}`;
}

/** The network is a power of two at a multiple of it, so that each octet has a range of its own. */
function ipv4Pattern(first: Network, last: Network): string {
  return [24n, 16n, 8n, 0n]
    .map((shift) => {
      const octet = ({ base }: Network) => Number((base >> shift) & 0xffn);
      return numberPattern(octet(first), octet(last), 10);
    })
    .join("[.]");
}

/** Only the last group differs; where it is 0, the text may be shortened elsewhere. */
function ipv6Pattern({ family, base }: Network, last: Network): string {
  const [low, high] = [Number(base & 0xffffn), Number(last.base & 0xffffn)];
  const head = formatAddress(family, (base & ~0xffffn) | 1n).slice(0, -1);
  const others = literalPattern(head) + numberPattern(Math.max(low, 1), high, 16);
  return low > 0 ? others : `(?:${literalPattern(formatAddress(family, base))}|${others})`;
}
