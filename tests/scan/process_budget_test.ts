import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import fc from "fast-check";
import { ProcessBudget } from "../../src/scan/process_budget.ts";

/** A budget on a fake clock; the timers of the program are put back when it is disposed of. */
function makeBudget(total: number) {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"], now: 1_000_000 });
  const budget = new ProcessBudget({ total, now: () => clock.now });
  return { clock, budget, [Symbol.dispose]: () => clock.uninstall() };
}

Deno.test("ProcessBudget counts what has ended and what runs, side by side", () => {
  using made = makeBudget(10_000);
  const { clock, budget } = made;
  assert.equal(budget.left, 10_000);
  const first = budget.charge();
  clock.tick(1000);
  assert.equal(budget.left, 9000);
  const second = budget.charge();
  clock.tick(2000);
  assert.equal(budget.left, 5000);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.equal(budget.left, 5000);
  clock.tick(500);
  assert.equal(budget.left, 4500);
  second[Symbol.dispose]();
  clock.tick(60_000);
  assert.equal(budget.left, 4500);
  assert.ok(!first.signal.aborted && !second.signal.aborted);
  assert.equal(clock.countTimers(), 0);
});

Deno.test("ProcessBudget cuts all that runs once the sum is used up, and not before", () => {
  using made = makeBudget(10_000);
  const { clock, budget } = made;
  const [early, ...running] = [budget.charge(), budget.charge(), budget.charge()];
  clock.tick(1000);
  early![Symbol.dispose]();
  // 7 s are left to two processes
  clock.tick(3499);
  assert.ok(budget.left > 0 && running.every(({ signal }) => !signal.aborted));
  clock.tick(51);
  assert.deepEqual(running.map(({ signal }) => signal.aborted), [true, true]);
  assert.equal(early!.signal.aborted, false);
  assert.equal(budget.left, 0);
  for (const process of running) process[Symbol.dispose]();
  assert.equal(budget.left, 0);
  assert.equal(clock.countTimers(), 0);
});

Deno.test("ProcessBudget lets a process with a limit of its own end by that", () => {
  using made = makeBudget(2000);
  const { clock, budget } = made;
  using process = budget.charge();
  clock.tick(2000);
  assert.equal(budget.left, 0);
  assert.equal(process.signal.aborted, false);
});

Deno.test("ProcessBudget cuts one at once that begins when nothing is left", () => {
  using made = makeBudget(1000);
  const { clock, budget } = made;
  budget.charge();
  clock.tick(5000);
  using late = budget.charge();
  clock.tick(50);
  assert.ok(late.signal.aborted);
});

Deno.test("ProcessBudget waits for longer than a timer can", () => {
  using made = makeBudget(2 ** 33);
  const { clock, budget } = made;
  using process = budget.charge();
  clock.tick(2 ** 33 - 1);
  assert.equal(process.signal.aborted, false);
  clock.tick(100);
  assert.ok(process.signal.aborted);
});

Deno.test("ProcessBudget cuts nothing before it is used up and all soon after, whatever begins and ends when", () => {
  const steps = fc.array(
    fc.record({ ms: fc.nat(400), begin: fc.boolean(), end: fc.nat(9) }),
    { maxLength: 30 },
  );
  fc.assert(fc.property(fc.integer({ min: 1, max: 5000 }), steps, (total, list) => {
    using made = makeBudget(total);
    const { clock, budget } = made;
    const running: ReturnType<typeof budget.charge>[] = [];
    let sum = 0;
    const cut = () => running.filter(({ signal }) => signal.aborted);
    for (const { ms, begin, end } of list) {
      if (begin) running.push(budget.charge());
      // since nothing was left and nothing else happened
      let over = 0;
      for (let step = 0; step < ms; step += 10) {
        over = sum < total ? 0 : over + 10;
        clock.tick(10);
        sum += running.length * 10;
        if (sum < total) assert.equal(cut().length, 0);
        if (over > 50) assert.equal(cut().length, running.length);
      }
      assert.equal(budget.left, Math.max(0, total - sum));
      if (end < running.length) running.splice(end, 1)[0]![Symbol.dispose]();
    }
    for (const process of running) process[Symbol.dispose]();
    assert.equal(clock.countTimers(), 0);
  }));
});
