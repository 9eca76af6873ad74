import assert from "node:assert/strict";
import { agoText, lengthText } from "../../src/pages/assets/ago.js";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

Deno.test("lengthText() takes one unit, or two where one would be too rough", () => {
  const f = (milliseconds: number, expected: string) =>
    assert.equal(lengthText(milliseconds), expected);
  f(0, "0 s");
  f(999, "0 s");
  f(59_999, "59 s");
  f(MINUTE, "1 min");
  f(HOUR - 1, "59 min");
  f(HOUR, "1 h");
  f(2 * HOUR - 1, "1 h 59 min");
  f(DAY - 1, "23 h 59 min");
  f(DAY, "1 d");
  f(DAY + 5 * HOUR, "1 d 5 h");
  f(10 * DAY - 1, "9 d 23 h");
  f(10 * DAY, "10 d");
  f(400 * DAY + HOUR, "400 d");
});

Deno.test("agoText() tells past from future", () => {
  const f = (time: number, expected: string) => assert.equal(agoText(time, 1e12), expected);
  f(1e12, "now");
  f(1e12 - 999, "now");
  f(1e12 + 999, "now");
  f(1e12 - SECOND, "1 s ago");
  f(1e12 + SECOND, "in 1 s");
  f(1e12 - 3 * MINUTE, "3 min ago");
  f(1e12 + 90 * MINUTE, "in 1 h 30 min");
});
