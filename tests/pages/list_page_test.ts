import assert from "node:assert/strict";
import type { PartQuery } from "../../src/overview/overview.ts";
import { listPage } from "../../src/pages/list_page.ts";

/** Reads pages of a list of `total` numbers, and remembers which. */
function makeList(total: number) {
  const queries: PartQuery[] = [];
  const all = Array.from({ length: total }, (_, i) => i);
  const read = (query: PartQuery) => {
    queries.push(query);
    const { offset, limit } = query;
    return { total, atLeast: false, rows: all.slice(offset, offset + limit) };
  };
  return { read, queries };
}

Deno.test("listPage() reads the rows of a page, and the last page instead of an empty one", () => {
  const f = (total: number, wanted: number, page: number, rows: [first: number, count: number]) => {
    const { read, queries } = makeList(total);
    const shown = listPage(read, { search: "x", page: wanted });
    assert.equal(shown.page, page);
    assert.deepEqual([shown.rows[0], shown.rows.length], rows);
    assert.equal(shown.total, total);
    assert(queries.every(({ search, limit }) => search === "x" && limit === 25));
  };
  f(60, 1, 1, [0, 25]);
  f(60, 3, 3, [50, 10]);
  f(60, 4, 3, [50, 10]);
  f(50, 3, 2, [25, 25]);
  f(60, 1_000_000, 3, [50, 10]);
  f(1, 2, 1, [0, 1]);
});

Deno.test("listPage() of nothing is its first page", () => {
  const { read, queries } = makeList(0);
  assert.deepEqual(listPage(read, { search: "", page: 9 }), {
    total: 0,
    atLeast: false,
    rows: [],
    page: 1,
  });
  assert.deepEqual(queries.map(({ offset }) => offset), [200, 0]);
});
