import assert from "node:assert/strict";
import { clockText, isoText } from "../../src/pages/when.tsx";

Deno.test("isoText() and clockText() are in UTC, to the second", () => {
  const time = Date.UTC(2026, 0, 31, 2, 3, 4, 567);
  assert.equal(isoText(time), "2026-01-31T02:03:04Z");
  assert.equal(clockText(time), "2026-01-31 02:03:04");
  assert.equal(isoText(0.5), "1970-01-01T00:00:00Z");
});

Deno.test("isoText() and clockText() take what is no time", () => {
  for (const time of [NaN, Infinity, -Infinity, 8.64e15 + 1]) {
    assert.equal(isoText(time), undefined);
    assert.equal(clockText(time), "unknown");
  }
});
