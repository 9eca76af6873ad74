import type { Address, Family } from "./address.ts";
import { addressBits, type Network, networkSize } from "./network.ts";

/** An inclusive range of address values. */
type Range = readonly [first: bigint, last: bigint];

/**
 * What is no host's address, and what a system takes for its own: 0.0.0.0/8 and :: (RFC 1122, section
 * 3.2.1.3; RFC 4291, section 2.5.2).
 */
const NO_HOSTS: readonly Network[] = [
  { family: 4, base: 0n, prefix: 8 },
  { family: 6, base: 0n, prefix: 128 },
];

/** Everything that is never scanned: what was excluded, and what is no host's address. */
export function neverScanned(exclude: readonly Network[]): NetworkSet {
  return NetworkSet.of([...exclude, ...NO_HOSTS]);
}

/** An immutable set of addresses, made of networks, kept as sorted ranges that neither overlap nor touch. */
export class NetworkSet {
  static readonly EMPTY = new NetworkSet({ 4: [], 6: [] });
  readonly #ranges: Readonly<Record<Family, readonly Range[]>>;

  private constructor(ranges: Readonly<Record<Family, readonly Range[]>>) {
    this.#ranges = ranges;
  }

  /** The addresses of all `networks`, which may overlap and come in any order. */
  static of(networks: Iterable<Network>): NetworkSet {
    const ranges: Record<Family, Range[]> = { 4: [], 6: [] };
    for (const network of networks) ranges[network.family].push(rangeOf(network));
    return new NetworkSet({ 4: merge(ranges[4]), 6: merge(ranges[6]) });
  }

  /** Whether no address is in the set. */
  get isEmpty(): boolean {
    return this.#ranges[4].length === 0 && this.#ranges[6].length === 0;
  }

  /** Whether `address` is in the set. */
  has({ family, value }: Pick<Address, "family" | "value">): boolean {
    const range = this.#from(family, value);
    return range !== undefined && range[0] <= value;
  }

  /** Whether every address of `network` is in the set, be it by several networks of it. */
  covers(network: Network): boolean {
    const [first, last] = rangeOf(network);
    const range = this.#from(network.family, first);
    return range !== undefined && range[0] <= first && last <= range[1];
  }

  /** Whether some address of `network` is in the set. */
  overlaps(network: Network): boolean {
    const [first, last] = rangeOf(network);
    const range = this.#from(network.family, first);
    return range !== undefined && range[0] <= last;
  }

  /** How many addresses of `network` are in the set, 0 to 2^128. */
  countIn(network: Network): bigint {
    let count = 0n;
    for (const [first, last] of this.#within(network)) count += last - first + 1n;
    return count;
  }

  /**
   * What is left of `network` without the addresses of this set, as the fewest networks, in address
   * order; each is made when asked for.
   */
  *outside(network: Network): Generator<Network, void> {
    const { family } = network;
    let [next, end] = rangeOf(network);
    for (const [first, last] of this.#within(network)) {
      yield* networksOf(family, next, first - 1n);
      next = last + 1n;
    }
    yield* networksOf(family, next, end);
  }

  /** The ranges cut to `network`, in order. */
  *#within(network: Network): Generator<Range, void> {
    const [start, end] = rangeOf(network);
    const ranges = this.#ranges[network.family];
    for (let i = indexFrom(ranges, start); i < ranges.length; i++) {
      const [first, last] = ranges[i]!;
      if (first > end) return;
      yield [first > start ? first : start, last < end ? last : end];
    }
  }

  /** The first range that ends at `value` or above it. */
  #from(family: Family, value: bigint): Range | undefined {
    const ranges = this.#ranges[family];
    return ranges[indexFrom(ranges, value)];
  }
}

function rangeOf(network: Network): Range {
  return [network.base, network.base + networkSize(network) - 1n];
}

function merge(ranges: Range[]): Range[] {
  const merged: [bigint, bigint][] = [];
  for (const [first, last] of ranges.sort((a, b) => a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)) {
    const previous = merged.at(-1);
    if (previous === undefined || first > previous[1] + 1n) merged.push([first, last]);
    else if (last > previous[1]) previous[1] = last;
  }
  return merged;
}

/** Index of the first range that ends at `value` or above it; the number of ranges where none does. */
function indexFrom(ranges: readonly Range[], value: bigint): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]![1] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The fewest networks that hold exactly the addresses from `first` to `last`; none where it ends before it begins. */
function* networksOf(family: Family, first: bigint, last: bigint): Generator<Network, void> {
  const bits = addressBits(family);
  for (let base = first; base <= last;) {
    let hostBits = 0;
    let size = 1n;
    // As broad as the alignment of its base and the end of the range allow.
    while (hostBits < bits && base % (size * 2n) === 0n && base + size * 2n - 1n <= last) {
      hostBits++;
      size *= 2n;
    }
    yield { family, base, prefix: bits - hostBits };
    base += size;
  }
}
