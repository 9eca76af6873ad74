import assert from "node:assert/strict";
import fc from "fast-check";
import TinyQueue from "tinyqueue";
import { smallest } from "../../src/schedule/heap_walk.ts";

const keys = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 40 });

Deno.test("smallest() gives what sorting gives, and leaves the heaps as they are", () => {
  fc.assert(fc.property(fc.array(keys, { maxLength: 3 }), fc.nat(60), (lists, count) => {
    const heaps = lists.map((list) => new TinyQueue([...list]).data);
    const before = structuredClone(heaps);
    const found = [
      ...smallest(heaps.map((data) => ({ data, keyOf: (key: number) => key })), count),
    ];
    const expected = lists.flat().sort((a, b) => a - b).slice(0, count);
    assert.deepEqual(found.map(([item]) => item), expected);
    assert.deepEqual(found.map(([, key]) => key), expected);
    assert.deepEqual(heaps, before);
  }));
});

Deno.test("smallest() looks at no more than it must", () => {
  const { data } = new TinyQueue(Array.from({ length: 10_000 }, (_, index) => index));
  let looks = 0;
  const keyOf = (key: number) => {
    looks++;
    return key;
  };
  assert.equal([...smallest([{ data, keyOf }], 10)].length, 10);
  assert.ok(looks <= 21, `${looks}`);
});
