import assert from "node:assert/strict";
import { parseMilliseconds, parseSeconds } from "../../src/config/duration.ts";

Deno.test("parseSeconds() reads whole seconds, minutes, hours and days", () => {
  const f = (text: string, expected: number | undefined) =>
    assert.equal(parseSeconds(text), expected, text);
  f("0s", 0);
  f("90s", 90);
  f("15m", 900);
  f("6h", 21_600);
  f("1d", 86_400);
  f("1h30m", 5400);
  f("1d2h3m4s", 93_784);
  f("90m", 5400);
  // not durations
  f("", undefined);
  f("90", undefined);
  f("s", undefined);
  f("1.5h", undefined);
  f("-1h", undefined);
  f("1H", undefined);
  f("1h 30m", undefined);
  f("30m1h", undefined);
  f("1h1h", undefined);
  f("500ms", undefined);
  f("1w", undefined);
  f("1e3s", undefined);
  f("9999999999s", undefined);
});

Deno.test("parseMilliseconds() reads whole milliseconds and seconds", () => {
  const f = (text: string, expected: number | undefined) =>
    assert.equal(parseMilliseconds(text), expected, text);
  f("0ms", 0);
  f("150ms", 150);
  f("1s", 1000);
  f("1s500ms", 1500);
  // not durations
  f("", undefined);
  f("150", undefined);
  f("1.5s", undefined);
  f("1m", undefined);
  f("500ms1s", undefined);
  f("-1ms", undefined);
});
