import assert from "node:assert/strict";
import fc from "fast-check";
import {
  atMost,
  RateBudget,
  type RateLimits,
  type Reservation,
} from "../../src/scan/rate_budget.ts";
import { DEFAULTS } from "./builders.ts";
import { settle } from "./network.ts";

const NEVER = new AbortController().signal;

Deno.test("RateBudget gives every worker the same share, and waits when there is none left", async () => {
  const budget = new RateBudget({ workers: 3, totalRate: 100 });
  const held = [];
  for (let worker = 0; worker < 3; worker++) held.push((await budget.reserve(NEVER))!);
  assert.deepEqual(held.map(({ rate }) => rate), [33, 33, 33]);
  let fourth: Reservation | undefined;
  const waiting = budget.reserve(NEVER).then((reserved) => fourth = reserved);
  await settle();
  assert.equal(fourth, undefined);
  held[0]![Symbol.dispose]();
  held[0]![Symbol.dispose]();
  await waiting;
  assert.equal(fourth!.rate, 33);
  assert.equal(budget.reserved, 99);
});

Deno.test("RateBudget without a limit lets everything through", async () => {
  const budget = new RateBudget({ workers: 1, totalRate: 0 });
  for (let process = 0; process < 5; process++) {
    assert.equal((await budget.reserve(NEVER))!.rate, 0);
  }
});

Deno.test("RateBudget.reserve() gives up when it is stopped", async () => {
  const budget = new RateBudget({ workers: 1, totalRate: 10 });
  assert.equal(await budget.reserve(AbortSignal.abort()), undefined);
  const held = await budget.reserve(NEVER);
  const stop = new AbortController();
  const waiting = budget.reserve(stop.signal);
  stop.abort();
  assert.equal(await waiting, undefined);
  assert.equal(budget.reserved, held!.rate);
});

Deno.test("RateBudget never starts a process that takes the sum above the total, whatever changes", async () => {
  const someLimits = fc.record({
    workers: fc.integer({ min: 1, max: 12 }),
    totalRate: fc.integer({ min: 1, max: 40 }),
  });
  const someStep = fc.oneof(
    fc.record({ do: fc.constant("reserve" as const) }),
    fc.record({ do: fc.constant("end" as const), which: fc.nat() }),
    fc.record({ do: fc.constant("limit" as const), limits: someLimits }),
  );
  await fc.assert(fc.asyncProperty(
    someLimits,
    fc.array(someStep, { maxLength: 60 }),
    async (first, steps) => {
      let limits: RateLimits = first;
      const budget = new RateBudget(first);
      const held: Reservation[] = [];
      let waiting = 0;
      const sum = () => held.reduce((rate, reserved) => rate + reserved.rate, 0);
      for (const step of steps) {
        if (step.do === "reserve") {
          waiting++;
          void budget.reserve(NEVER).then((reserved) => {
            held.push(reserved!);
            waiting--;
            assert.ok(reserved!.rate >= 1);
          });
        } else if (step.do === "end" && held.length > 0) {
          held.splice(step.which % held.length, 1)[0]![Symbol.dispose]();
        } else if (step.do === "limit") budget.limits = limits = step.limits;
        const before = held.length;
        for (let turn = 0; turn < 40; turn++) await undefined;
        assert.equal(budget.reserved, sum());
        if (held.length > before) assert.ok(sum() <= limits.totalRate);
        // nothing waits that could run
        if (waiting > 0) assert.ok(sum() + budget.share > limits.totalRate);
      }
    },
  ));
});

Deno.test("atMost() lowers both rates, and leaves a rate out that was left out", () => {
  const f = (share: number, [minRate, maxRate]: [number, number], expected: [number, number]) => {
    const nmap = atMost(share, { ...DEFAULTS, minRate, maxRate });
    assert.deepEqual([nmap.minRate, nmap.maxRate], expected);
  };
  f(0, [1000, 0], [1000, 0]);
  f(100, [1000, 0], [100, 100]);
  f(100, [50, 70], [50, 70]);
  f(100, [0, 0], [0, 100]);
  f(100, [500, 700], [100, 100]);
});
