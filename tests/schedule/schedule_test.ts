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
  const schedule = new Schedule([minutely, other], { now: 5000 });
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
  const schedule = new Schedule([], { now: 0 });
  assert.equal(schedule.nextDueAt, undefined);
  assert.equal(schedule.take(1e15), undefined);
  assert.equal(schedule.lag(1e15), 0);
});

Deno.test("Schedule tells how many turns passed before a late unit was taken", () => {
  const f = (takenAt: number, nextDueAt: number, later: string[]) => {
    const schedule = new Schedule([makeTarget("10.0.0.1", { interval: 10 })], { now: 0 });
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
    const schedule = new Schedule([makeTarget("10.0.0.1", { interval: 10 })], { now: 0 });
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
  const unitAt = target.unitAt.bind(target);
  target.unitAt = (index) => {
    made.push(index);
    return unitAt(index);
  };
  const schedule = new Schedule([target], { now: 0 });
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
  const schedule = new Schedule([slow, fast], { now: 0 });
  takeAll(schedule, 0);
  assert.deepEqual(takeAll(schedule, 110_000), ["10.0.0.2/32", "10.0.0.1/32"]);
});

Deno.test("Schedule does not let a target of many units push the others back", () => {
  const huge = makeTarget("10.0.0.0/14", { interval: 1000 });
  const small = makeTarget("127.0.0.1", { interval: 10 });
  const schedule = new Schedule([huge, small], { now: 0 });
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
  const schedule = new Schedule([makeTarget("10.0.0.0/22", { interval: 40 })], { now: 0 });
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
    { now: 0 },
  );
  takeAll(schedule, 0);
  schedule.hasten((target) => target.unitAt(0).key.target !== "10.0.0.2/32", 20_000);
  assert.deepEqual(takeAll(schedule, 20_000).sort(), ["10.0.0.1/32", "10.0.0.3/32"]);
  assert.equal(schedule.nextDueAt, 60_000);
  assert.deepEqual(takeAll(schedule, 60_000), ["10.0.0.2/32"]);
  assert.equal(schedule.nextDueAt, 80_000);
});

Deno.test("Schedule.hasten() moves nothing back and leaves a round under way alone", () => {
  const schedule = new Schedule([makeTarget("10.0.0.0/23", { interval: 60 })], { now: 0 });
  schedule.take(0);
  schedule.hasten(() => true, 1000);
  assert.deepEqual(takeAll(schedule, 1000), ["10.0.1.0/24"]);
  schedule.hasten(() => true, 90_000);
  assert.deepEqual(takeAll(schedule, 90_000), ["10.0.0.0/24", "10.0.1.0/24"]);
  assert.equal(schedule.nextDueAt, 120_000);
});

/** Everything that is due until `end`, looked for every second: `seconds target`. */
function takeUntil(schedule: Schedule, start: number, end: number): string[] {
  const taken: string[] = [];
  for (let now = start; now <= end; now += 1000) {
    for (const target of takeAll(schedule, now)) taken.push(`${now / 1000} ${target}`);
  }
  return taken;
}

Deno.test("Schedule goes on where an earlier process was; what is new is due at once", () => {
  const targets = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((text) => makeTarget(text));
  const positions = new Map([
    [targets[0]!.id, { dueAt: 30_000, taken: 0 }],
    [targets[1]!.id, { dueAt: 55_000, taken: 0 }],
  ]);
  const schedule = new Schedule(targets, { now: 10_000, positions, wasDown: true });
  assert.deepEqual(takeUntil(schedule, 10_000, 100_000), [
    "10 10.0.0.3/32",
    "30 10.0.0.1/32",
    "55 10.0.0.2/32",
    "70 10.0.0.3/32",
    "90 10.0.0.1/32",
  ]);
});

Deno.test("Schedule goes on in the middle of a round", () => {
  const target = makeTarget("10.0.0.0/22");
  const positions = new Map([[target.id, { dueAt: 0, taken: 3 }]]);
  const schedule = new Schedule([target], { now: 50_000, positions, wasDown: true });
  assert.deepEqual(takeAll(schedule, 50_000), ["10.0.3.0/24"]);
  assert.equal(schedule.nextDueAt, 60_000);
  // a round that has no such unit any more begins again
  const shorter = new Schedule([makeTarget("10.0.0.1")], {
    now: 50_000,
    positions: new Map([[makeTarget("10.0.0.1").id, { dueAt: 0, taken: 3 }]]),
  });
  assert.deepEqual(takeAll(shorter, 50_000), ["10.0.0.1/32"]);
});

