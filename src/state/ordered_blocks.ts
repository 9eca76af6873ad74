/** Most items of a block: a few hundred samples, so that one change renders little again. */
const MAX_ITEMS = 128;

/** Neighbouring items that are read as a whole; whoever needs them as they are asks to be told before they change. */
export class OrderedBlock<Item> {
  /** In order; at least one. */
  readonly items: Item[];
  #watchers: (() => void)[] = [];

  constructor(items: Item[]) {
    this.items = items;
  }

  /** Calls `capture` once, right before the next change that readers can see. */
  beforeNextChange(capture: () => void): void {
    this.#watchers.push(capture);
  }

  /** To be called before an item changes in a way that readers can see. */
  change(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const capture of watchers) capture();
  }
}

/** Items in order, in blocks of at most 128: what is inserted or removed touches one block, seldom two. */
export class OrderedBlocks<Item> {
  readonly #compare: (a: Item, b: Item) => number;
  readonly #blocks: OrderedBlock<Item>[] = [];

  /** `compare` orders items and is 0 for none but the same item. */
  constructor(compare: (a: Item, b: Item) => number) {
    this.#compare = compare;
  }

  /** In order. */
  get all(): readonly OrderedBlock<Item>[] {
    return this.#blocks;
  }

  /** Tells the readers of an item's block that the item is about to change. */
  change(item: Item): void {
    this.#blocks[this.#indexOf(item)]!.change();
  }

  /** Puts an item in its place. */
  insert(item: Item): void {
    const index = this.#indexOf(item);
    const block = this.#blocks[index];
    if (block === undefined) {
      this.#blocks.push(new OrderedBlock([item]));
      return;
    }
    const place = this.#placeIn(block, item);
    if (block.items.length < MAX_ITEMS) {
      block.change();
      block.items.splice(place, 0, item);
    } else if (place === MAX_ITEMS) {
      // What comes in ascending order fills block after block, and leaves full ones alone.
      this.#blocks.splice(index + 1, 0, new OrderedBlock([item]));
    } else {
      block.change();
      const half = MAX_ITEMS / 2;
      const upper = block.items.splice(half);
      this.#blocks.splice(index + 1, 0, new OrderedBlock(upper));
      if (place <= half) block.items.splice(place, 0, item);
      else upper.splice(place - half, 0, item);
    }
  }

  /** Takes an item out that is in. */
  remove(item: Item): void {
    const index = this.#indexOf(item);
    const block = this.#blocks[index]!;
    block.change();
    block.items.splice(this.#placeIn(block, item), 1);
    if (block.items.length === 0) this.#blocks.splice(index, 1);
  }

  /** Items in order, those after `item` where one is given. */
  *after(item: Item | undefined): Iterable<Item> {
    const from = item === undefined ? 0 : this.#indexOf(item);
    for (const { items } of this.#blocks.slice(from)) {
      for (const each of items) {
        if (item === undefined || this.#compare(each, item) > 0) yield each;
      }
    }
  }

  /** Index of the last block that does not begin after `item`; 0 when all do. */
  #indexOf(item: Item): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#compare(this.#blocks[middle]!.items[0]!, item) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Where `item` is in the block, or belongs. */
  #placeIn({ items }: OrderedBlock<Item>, item: Item): number {
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#compare(items[middle]!, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
