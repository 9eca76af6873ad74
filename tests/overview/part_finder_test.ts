import assert from "node:assert/strict";
import fc from "fast-check";
import { type Chunk, PartFinder } from "../../src/overview/part_finder.ts";

/** An item `n` gives the rows `n.0` to `n.(n-1)`. */
const WANTED = {
  count: (item: number) => item,
  rows: (item: number) => Array.from({ length: item }, (_, row) => `${item}.${row}`),
};

function chunksOf(lists: readonly (readonly number[])[]): Chunk<number>[] {
  return lists.map((items) => ({ mark: {}, items }));
}

const someLists = fc.array(fc.array(fc.nat(4), { maxLength: 5 }), { maxLength: 8 });
const someQuery = fc.record({ offset: fc.nat(40), limit: fc.integer({ min: 1, max: 12 }) });

Deno.test("PartFinder gives what cutting the whole list gives", () => {
  fc.assert(fc.property(someLists, fc.array(someQuery, { maxLength: 4 }), (lists, queries) => {
    const all = lists.flat().flatMap(WANTED.rows);
    const finder = new PartFinder(WANTED);
    const chunks = chunksOf(lists);
    for (const { offset, limit } of queries) {
      assert.deepEqual(finder.find(chunks, { offset, limit }), {
        total: all.length,
        atLeast: false,
        rows: all.slice(offset, offset + limit),
      });
    }
  }));
});

Deno.test("PartFinder gives every row once on the pages of any size", () => {
  fc.assert(fc.property(someLists, fc.integer({ min: 1, max: 9 }), (lists, limit) => {
    const finder = new PartFinder(WANTED, { countedAtOnce: 3 });
    const chunks = chunksOf(lists);
    const rows: string[] = [];
    for (let offset = 0;; offset += limit) {
      const part = finder.find(chunks, { offset, limit });
      if (part.rows.length === 0) break;
      assert.ok(part.total >= offset + part.rows.length);
      rows.push(...part.rows);
    }
    assert.deepEqual(rows, lists.flat().flatMap(WANTED.rows));
  }));
});

Deno.test("PartFinder counts what stays once, and what changed again", () => {
  const counted: number[] = [];
  const finder = new PartFinder<number, number>({
    count: (item) => {
      counted.push(item);
      return 1;
    },
    rows: (item) => [item],
  });
  const chunks = chunksOf([[1, 2], [3]]);
  const rest = { offset: 3, limit: 1 };
  assert.equal(finder.find(chunks, rest).total, 3);
  assert.equal(finder.find(chunks, rest).total, 3);
  assert.deepEqual(counted.splice(0), [1, 2, 3]);
  chunks[1] = { mark: {}, items: [3, 4] };
  assert.equal(finder.find(chunks, { offset: 4, limit: 1 }).total, 4);
  assert.deepEqual(counted, [3, 4]);
});

Deno.test("PartFinder gives up counting behind what is shown, and goes on the next time", () => {
  const finder = new PartFinder(WANTED, { countedAtOnce: 2 });
  const chunks = chunksOf([[1], [1, 1], [1, 1], [1], [2]]);
  const f = (total: number, atLeast: boolean) => {
    assert.deepEqual(finder.find(chunks, { offset: 0, limit: 1 }), {
      total,
      atLeast,
      rows: ["1.0"],
    });
  };
  f(3, true);
  f(5, true);
  f(8, false);
  f(8, false);
});

Deno.test("PartFinder finds a row that is asked for, however far it is", () => {
  const finder = new PartFinder(
    { count: (item: number) => item === 999 ? 1 : 0, rows: (item) => [item] },
    { countedAtOnce: 1 },
  );
  const chunks = chunksOf(Array.from({ length: 1000 }, (_, index) => [index]));
  assert.deepEqual(finder.find(chunks, { offset: 0, limit: 5 }), {
    total: 1,
    atLeast: false,
    rows: [999],
  });
});
