/** A block that tells before it changes. */
export interface WatchedBlock {
  beforeNextChange(capture: () => void): void;
}

/**
 * Marks blocks that have not changed: the mark of a block is the same object until it does. What is
 * known by a mark is let go with it, and each block is told to tell once, however many know it.
 */
export class BlockMarks<Block extends WatchedBlock> {
  readonly #marks = new WeakMap<Block, object>();

  /** The mark of a block, as it is now. */
  of(block: Block): object {
    const known = this.#marks.get(block);
    if (known !== undefined) return known;
    const mark = {};
    this.#marks.set(block, mark);
    block.beforeNextChange(() => this.#marks.delete(block));
    return mark;
  }
}
