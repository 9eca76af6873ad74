import ipaddr from "ipaddr.js";
import { type Address, parseAddress } from "./address.ts";

/** What an IPv6 address may be written with, its longest form included. */
const IPV6_TEXT = /^(?=[^:]*:)[0-9a-f:.]{2,45}$/i;

/**
 * Reads an address as sockets, resolvers and proxies write it: without its zone, and an IPv4-mapped
 * one (`::ffff:192.0.2.1`) as the IPv4 address that it stands for. Undefined when it is none.
 */
export function readObservedAddress(text: string): Address | undefined {
  const plain = text.replace(/%[\w.-]{1,32}$/, "");
  try {
    return parseAddress(unmapped(plain));
  } catch {
    return undefined;
  }
}

/** @throws when it looks like IPv6 and is none. */
function unmapped(text: string): string {
  if (!IPV6_TEXT.test(text)) return text;
  // In groups, because ipaddr.js takes `::192.0.2.1` for the mapped address, which it is not.
  const groups = text.replace(/[^:]*\.[^:]*$/, (quad) => {
    const value = Number(parseAddress(quad).value);
    return `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`;
  });
  const address = ipaddr.IPv6.parse(groups);
  return address.isIPv4MappedAddress() ? address.toIPv4Address().toString() : groups;
}
