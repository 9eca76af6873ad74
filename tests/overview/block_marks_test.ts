import assert from "node:assert/strict";
import { BlockMarks } from "../../src/overview/block_marks.ts";
import { OrderedBlock } from "../../src/state/ordered_blocks.ts";

Deno.test("BlockMarks.of() is the same until the block changes", () => {
  const marks = new BlockMarks<OrderedBlock<number>>();
  const [one, two] = [new OrderedBlock([1]), new OrderedBlock([2])];
  const first = marks.of(one);
  assert.equal(marks.of(one), first);
  assert.notEqual(marks.of(two), first);
  one.change();
  const second = marks.of(one);
  assert.notEqual(second, first);
  assert.equal(marks.of(one), second);
});

Deno.test("BlockMarks watches a block once for each change", () => {
  let watchers = 0;
  const block = { beforeNextChange: () => void watchers++ };
  const marks = new BlockMarks<typeof block>();
  for (let i = 0; i < 5; i++) marks.of(block);
  assert.equal(watchers, 1);
});