Deno.test("Schedule spreads what became due while down and counts no turn that nobody could take", () => {
  const targets = Array.from(
    { length: 50 },
    (_, index) => makeTarget(`10.0.0.${index}`, { interval: 3600 }),
  );
  const positions = new Map(targets.map(({ id }) => [id, { dueAt: -1e9, taken: 0 }]));
  const schedule = new Schedule(targets, { now: 0, positions, wasDown: true });
  const taken = takeUntil(schedule, 0, 3600_000 / 10);
  assert.equal(taken.length, 50);
  assert.ok(!taken.some((line) => line.includes("-")), `${taken}`);
  const seconds = taken.map((line) => parseInt(line));
  // a tenth of the interval, evenly
  seconds.forEach((second, index) => assert.ok(Math.abs(second - index * 7.2) <= 1, `${seconds}`));
  assert.ok(!takeUntil(schedule, 361_000, 7_200_000).some((line) => line.includes("-")));
});

Deno.test("Schedule spreads over no more than ten minutes, and keeps the phase", () => {
  const [one, two] = ["10.0.0.1", "10.0.0.2"].map((text) => makeTarget(text, { interval: 86_400 }));
  const positions = new Map([
    [one!.id, { dueAt: -3_600_000, taken: 0 }],
    [two!.id, { dueAt: -3_600_000, taken: 0 }],
  ]);
  const schedule = new Schedule([one!, two!], { now: 0, positions, wasDown: true });
  assert.deepEqual(takeUntil(schedule, 0, 90_000_000), [
    "0 10.0.0.1/32",
    "300 10.0.0.2/32",
    "82800 10.0.0.1/32",
    "82800 10.0.0.2/32",
  ]);
});

Deno.test("Schedule misses no turn of a round that was under way while down", () => {
  const target = makeTarget("10.0.0.0/23", { interval: 60 });
  const positions = new Map([[target.id, { dueAt: -600_000, taken: 1 }]]);
  const schedule = new Schedule([target], { now: 30_000, positions, wasDown: true });
  assert.deepEqual(takeAll(schedule, 30_000), ["10.0.1.0/24"]);
  assert.equal(schedule.nextDueAt, 60_000);
  assert.deepEqual(takeAll(schedule, 60_000), ["10.0.0.0/24", "10.0.1.0/24"]);
});

Deno.test("Schedule waits no more than an interval after a clock was set back, however often it is made anew", () => {
  const target = makeTarget("10.0.0.1", { interval: 60 });
  let positions = new Map([[target.id, { dueAt: 1e9, taken: 0 }]]);
  let schedule = new Schedule([target], { now: 0, positions, wasDown: true });
  assert.equal(schedule.nextDueAt, 60_000);
  // stored, so that a restart begins from there
  positions = schedule.takeMoved();
  assert.deepEqual([...positions.values()], [{ dueAt: 60_000, taken: 0 }]);
  schedule = new Schedule([target], { now: 40_000, positions, wasDown: true });
  assert.equal(schedule.nextDueAt, 60_000);
  assert.equal(schedule.takeMoved().size, 0);
});

Deno.test("Schedule.takeMoved() gives the positions that moved, once", () => {
  const targets = [makeTarget("10.0.0.0/23"), makeTarget("10.9.0.1")];
  const schedule = new Schedule(targets, { now: 0 });
  assert.equal(schedule.takeMoved().size, 0);
  schedule.take(0);
  assert.deepEqual([...schedule.takeMoved()], [[targets[0]!.id, { dueAt: 0, taken: 1 }]]);
  takeAll(schedule, 0);
  assert.deepEqual(Object.fromEntries(schedule.takeMoved()), {
    [targets[0]!.id]: { dueAt: 60_000, taken: 0 },
    [targets[1]!.id]: { dueAt: 60_000, taken: 0 },
  });
  assert.equal(schedule.takeMoved().size, 0);
});

Deno.test("Schedule.replaced() keeps turns, drops what is gone and begins what is new at once", () => {
  const [kept, gone] = ["10.0.0.1", "10.0.0.2"].map((text) => makeTarget(text));
  const before = new Schedule([kept!, gone!], { now: 0 });
  takeAll(before, 0);
  const after = before.replaced([makeTarget("10.0.0.1"), makeTarget("10.0.0.3")], 20_000);
  assert.equal(after.takeMoved().size, 0);
  assert.deepEqual(takeUntil(after, 20_000, 80_000), [
    "20 10.0.0.3/32",
    "60 10.0.0.1/32",
    "80 10.0.0.3/32",
  ]);
});

