import type { Part, PartQuery } from "./overview.ts";

/** Items that lie together and stay as they are as long as `mark` is the same object. */
export interface Chunk<Item> {
  readonly mark: object;
  readonly items: readonly Item[];
}

/** What is looked for. */
export interface Wanted<Item, Row> {
  /** Number of rows that an item gives, 0 or more. */
  readonly count: (item: Item) => number;
  /** Those rows, in order. */
  readonly rows: (item: Item) => Iterable<Row>;
}

/** Items that are looked at in one go only to know how many more rows there are: a few milliseconds. */
const COUNTED_AT_ONCE = 10_000;

/**
 * Gives parts of a long list of rows. How many there are in a chunk is counted once while it stays as it
 * is. Rows that are asked for are found wherever they are; behind them counting is given up after a
 * while, and goes on from there the next time.
 */
export class PartFinder<Item, Row> {
  readonly #wanted: Wanted<Item, Row>;
  readonly #countedAtOnce: number;
  readonly #counts = new WeakMap<object, number>();

  constructor(wanted: Wanted<Item, Row>, { countedAtOnce = COUNTED_AT_ONCE } = {}) {
    this.#wanted = wanted;
    this.#countedAtOnce = countedAtOnce;
  }

  /** The part of the list that these chunks make up. */
  find(
    chunks: Iterable<Chunk<Item>>,
    { offset, limit }: Pick<PartQuery, "offset" | "limit">,
  ): Part<Row> {
    const rows: Row[] = [];
    let total = 0;
    let atLeast = false;
    let budget = this.#countedAtOnce;
    for (const chunk of chunks) {
      const isFull = rows.length >= limit;
      if (isFull && budget <= 0 && !this.#counts.has(chunk.mark)) {
        atLeast = true;
        continue;
      }
      const { count, looked } = this.#count(chunk);
      if (isFull) budget -= looked;
      else if (total + count > offset) {
        this.#add(rows, chunk.items, { skip: Math.max(0, offset - total), limit });
      }
      total += count;
    }
    return { total, atLeast, rows };
  }

  /** Number of rows in a chunk, and of items that had to be looked at to know it. */
  #count({ mark, items }: Chunk<Item>): { count: number; looked: number } {
    const known = this.#counts.get(mark);
    if (known !== undefined) return { count: known, looked: 0 };
    let count = 0;
    for (const item of items) count += this.#wanted.count(item);
    this.#counts.set(mark, count);
    return { count, looked: items.length };
  }

  #add(
    rows: Row[],
    items: readonly Item[],
    { skip, limit }: { skip: number; limit: number },
  ): void {
    let left = skip;
    for (const item of items) {
      const count = this.#wanted.count(item);
      if (count <= left) {
        left -= count;
        continue;
      }
      for (const row of this.#wanted.rows(item)) {
        if (left-- > 0) continue;
        left = 0;
        if (rows.length === limit) return;
        rows.push(row);
      }
    }
  }
}
