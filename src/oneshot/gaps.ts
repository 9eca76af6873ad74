import { type Address, compareAddresses, parseAddress } from "../domain/address.ts";
import { PortSet } from "../domain/ports.ts";
import type { Protocol, ScanFailure } from "../domain/scan.ts";

/** Why nothing was learnt, and of which ports. */
export interface GapReason {
  readonly protocol: Protocol;
  readonly ports: PortSet;
  /** The ports as they were asked for, or as they are. */
  readonly portRange: string;
  readonly type: ScanFailure["type"];
  /** One line a person can act on. */
  readonly message: string;
}

/** Neighbouring addresses of which nothing was learnt for one reason. */
export interface Gap extends GapReason {
  readonly first: Address;
  readonly last: Address;
  /** Number of addresses, at least 1. */
  readonly count: number;
}

interface OpenGap {
  readonly reason: GapReason;
  readonly ranges: { first: Address; last: Address }[];
}

/** What a scan was asked for and did not find out, as few ranges of addresses. */
export class Gaps {
  readonly #gaps = new Map<string, OpenGap>();

  /** Adds addresses, canonical texts in any order. */
  add(addresses: Iterable<string>, reason: GapReason): void {
    const ranges = Array.from(addresses, (text) => {
      const address = parseAddress(text);
      return { first: address, last: address };
    });
    this.#append(ranges, reason);
  }

  /** Adds all addresses from `first` to `last`. */
  addRange(range: { readonly first: Address; readonly last: Address }, reason: GapReason): void {
    this.#append([{ ...range }], reason);
  }

  /** All there are, by address and in one order always; ranges that touch and have one reason are one. */
  all(): Gap[] {
    const gaps: Gap[] = [];
    for (const { reason, ranges } of this.#gaps.values()) {
      let previous: { first: Address; last: Address } | undefined;
      const merged = [];
      for (const { first, last } of ranges.toSorted((a, b) => compareAddresses(a.first, b.first))) {
        if (previous !== undefined && touches(previous.last, first)) {
          if (compareAddresses(last, previous.last) > 0) previous.last = last;
        } else merged.push(previous = { first, last });
      }
      for (const { first, last } of merged) {
        gaps.push({ ...reason, first, last, count: Number(last.value - first.value) + 1 });
      }
    }
    return gaps.sort((a, b) =>
      compareAddresses(a.first, b.first) || compareTexts(a.protocol, b.protocol) ||
      compareAddresses(a.last, b.last) || compareTexts(a.portRange, b.portRange) ||
      compareTexts(a.message, b.message)
    );
  }

  #append(ranges: { first: Address; last: Address }[], reason: GapReason): void {
    const { protocol, ports, type, message } = reason;
    const id = `${protocol} ${ports.id} ${type} ${message}`;
    const gap = this.#gaps.get(id) ?? { reason, ranges: [] };
    this.#gaps.set(id, gap);
    for (const range of ranges) {
      const before = gap.ranges.at(-1);
      // What is added in order takes no more room than its ends.
      if (
        before !== undefined && before.last.value + 1n === range.first.value &&
        before.last.family === range.first.family
      ) before.last = range.last;
      else gap.ranges.push(range);
    }
  }
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : +(a > b);
}

function touches(last: Address, first: Address): boolean {
  return last.family === first.family && first.value <= last.value + 1n;
}

/** The ports of an address and protocol that are in gaps. */
export function missingPorts(
  gaps: readonly Gap[],
  { address, protocol }: { readonly address: Address; readonly protocol: Protocol },
): PortSet {
  let ports = PortSet.EMPTY;
  for (const gap of gaps) {
    if (gap.protocol !== protocol || compareAddresses(gap.first, address) > 0) continue;
    if (compareAddresses(address, gap.last) <= 0) ports = ports.union(gap.ports);
  }
  return ports;
}