Deno.test("Schedule.replaced() goes on in the middle of a round", () => {
  const target = makeTarget("10.0.0.0/23");
  const before = new Schedule([target], { now: 0 });
  before.take(0);
  const after = before.replaced([target], 5000);
  assert.deepEqual(takeUntil(after, 5000, 60_000), [
    "5 10.0.1.0/24",
    "60 10.0.0.0/24",
    "60 10.0.1.0/24",
  ]);
});

Deno.test("Schedule.replaced() counts a changed interval from the start of the last round", () => {
  const f = (before: number, after: number, at: number) => {
    const schedule = new Schedule([makeTarget("10.0.0.1", { interval: before })], { now: 0 });
    takeAll(schedule, 0);
    const next = schedule.replaced([makeTarget("10.0.0.1", { interval: after })], at * 1000);
    const { nextDueAt } = next;
    assert.deepEqual([...next.takeMoved().values()], [{ dueAt: nextDueAt, taken: 0 }]);
    // no turn of the new interval was missed
    assert.deepEqual(takeAll(next, nextDueAt!), ["10.0.0.1/32"]);
    assert.equal(next.nextDueAt, nextDueAt! + after * 1000);
    return nextDueAt! / 1000;
  };
  assert.equal(f(60, 100, 10), 100);
  assert.equal(f(100, 60, 10), 60);
  assert.equal(f(86_400, 60, 7200), 7200);
  // overdue and due later by the new interval
  assert.equal(f(60, 100, 70), 100);
  // overdue and still due
  assert.equal(f(60, 70, 80), 70);
  assert.equal(f(60, 50, 80), 60);
});

Deno.test("Schedule.replaced() does not put off a target that was never scanned", () => {
  const before = new Schedule([makeTarget("10.0.0.1", { interval: 10 })], { now: 0 });
  const daily = [makeTarget("10.0.0.1", { interval: 86_400 })];
  const after = before.replaced(daily, 5000).replaced([makeTarget("10.0.0.1")], 6000);
  assert.equal(after.nextDueAt, 0);
  assert.deepEqual(takeAll(after, 6000), ["10.0.0.1/32"]);
});

Deno.test("Schedule.replaced() misses no turn of a shorter interval in the middle of a round", () => {
  const wide = (interval: number) => [makeTarget("10.0.0.0/23", { interval })];
  const before = new Schedule(wide(86_400), { now: 0 });
  before.take(0);
  const after = before.replaced(wide(60), 7_200_000);
  assert.deepEqual(takeUntil(after, 7_200_000, 7_200_000), [
    "7200 10.0.1.0/24",
    "7200 10.0.0.0/24",
    "7200 10.0.1.0/24",
  ]);
});

Deno.test("Schedule replaced again and again loses no turn and makes none up", () => {
  const names = ["10.0.0.1", "10.0.0.2", "10.0.0.0/22"];
  const changes = fc.array(fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }), {
    minLength: 1,
    maxLength: 30,
  });
  fc.assert(fc.property(changes, (lists) => {
    const always = makeTarget("127.0.0.1", { interval: 10 });
    let schedule = new Schedule([always], { now: 0 });
    const taken: number[] = [];
    lists.forEach((list, second) => {
      const now = second * 1000;
      schedule = schedule.replaced([...list.map((name) => makeTarget(name)), always], now);
      for (let due = schedule.take(now); due !== undefined; due = schedule.take(now)) {
        assert.equal(due.missedTurns, 0);
        if (due.target.id === always.id) taken.push(second);
      }
    });
    assert.deepEqual(taken, [0, 10, 20].filter((second) => second < lists.length));
  }));
});

Deno.test("Schedule stores of a large target where it was when the last unit was begun", () => {
  const [large] = [makeTarget("10.0.0.0/15", { interval: 512 })];
  const schedule = new Schedule([large], { now: 0 });
  const taken = Array.from({ length: 10 }, () => schedule.take(0)!);
  assert.equal(schedule.takeMoved().size, 0, "those that wait are not stored");
  schedule.begun(large.id, taken[0]!.place!.after);
  schedule.begun(large.id, taken[1]!.place!.after);
  const positions = schedule.takeMoved();
  assert.deepEqual([...positions], [[large.id, { dueAt: 0, taken: 2 }]]);
  // a later process takes those again that waited
  const next = new Schedule([large], { now: 10_000, positions, wasDown: true });
  assert.equal(next.take(10_000)?.unit.key.target, "10.0.2.0/24");
  assert.equal(next.takeMoved().size, 0);
});

