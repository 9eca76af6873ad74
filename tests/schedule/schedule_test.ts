import assert from "node:assert/strict";
import fc from "fast-check";
import { Schedule } from "../../src/schedule/schedule.ts";
import { makeTarget } from "./builders.ts";

/** Everything that is due at `now`, as `target` or `target-missedTurns`. */
function takeAll(schedule: Schedule, now: number): string[] {
  const taken: string[] = [];
  for (let due = schedule.take(now); due !== undefined; due = schedule.take(now)) {
    const { key } = due.unit;
    taken.push(due.missedTurns === 0 ? key.target : `${key.target} -${due.missedTurns}`);
  }
  return taken;
}

Deno.test("Schedule has every target due at once, then at start + k * interval", () => {
  const minutely = makeTarget("10.0.0.1", { interval: 60 });
  const other = makeTarget("10.0.0.2", { interval: 90 });
  const schedule = new Schedule([minutely, other], 5000);
  assert.equal(schedule.nextDueAt, 5000);
  assert.equal(schedule.take(4999), undefined);
  assert.deepEqual(takeAll(schedule, 5000), ["10.0.0.1/32", "10.0.0.2/32"]);
  assert.equal(schedule.nextDueAt, 65_000);
  assert.deepEqual(takeAll(schedule, 64_999), []);
  // taken late, the next turn is not moved
  assert.deepEqual(takeAll(schedule, 70_000), ["10.0.0.1/32"]);
  assert.equal(schedule.nextDueAt, 95_000);
  assert.deepEqual(takeAll(schedule, 95_000), ["10.0.0.2/32"]);
  assert.deepEqual(takeAll(schedule, 125_000), ["10.0.0.1/32"]);
});

Deno.test("Schedule of nothing is never due", () => {
  const schedule = new Schedule([], 0);
  assert.equal(schedule.nextDueAt, undefined);
  assert.equal(schedule.take(1e15), undefined);
  assert.equal(schedule.lag(1e15), 0);
});

Deno.test("Schedule tells how many turns passed before a late unit was taken", () => {
  const f = (takenAt: number, nextDueAt: number, later: string[]) => {
    const schedule = new Schedule([makeTarget("10.0.0.1", { interval: 10 })], 0);
    assert.equal(schedule.take(takenAt)?.missedTurns, 0);
    assert.equal(schedule.nextDueAt, nextDueAt);
    assert.deepEqual(takeAll(schedule, nextDueAt), later);
  };
  f(0, 10_000, ["10.0.0.1/32"]);
  f(9999, 10_000, ["10.0.0.1/32"]);
  // the turn at 10 s itself is still there to be taken
  f(10_000, 10_000, ["10.0.0.1/32"]);
  f(19_999, 10_000, ["10.0.0.1/32"]);
  f(20_000, 20_000, ["10.0.0.1/32 -1"]);
  f(25_000, 20_000, ["10.0.0.1/32 -1"]);
  f(95_000, 90_000, ["10.0.0.1/32 -8"]);
});

Deno.test("Schedule counts every turn exactly once: taken or missed", () => {
  const times = fc.array(fc.integer({ min: 0, max: 35_000 }), { minLength: 1 });
  fc.assert(fc.property(times, (waits) => {
    const schedule = new Schedule([makeTarget("10.0.0.1", { interval: 10 })], 0);
    let now = 0;
    let turns = 0;
    for (const wait of waits) {
      now += wait;
      for (let due = schedule.take(now); due !== undefined; due = schedule.take(now)) {
        turns += 1 + due.missedTurns;
      }
      assert.equal(turns, Math.floor(now / 10_000) + 1);
      assert.equal(schedule.nextDueAt, turns * 10_000);
    }
  }));
});

