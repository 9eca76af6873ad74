import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BLOCK_SIZE,
  BlockMember,
  type RecordBlock,
  RecordBlocks,
} from "../../src/state/record_blocks.ts";

class Item extends BlockMember {
  readonly name: number;

  constructor(name: number) {
    super();
    this.name = name;
  }
}

function makeBlocks(count: number) {
  const blocks = new RecordBlocks<Item>();
  const items = Array.from({ length: count }, (_, name) => new Item(name));
  for (const item of items) blocks.add(item);
  const names = () => blocks.all().flatMap((block) => block.items.map(({ name }) => name));
  /** The blocks that told of a change while `act` ran, with what was in them then. */
  const changedBy = (act: () => void) => {
    const told = new Map<RecordBlock<Item>, number[]>();
    for (const block of blocks.all()) {
      block.beforeNextChange(() => told.set(block, block.items.map(({ name }) => name)));
    }
    act();
    return told;
  };
  return { blocks, items, names, changedBy };
}

Deno.test("RecordBlocks keeps the order in blocks of at most 256", () => {
  const { blocks, names } = makeBlocks(600);
  assert.deepEqual(blocks.all().map(({ items }) => items.length), [256, 256, 88]);
  assert.deepEqual(names(), Array.from({ length: 600 }, (_, name) => name));
  assert.deepEqual(makeBlocks(0).blocks.all(), []);
});

Deno.test("RecordBlocks.change() tells the readers of one block, once", () => {
  const { blocks, items, changedBy } = makeBlocks(600);
  const told = changedBy(() => {
    blocks.change(items[300]!);
    blocks.change(items[301]!);
  });
  assert.deepEqual([...told.keys()], [blocks.all()[1]]);
});

Deno.test("RecordBlocks.remove() tells the blocks concerned, before, and no other", () => {
  const { blocks, items, names, changedBy } = makeBlocks(600);
  const [first, second, third] = blocks.all();
  const told = changedBy(() => blocks.remove(new Set([items[0]!, items[599]!])));
  assert.deepEqual(blocks.all(), [first, second, third]);
  assert.deepEqual([...told.keys()], [first, third]);
  assert.deepEqual([...told.values()].map((names) => names.length), [256, 88]);
  assert.deepEqual(names(), Array.from({ length: 598 }, (_, index) => index + 1));
  // one that left is in no block
  const toldAgain = changedBy(() => {
    blocks.change(items[0]!);
    blocks.remove(new Set([items[0]!]));
  });
  assert.equal(toldAgain.size, 0);
});

Deno.test("RecordBlocks.remove() leaves no empty block, and joins those that are nearly empty", () => {
  const { blocks, items, names, changedBy } = makeBlocks(BLOCK_SIZE * 8);
  const left = items.filter(({ name }) => name % 32 === 0);
  const told = changedBy(() =>
    blocks.remove(new Set(items.filter((item) => !left.includes(item))))
  );
  assert.deepEqual(blocks.all().map(({ items }) => items.length), [64]);
  assert.equal(told.size, 8);
  assert.deepEqual(names(), left.map(({ name }) => name));
  blocks.remove(new Set(left));
  assert.deepEqual(blocks.all(), []);
});

Deno.test("RecordBlocks tells before a reader of a block would see something else", () => {
  const step = fc.oneof(
    fc.record({ add: fc.constant(true) }),
    fc.record({ remove: fc.array(fc.nat(), { minLength: 1, maxLength: 400 }) }),
  );
  fc.assert(fc.property(fc.integer({ min: 0, max: 700 }), fc.array(step), (count, steps) => {
    const { blocks, items } = makeBlocks(count);
    const expected = [...items];
    let next = count;
    for (const one of steps) {
      const untold = new Map(blocks.all().map((block) => [block, [...block.items]]));
      for (const [block, items] of untold) {
        block.beforeNextChange(() => {
          assert.deepEqual(block.items, items);
          untold.delete(block);
        });
      }
      if ("add" in one) {
        const item = new Item(next++);
        expected.push(item);
        blocks.add(item);
      } else if (expected.length > 0) {
        const gone = new Set(one.remove.map((index) => expected[index % expected.length]!));
        expected.splice(0, expected.length, ...expected.filter((item) => !gone.has(item)));
        blocks.remove(gone);
      }
      const now = blocks.all();
      assert.deepEqual(now.flatMap(({ items }) => items), expected);
      assert.ok(now.every(({ items }) => items.length > 0 && items.length <= BLOCK_SIZE));
      for (const [block, items] of untold) {
        if (now.includes(block)) assert.deepEqual(block.items, items);
      }
    }
  }));
});
