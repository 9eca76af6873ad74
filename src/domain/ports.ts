import { createHash } from "node:crypto";

/** Highest TCP or UDP port number. */
export const MAX_PORT = 65535;
/** Most comma-separated items in one port list; far above what people write, far below what nmap's command line holds. */
export const MAX_PORT_ITEMS = 1000;

/** Longest text that is its own id, and characters of the digest that stands for a longer one. */
const MAX_ID_LENGTH = 64;
const DIGEST_LENGTH = 32;

/** An inclusive range of ports, 1 <= first <= last <= 65535. */
export type PortRange = readonly [first: number, last: number];

/** An immutable set of ports, kept as sorted ranges that neither overlap nor touch. */
export class PortSet implements Iterable<number> {
  static readonly EMPTY = new PortSet([]);
  readonly ranges: readonly PortRange[];
  /** Number of ports, 0 to 65535. */
  readonly size: number;
  #text: string | undefined;
  #id: string | undefined;

  private constructor(ranges: readonly PortRange[]) {
    this.ranges = ranges;
    this.size = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  }

  /** The set of all ports in `ranges`, which may overlap and come in any order. */
  static fromRanges(ranges: Iterable<PortRange>): PortSet {
    const merged: [number, number][] = [];
    for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
      const previous = merged.at(-1);
      if (previous !== undefined && first <= previous[1] + 1) {
        previous[1] = Math.max(previous[1], last);
      } else merged.push([first, last]);
    }
    return merged.length === 0 ? PortSet.EMPTY : new PortSet(merged);
  }

  /** The set of the ports given one by one. */
  static of(ports: Iterable<number>): PortSet {
    return PortSet.fromRanges(Array.from(ports, (port): PortRange => [port, port]));
  }

  /** Whether `port` is in the set. */
  has(port: number): boolean {
    let low = 0;
    let high = this.ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const [first, last] = this.ranges[middle]!;
      if (port < first) high = middle - 1;
      else if (port > last) low = middle + 1;
      else return true;
    }
    return false;
  }

  /** Ports in either set. */
  union(other: PortSet): PortSet {
    if (this.covers(other)) return this;
    if (other.covers(this)) return other;
    return PortSet.fromRanges([...this.ranges, ...other.ranges]);
  }

  /** Ports in both sets. */
  intersect(other: PortSet): PortSet {
    if (other.covers(this)) return this;
    if (this.covers(other)) return other;
    const out: PortRange[] = [];
    for (let i = 0, j = 0; i < this.ranges.length && j < other.ranges.length;) {
      const a = this.ranges[i]!;
      const b = other.ranges[j]!;
      const first = Math.max(a[0], b[0]);
      const last = Math.min(a[1], b[1]);
      if (first <= last) out.push([first, last]);
      if (a[1] < b[1]) i++;
      else j++;
    }
    return PortSet.fromRanges(out);
  }

  /** Ports of this set that are not in `other`. */
  subtract(other: PortSet): PortSet {
    if (this.size === 0 || other.size === 0) return this;
    const out: PortRange[] = [];
    let j = 0;
    for (const [first, last] of this.ranges) {
      let next = first;
      while (j < other.ranges.length && other.ranges[j]![1] < first) j++;
      for (let k = j; k < other.ranges.length && other.ranges[k]![0] <= last; k++) {
        const [from, to] = other.ranges[k]!;
        if (from > next) out.push([next, from - 1]);
        next = Math.max(next, to + 1);
      }
      if (next <= last) out.push([next, last]);
    }
    return PortSet.fromRanges(out);
  }

  /** Whether every port of `other` is in this set. */
  covers(other: PortSet): boolean {
    if (this === other) return true;
    if (other.size > this.size) return false;
    let i = 0;
    return other.ranges.every(([first, last]) => {
      while (i < this.ranges.length && this.ranges[i]![1] < first) i++;
      const range = this.ranges[i];
      return range !== undefined && range[0] <= first && last <= range[1];
    });
  }

  /** Whether both sets hold the same ports. */
  equals(other: PortSet): boolean {
    return this.size === other.size && this.covers(other);
  }

  /** Ports in ascending order. */
  *[Symbol.iterator](): Iterator<number> {
    for (const [first, last] of this.ranges) {
      for (let port = first; port <= last; port++) yield port;
    }
  }

  /** Short text that only equal sets have: their canonical list, or a digest of it where that is long. */
  get id(): string {
    return this.#id ??= idOf(this.toString());
  }

  /** Canonical nmap list, `22,80,8000-8100`; empty text for the empty set. */
  toString(): string {
    return this.#text ??= this.ranges.map(([first, last]) =>
      first === last ? `${first}` : `${first}-${last}`
    ).join(",");
  }
}

function idOf(text: string): string {
  if (text.length <= MAX_ID_LENGTH) return text;
  const digest = createHash("sha256").update(text).digest("hex");
  return `sha256:${digest.slice(0, DIGEST_LENGTH)}`;
}

const ITEM = /^(0|[1-9]\d*)(?:-(0|[1-9]\d*))?$/;

/**
 * Parses a list of ports and ranges such as `22,80,8000-8100`: decimal numbers from 1 to 65535,
 * commas and hyphens, nothing else.
 *
 * @throws {SyntaxError} or {RangeError} that names the item and says what is allowed.
 */
export function parsePorts(text: string): PortSet {
  const items = text.split(",", MAX_PORT_ITEMS + 1);
  if (items.length > MAX_PORT_ITEMS) {
    throw new RangeError(`Cannot use a port list of more than ${MAX_PORT_ITEMS} items`);
  }
  return PortSet.fromRanges(items.map(parseItem));
}

function parseItem(item: string): PortRange {
  const match = ITEM.exec(item);
  const shown = JSON.stringify(item.length > 20 ? `${item.slice(0, 20)}…` : item);
  if (match === null) {
    throw new SyntaxError(
      `Cannot read ${shown} as a port: write numbers, ranges and commas such as 22,80,8000-8100`,
    );
  }
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (first < 1 || last < 1 || first > MAX_PORT || last > MAX_PORT) {
    throw new RangeError(`Cannot use port ${shown}: ports are 1 to ${MAX_PORT}`);
  }
  if (first > last) {
    throw new RangeError(
      `Cannot use range ${shown}: it ends before it begins (write ${last}-${first})`,
    );
  }
  return [first, last];
}

/** The text with the blanks around commas and hyphens taken out, as it stands in the label `port_range`. */
export function stripBlanks(text: string): string {
  return text.trim().replace(/[ \t]*([,-])[ \t]*/g, "$1");
}
