import assert from "node:assert/strict";
import { countOf, countText, percentOf } from "../../src/pages/numbers.ts";

Deno.test("countText() and countOf() keep thousands apart and know the plural", () => {
  assert.equal(countText(0), "0");
  assert.equal(countText(1_234_567), "1,234,567");
  assert.equal(countOf(1, "port"), "1 port");
  assert.equal(countOf(0, "port"), "0 ports");
  assert.equal(countOf(2, "address", "addresses"), "2 addresses");
});

Deno.test("percentOf() says only what is reached, whatever the fraction", () => {
  const f = (fraction: number, expected: number) => assert.equal(percentOf(fraction), expected);
  f(0, 0);
  f(0.4299, 42);
  f(0.9999, 99);
  f(1, 100);
  f(-1, 0);
  f(7, 100);
  f(NaN, 0);
  f(Infinity, 100);
});
