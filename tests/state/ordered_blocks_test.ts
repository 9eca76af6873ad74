import assert from "node:assert/strict";
import fc from "fast-check";
import { type OrderedBlock, OrderedBlocks } from "../../src/state/ordered_blocks.ts";

interface Item {
  readonly key: number;
  value: string;
}

const contents = (blocks: OrderedBlocks<Item>) =>
  blocks.all.map(({ items }) => items.map(({ key, value }) => `${key}${value}`).join());

const someSteps = fc.array(
  fc.record({ what: fc.constantFrom("insert", "change", "remove"), key: fc.nat(999) }),
  { maxLength: 1500, size: "max" },
);

Deno.test("OrderedBlocks keeps order, and tells each reader once before what it reads changes", () => {
  fc.assert(
    fc.property(someSteps, (steps) => {
      const blocks = new OrderedBlocks<Item>((a, b) => a.key - b.key);
      const known = new Map<number, Item>();
      /** What readers saw of each block when they began, and were told to keep. */
      const readers = new Map<OrderedBlock<Item>, string>();
      const text = ({ items }: OrderedBlock<Item>) =>
        items.map(({ key, value }) => key + value).join();
      steps.forEach(({ what, key }, step) => {
        const item = known.get(key);
        if (what === "insert" && item === undefined) {
          const added = { key, value: "" };
          known.set(key, added);
          blocks.insert(added);
        } else if (what === "change" && item !== undefined) {
          blocks.change(item);
          item.value = "x".repeat(step % 3);
        } else if (what === "remove" && item !== undefined) {
          known.delete(key);
          blocks.remove(item);
        }
        for (const block of blocks.all) {
          if (readers.has(block)) continue;
          readers.set(block, text(block));
          block.beforeNextChange(() => {
            assert.equal(text(block), readers.get(block));
            readers.delete(block);
          });
        }
        // A reader that was not told reads what is there.
        for (const [block, seen] of readers) assert.equal(text(block), seen);
      });
      const sorted = [...known.keys()].sort((a, b) => a - b);
      const keys = blocks.all.flatMap(({ items }) => items.map(({ key }) => key));
      assert.deepEqual(keys, sorted);
      assert.ok(blocks.all.every(({ items }) => items.length >= 1 && items.length <= 128));
      assert.deepEqual([...blocks.after(undefined)].map(({ key }) => key), sorted);
      const after = { key: 500, value: "" };
      assert.deepEqual(
        [...blocks.after(after)].map(({ key }) => key),
        sorted.filter((key) => key > 500),
      );
    }),
    { numRuns: 30 },
  );
});

Deno.test("OrderedBlocks.insert() of ascending items leaves full blocks full and unchanged", () => {
  const blocks = new OrderedBlocks<Item>((a, b) => a.key - b.key);
  for (let key = 0; key < 128; key++) blocks.insert({ key, value: "" });
  blocks.all[0]!.beforeNextChange(() => assert.fail("it changed"));
  for (let key = 128; key < 300; key++) blocks.insert({ key, value: "" });
  assert.deepEqual(contents(blocks).map((text) => text.split(",").length), [128, 128, 44]);
});
