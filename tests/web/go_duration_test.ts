import assert from "node:assert/strict";
import { parseGoDuration } from "../../src/web/go_duration.ts";

Deno.test("parseGoDuration() reads what Go reads, and nothing without its unit", () => {
  const f = (text: string, expected: number | undefined) =>
    assert.equal(parseGoDuration(text), expected, text);
  f("0", 0);
  f("1s", 1000);
  f("200ms", 200);
  f("1.5h", 5_400_000);
  f("1m30s", 90_000);
  f(".5s", 500);
  f("1µs", 0.001);
  f("3us", 0.003);
  for (const text of ["", "1", "s", "1 s", "-1s", "1d", "1s ", "1..2s", "1e3s"]) f(text, undefined);
});
