import assert from "node:assert/strict";
import { parseTimeout } from "../../src/http/api_duration.ts";

Deno.test("parseTimeout() reads seconds, and durations as people and Go write them", () => {
  const f = (text: string, seconds: number) =>
    assert.equal(parseTimeout(text, { max: 1_000_000 }), seconds, text);
  f("1", 1);
  f("90", 90);
  f("90s", 90);
  f("30m", 1800);
  f("1m30s", 90);
  f("1h0m0s", 3600);
  f("1.5h", 5400);
  f("0.1m", 6);
  f("1d", 86_400);
  f("1d12h", 129_600);
  f("1000000", 1_000_000);
  // Rounded up, for less would end what was to have the time.
  f("1ms", 1);
  f("1500ms", 2);
  f("1m0.5s", 61);
  f("1.000000001s", 1);
});

Deno.test("parseTimeout() refuses everything else", () => {
  const read = /^Cannot read a duration here: write seconds, or text such as 30m or 1m30s$/;
  const texts = ["", " ", "s", "m30", "-1", "-5m", "+5m", "1e3", "1.5", ".5s", "1.s", "5 m", "5M"];
  for (
    const text of [
      ...texts,
      "1h30",
      "1us",
      "1µs",
      "1w",
      "Infinity",
      "null",
      "٣",
      "1m\n",
      "1".repeat(99),
    ]
  ) {
    assert.throws(
      () => parseTimeout(text, { max: 100 }),
      { name: "SyntaxError", message: read },
      text,
    );
  }
  for (const text of ["0", "0s", "0m", "101", "101s", "2m", "999999999d"]) {
    const message = `Cannot use ${text}: write 1 s to 100 s`;
    assert.throws(() => parseTimeout(text, { max: 100 }), { name: "RangeError", message }, text);
  }
});
