import { parseNetwork } from "../domain/network.ts";
import type { NetworkSet } from "../domain/network_set.ts";

const networksOf = (texts: readonly string[]) => texts.map((text) => parseNetwork(text).network);

const ALL = networksOf(["0.0.0.0/0", "::/0"]);

/**
 * What is not of the public internet (IANA's registries of special-purpose IPv4 and IPv6 addresses);
 * of IPv6, all but 2000::/3 is not. No two overlap.
 */
const NOT_PUBLIC = networksOf([
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/3",
  "::/3",
  "2001:db8::/32",
  "3fff::/20",
  "4000::/2",
  "8000::/1",
]);

/** Number of addresses in a set. */
export function countAddresses(set: NetworkSet): bigint {
  return ALL.reduce((sum, network) => sum + set.countIn(network), 0n);
}

/** How many addresses of a set are public: not private, loopback, link-local, multicast, reserved or for documentation. */
export function countPublic(set: NetworkSet): bigint {
  return NOT_PUBLIC.reduce((left, network) => left - set.countIn(network), countAddresses(set));
}
