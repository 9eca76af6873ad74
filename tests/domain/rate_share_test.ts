import assert from "node:assert/strict";
import fc from "fast-check";
import { lowerLimit, rateShare } from "../../src/domain/rate_share.ts";

Deno.test("rateShare() shares the total out evenly, to fewer where there is too little", () => {
  const f = (total: number, workers: number, atOnce: number, rate: number) =>
    assert.deepEqual(rateShare(total, workers), { workers: atOnce, rate });
  f(0, 10, 10, 0);
  f(1000, 10, 10, 100);
  f(1009, 10, 10, 100);
  f(10, 10, 10, 1);
  f(9, 10, 9, 1);
  f(1, 1000, 1, 1);
});

Deno.test("rateShare() never gives out more than the total", () => {
  const number = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(fc.property(number, number, (total, workers) => {
    const share = rateShare(total, workers);
    assert.ok(share.workers * share.rate <= total);
    assert.ok(share.rate >= 1 && share.workers >= 1 && share.workers <= workers);
  }));
});

Deno.test("lowerLimit() takes 0 for no limit", () => {
  assert.deepEqual([lowerLimit(0, 0), lowerLimit(0, 5), lowerLimit(5, 0), lowerLimit(5, 3)], [
    0,
    5,
    5,
    3,
  ]);
});
