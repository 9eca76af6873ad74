/** Most items of a block. */
export const BLOCK_SIZE = 256;

/** Neighbours in a list, for a reader that keeps what it made of them until they change. */
export interface RecordBlock<T> {
  /** 1 to 256 items, in the order in which they were added. */
  readonly items: readonly T[];
  /** Calls `capture` once, right before an item changes, comes or goes. */
  beforeNextChange(capture: () => void): void;
}

class MutableBlock implements RecordBlock<BlockMember> {
  items: BlockMember[] = [];
  #watchers: (() => void)[] = [];

  beforeNextChange(capture: () => void): void {
    this.#watchers.push(capture);
  }

  change(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const capture of watchers) capture();
  }
}

/** Base of what can be in one list of blocks; it knows its block, so that nothing has to be searched. */
export class BlockMember {
  #block: MutableBlock | undefined;

  /** For `RecordBlocks`: the block of a member. */
  static blockOf(member: BlockMember): MutableBlock | undefined {
    return member.#block;
  }

  /** For `RecordBlocks`: puts a member into a block, or out of all. */
  static setBlock(member: BlockMember, block: MutableBlock | undefined): void {
    member.#block = block;
  }
}

/**
 * A list in insertion order, cut into blocks that tell before they change. A change costs O(1), and so
 * does an addition; a removal costs one block, and a batch of removals one pass over the blocks.
 */
export class RecordBlocks<T extends BlockMember> {
  #blocks: MutableBlock[] = [];

  /** The blocks, none of them empty. A block is the same object as long as it is there. */
  all(): readonly RecordBlock<T>[] {
    return this.#blocks as readonly RecordBlock<BlockMember>[] as readonly RecordBlock<T>[];
  }

  /** Adds a member that is in no list, at the end. */
  add(member: T): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.items.length === BLOCK_SIZE) {
      block = new MutableBlock();
      this.#blocks.push(block);
    }
    block.change();
    block.items.push(member);
    BlockMember.setBlock(member, block);
  }

  /** Tells the readers of a member's block that the member is about to change. */
  change(member: T): void {
    BlockMember.blockOf(member)?.change();
  }

  /** Takes items out, and lets neighbouring blocks become one where both are half empty. */
  remove(items: ReadonlySet<T>): void {
    const concerned = new Set<MutableBlock>();
    for (const member of items) {
      const block = BlockMember.blockOf(member);
      if (block !== undefined) concerned.add(block);
      BlockMember.setBlock(member, undefined);
    }
    if (concerned.size === 0) return;
    for (const block of concerned) {
      block.change();
      block.items = block.items.filter((member) => BlockMember.blockOf(member) === block);
    }
    const kept: MutableBlock[] = [];
    for (const block of this.#blocks) {
      const before = kept.at(-1);
      if (block.items.length === 0) continue;
      if (before === undefined || before.items.length + block.items.length > BLOCK_SIZE / 2) {
        kept.push(block);
        continue;
      }
      for (const each of [before, block]) each.change();
      for (const member of block.items) {
        before.items.push(member);
        BlockMember.setBlock(member, before);
      }
    }
    this.#blocks = kept;
  }
}
