import assert from "node:assert/strict";
import { AgeClock } from "../../src/state/age_clock.ts";

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 6, 1);

/** A clock of ages beside a monotonic clock that begins at 0, and a wall clock that can be set. */
function setUp() {
  const clocks = { now: 0, ahead: 0 };
  const ages = new AgeClock({
    now: () => clocks.now,
    wallClock: () => START + clocks.now + clocks.ahead,
  });
  return { clocks, age: () => ages.now() - START };
}

Deno.test("AgeClock follows a wall clock that is slewed, or set back, at once", () => {
  const { clocks, age } = setUp();
  for (const ahead of [0, 20, HOUR, 2 * HOUR, -HOUR, -10 * 365 * DAY]) {
    clocks.now += 1000;
    clocks.ahead = ahead;
    assert.equal(age(), clocks.now + ahead);
  }
});

Deno.test("AgeClock believes a wall clock that was set far ahead after a day, not sooner", () => {
  const { clocks, age } = setUp();
  const leap = 3650 * DAY;
  clocks.ahead = leap;
  assert.equal(age(), 0);
  clocks.now = DAY - 1;
  assert.equal(age(), clocks.now);
  clocks.now = DAY;
  assert.equal(age(), clocks.now + leap);
  clocks.now += 1000;
  assert.equal(age(), clocks.now + leap);
});

Deno.test("AgeClock forgets its doubt when the wall clock is set right", () => {
  const { clocks, age } = setUp();
  clocks.ahead = 3650 * DAY;
  age();
  clocks.now = DAY / 2;
  clocks.ahead = 0;
  assert.equal(age(), clocks.now);
  clocks.ahead = 3650 * DAY;
  age();
  clocks.now = 1.25 * DAY;
  assert.equal(age(), clocks.now);
});