Deno.test("Schedule takes the units of a round in order and makes no other", () => {
  const made: number[] = [];
  const target = makeTarget("10.0.0.0/22", { interval: 60 });
  const schedule = new Schedule([{
    ...target,
    unitAt: (index) => {
      made.push(index);
      return target.unitAt(index);
    },
  }], 0);
  assert.equal(schedule.take(0)?.id, "10.0.0.0/24 tcp 1-100");
  assert.equal(schedule.take(0)?.id, "10.0.1.0/24 tcp 1-100");
  assert.deepEqual(made, [0, 1]);
  assert.equal(schedule.nextDueAt, 0);
  assert.deepEqual(takeAll(schedule, 0), ["10.0.2.0/24", "10.0.3.0/24"]);
  assert.equal(schedule.nextDueAt, 60_000);
});

Deno.test("Schedule takes the most overdue first", () => {
  const slow = makeTarget("10.0.0.1", { interval: 100 });
  const fast = makeTarget("10.0.0.2", { interval: 70 });
  const schedule = new Schedule([slow, fast], 0);
  takeAll(schedule, 0);
  assert.deepEqual(takeAll(schedule, 110_000), ["10.0.0.2/32", "10.0.0.1/32"]);
});

Deno.test("Schedule does not let a target of many units push the others back", () => {
  const huge = makeTarget("10.0.0.0/14", { interval: 1000 });
  const small = makeTarget("127.0.0.1", { interval: 10 });
  const schedule = new Schedule([huge, small], 0);
  // one unit a second can be taken, which is what the pace of both needs
  const smallTakenAt: number[] = [];
  for (let second = 0; second < 300; second++) {
    for (let room = 0; room < 2; room++) {
      const due = schedule.take(second * 1000);
      if (due?.unit.key.target !== "127.0.0.1/32") continue;
      smallTakenAt.push(second);
      assert.equal(due.missedTurns, 0);
    }
  }
  assert.equal(smallTakenAt.length, 30);
  smallTakenAt.forEach((second, turn) => assert.ok(second - turn * 10 <= 1, `${smallTakenAt}`));
});

Deno.test("Schedule.lag() is how far the most overdue unit is behind the pace of its round", () => {
  const schedule = new Schedule([makeTarget("10.0.0.0/22", { interval: 40 })], 0);
  assert.equal(schedule.lag(0), 0);
  assert.equal(schedule.lag(3000), 3000);
  schedule.take(3000);
  // the second of four units is due after a quarter of the interval
  assert.equal(schedule.lag(3000), 0);
  assert.equal(schedule.lag(12_000), 2000);
  takeAll(schedule, 12_000);
  assert.equal(schedule.lag(12_000), 0);
  assert.equal(schedule.lag(41_000), 1000);
});

Deno.test("Schedule.hasten() makes targets due at once and counts their interval from then", () => {
  const schedule = new Schedule(
    ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((text) => makeTarget(text, { interval: 60 })),
    0,
  );
  takeAll(schedule, 0);
  schedule.hasten((target) => target.unitAt(0).key.target !== "10.0.0.2/32", 20_000);
  assert.deepEqual(takeAll(schedule, 20_000).sort(), ["10.0.0.1/32", "10.0.0.3/32"]);
  assert.equal(schedule.nextDueAt, 60_000);
  assert.deepEqual(takeAll(schedule, 60_000), ["10.0.0.2/32"]);
  assert.equal(schedule.nextDueAt, 80_000);
});

Deno.test("Schedule.hasten() moves nothing back and leaves a round under way alone", () => {
  const schedule = new Schedule([makeTarget("10.0.0.0/23", { interval: 60 })], 0);
  schedule.take(0);
  schedule.hasten(() => true, 1000);
  assert.deepEqual(takeAll(schedule, 1000), ["10.0.1.0/24"]);
  schedule.hasten(() => true, 90_000);
  assert.deepEqual(takeAll(schedule, 90_000), ["10.0.0.0/24", "10.0.1.0/24"]);
  assert.equal(schedule.nextDueAt, 120_000);
});
