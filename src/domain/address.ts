import ipaddr from "ipaddr.js";

/** IP version of an address or network. */
export type Family = 4 | 6;

/** One IP address: its version, its value as an unsigned integer and its canonical text. */
export interface Address {
  readonly family: Family;
  /** 0 to 2^32-1 for IPv4, 0 to 2^128-1 for IPv6. */
  readonly value: bigint;
  /** Dotted quad, or RFC 5952 text for IPv6. */
  readonly text: string;
}

const DOTTED_QUAD = /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/;
const HEX_GROUPS = /^[0-9a-fA-F:]{2,39}$/;
const MAPPED_PREFIX = 0xffffn;

/**
 * Parses one address strictly: four decimal octets without leading zeros, or IPv6 without zone.
 * Short, octal and hexadecimal IPv4 forms are refused because nmap and libc read them differently.
 *
 * @throws {SyntaxError} with a text that says what is allowed.
 */
export function parseAddress(text: string): Address {
  if (DOTTED_QUAD.test(text)) {
    let value = 0;
    for (const octet of text.split(".")) {
      if (Number(octet) > 255) throw new SyntaxError(`Cannot use octet ${octet}: it is above 255`);
      value = value * 256 + Number(octet);
    }
    return { family: 4, value: BigInt(value), text };
  }
  if (HEX_GROUPS.test(text) && text.includes(":")) {
    const value = parseIpv6(text);
    if (value >> 32n === MAPPED_PREFIX) {
      const ipv4 = formatAddress(4, value & 0xffffffffn);
      throw new SyntaxError(`Cannot use an IPv4-mapped address: write ${ipv4}`);
    }
    return { family: 6, value, text: formatAddress(6, value) };
  }
  throw new SyntaxError(
    "Cannot read an IP address here: write four decimal octets such as 192.0.2.1, or IPv6 such as 2001:db8::1",
  );
}

function parseIpv6(text: string): bigint {
  try {
    return bytesToBigint(ipaddr.IPv6.parse(text).toByteArray());
  } catch {
    throw new SyntaxError("Cannot read an IPv6 address here: write it such as 2001:db8::1");
  }
}

function bytesToBigint(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => value * 256n + BigInt(byte), 0n);
}

/** Canonical text of an address value: dotted quad, or RFC 5952 for IPv6. */
export function formatAddress(family: Family, value: bigint): string {
  if (family === 4) {
    const n = Number(value);
    return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
  }
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  return new ipaddr.IPv6(groups).toRFC5952String();
}

/** Orders addresses as a person would: IPv4 first, then by value. */
export function compareAddresses(
  a: Pick<Address, "family" | "value">,
  b: Pick<Address, "family" | "value">,
): number {
  if (a.family !== b.family) return a.family - b.family;
  return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
}
