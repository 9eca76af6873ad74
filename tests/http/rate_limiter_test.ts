import assert from "node:assert/strict";
import fc from "fast-check";
import { RateLimiter } from "../../src/http/rate_limiter.ts";

/** A limiter and its clock. */
function makeLimiter(perMinute: number) {
  const clock = { ms: 5_000 };
  return { limiter: new RateLimiter({ perMinute, now: () => clock.ms }), clock };
}

Deno.test("RateLimiter lets a minute's requests pass at once, then spreads them over the minute", () => {
  const { limiter, clock } = makeLimiter(30);
  // [milliseconds that pass before, requests, answers]
  const steps: readonly (readonly [number, number, readonly number[]])[] = [
    [0, 30, Array(30).fill(0)],
    [0, 2, [2, 2]],
    [1_000, 1, [1]],
    [1_000, 2, [0, 2]],
    [1_999, 1, [1]],
    [1, 1, [0]],
    [30_000, 16, [...Array(15).fill(0), 2]],
    // However long nobody asks, no more than one minute's requests pass at once.
    [86_400_000, 31, [...Array(30).fill(0), 2]],
  ];
  for (const [pause, requests, expected] of steps) {
    clock.ms += pause;
    assert.deepEqual(Array.from({ length: requests }, () => limiter.take()), expected);
  }
});

Deno.test("RateLimiter.setPerMinute() changes the limit, and what was taken stays taken", () => {
  const { limiter, clock } = makeLimiter(30);
  // [milliseconds that pass before, new limit, requests, answers]
  const steps: readonly (readonly [number, number, number, readonly number[]])[] = [
    [0, 30, 20, Array(20).fill(0)],
    [0, 30, 11, [...Array(10).fill(0), 2]],
    // Two more than those that were taken.
    [0, 32, 3, [0, 0, 2]],
    [0, 60, 29, [...Array(28).fill(0), 1]],
    [1_000, 60, 2, [0, 1]],
    // Lowered below what was taken.
    [0, 1, 1, [60]],
    [0, 0, 3, [0, 0, 0]],
    // After no limit at all, a full minute's worth.
    [0, 2, 3, [0, 0, 30]],
    [60_000, 2, 3, [0, 0, 30]],
  ];
  for (const [pause, limit, requests, expected] of steps) {
    clock.ms += pause;
    limiter.setPerMinute(limit);
    assert.deepEqual(Array.from({ length: requests }, () => limiter.take()), expected);
  }
  // No number of reloads makes up for a wait.
  for (let i = 0; i < 1000; i++) {
    limiter.setPerMinute(2 + i % 2);
    limiter.setPerMinute(2);
    assert.ok(limiter.take() > 0);
  }
});

Deno.test("RateLimiter with 0 per minute lets everything pass", () => {
  const { limiter } = makeLimiter(0);
  for (let i = 0; i < 1000; i++) assert.equal(limiter.take(), 0);
});

Deno.test("RateLimiter with 1 per minute makes the second wait a minute", () => {
  const { limiter, clock } = makeLimiter(1);
  assert.equal(limiter.take(), 0);
  assert.equal(limiter.take(), 60);
  clock.ms += 59_001;
  assert.equal(limiter.take(), 1);
  clock.ms += 999;
  assert.equal(limiter.take(), 0);
});

Deno.test("RateLimiter keeps its word: who waits as long as it says passes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 }),
      (perMinute, pauses) => {
        const { limiter, clock } = makeLimiter(perMinute);
        for (let i = 0; i < perMinute; i++) limiter.take();
        for (const pause of pauses) {
          clock.ms += pause;
          limiter.take();
        }
        const wait = limiter.take();
        assert.ok(Number.isInteger(wait) && wait >= 0 && wait <= 60);
        clock.ms += wait * 1000;
        if (wait > 0) assert.equal(limiter.take(), 0);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("RateLimiter keeps its word however often others ask meanwhile", () => {
  for (let perMinute = 1; perMinute <= 60; perMinute++) {
    const { limiter, clock } = makeLimiter(perMinute);
    for (let i = 0; i < perMinute; i++) limiter.take();
    const due = clock.ms + limiter.take() * 1000;
    while (limiter.take() > 0) assert.ok(++clock.ms <= due, `${perMinute} per minute`);
  }
});

Deno.test("RateLimiter never lets more pass in a minute than twice its limit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 300 }),
      (perMinute, pauses) => {
        const { limiter, clock } = makeLimiter(perMinute);
        const passed: number[] = [];
        for (const pause of pauses) {
          clock.ms += pause;
          if (limiter.take() === 0) passed.push(clock.ms);
        }
        for (const from of passed) {
          const within = passed.filter((at) => at >= from && at < from + 60_000).length;
          assert.ok(within <= 2 * perMinute, `${within} of ${perMinute}`);
        }
      },
    ),
  );
});