Deno.test("Schedule stores the round that units of a large target wait from, though the next began", () => {
  const large = makeTarget("10.0.0.0/15", { interval: 512 });
  const schedule = new Schedule([large], { now: 0 });
  const first = Array.from({ length: 512 }, () => schedule.take(600_000)!);
  const second = schedule.take(600_000)!;
  schedule.begun(large.id, first[510]!.place!.after);
  assert.deepEqual([...schedule.takeMoved().values()], [{ dueAt: 0, taken: 511 }]);
  schedule.begun(large.id, first[511]!.place!.after);
  assert.deepEqual([...schedule.takeMoved().values()], [{ dueAt: 512_000, taken: 0 }]);
  schedule.begun(large.id, second.place!.after);
  assert.deepEqual([...schedule.takeMoved().values()], [{ dueAt: 512_000, taken: 1 }]);
});

Deno.test("Schedule.replaced() keeps what is stored of a large target", () => {
  const large = makeTarget("10.0.0.0/15", { interval: 512 });
  const before = new Schedule([large], { now: 0 });
  const taken = Array.from({ length: 10 }, () => before.take(0)!);
  before.begun(large.id, taken[3]!.place!.after);
  before.takeMoved();
  const same = before.replaced([makeTarget("10.0.0.0/15", { interval: 512 })], 5000);
  assert.equal(same.take(5000)?.place?.index, 10);
  assert.equal(same.takeMoved().size, 0);
  same.begun(large.id, taken[4]!.place!.after);
  assert.deepEqual([...same.takeMoved().values()], [{ dueAt: 0, taken: 5 }]);
  // with another interval it is due at another time, and as many wait
  const other = before.replaced([makeTarget("10.0.0.0/15", { interval: 4 })], 5000);
  assert.deepEqual([...other.takeMoved().values()], [{ dueAt: 1000, taken: 4 }]);
  // one that was not begun, or is not there any more, has nothing to store
  assert.equal(new Schedule([large], { now: 0 }).replaced([large], 1).takeMoved().size, 0);
  other.begun("gone", { dueAt: 0, taken: 1 });
  assert.equal(other.takeMoved().size, 0);
});

Deno.test("Schedule.coming() gives the targets whose next unit is due the soonest, in that order", () => {
  const interval = fc.integer({ min: 1, max: 50 });
  const steps = fc.array(fc.integer({ min: 0, max: 9000 }), { maxLength: 20 });
  fc.assert(fc.property(fc.array(interval, { maxLength: 30 }), steps, (intervals, waits) => {
    const targets = intervals.map((interval, index) =>
      makeTarget(index % 5 === 0 ? `10.${index}.0.0/22` : `10.${index}.0.1`, { interval })
    );
    const schedule = new Schedule(targets, { now: 0 });
    let now = 0;
    for (const wait of waits) {
      now += wait;
      schedule.take(now);
      const all = schedule.coming(1000);
      assert.deepEqual(new Set(all.map(({ target }) => target)), new Set(targets));
      assert.deepEqual(
        all.map(({ dueAt }) => dueAt),
        all.map(({ dueAt }) => dueAt).sort((a, b) => a - b),
      );
      assert.deepEqual(
        schedule.coming(3).map(({ dueAt }) => dueAt),
        all.slice(0, 3).map(({ dueAt }) => dueAt),
      );
      const rounds = schedule.roundsOf(new Set(targets));
      for (const { target, dueAt } of all) {
        const round = rounds.get(target)!;
        if (!round.isUnderWay) assert.equal(round.dueAt, dueAt);
        else assert.ok(target.unitCount > 1 && dueAt > round.dueAt);
      }
      // and looking changes nothing: what is due the soonest is what is taken next
      const [first] = all;
      if (first !== undefined && first.dueAt <= now) {
        assert.equal(schedule.lag(now), now - first.dueAt);
      }
    }
  }));
});

Deno.test("Schedule.roundsOf() tells of some targets when their round is due, and whether it is under way", () => {
  const one = makeTarget("10.0.0.1", { interval: 60 });
  const four = makeTarget("10.0.0.0/22", { interval: 100 });
  const schedule = new Schedule([one, four], { now: 1000 });
  const f = (...expected: (readonly [dueAt: number, isUnderWay: boolean])[]) => {
    const rounds = schedule.roundsOf(new Set([one, four, makeTarget("10.9.9.9")]));
    assert.equal(rounds.size, 2);
    const found = [one, four].map((target) => rounds.get(target)!);
    assert.deepEqual(found.map(({ dueAt, isUnderWay }) => [dueAt, isUnderWay]), expected);
  };
  f([1000, false], [1000, false]);
  for (let units = 0; units < 3; units++) schedule.take(1000);
  f([61_000, false], [1000, true]);
  takeAll(schedule, 1000);
  f([61_000, false], [101_000, false]);
  assert.equal(schedule.roundsOf(new Set([one])).size, 1);
});
