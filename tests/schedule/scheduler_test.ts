import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import { unitId } from "../../src/domain/scan.ts";
import type { PlannedTarget } from "../../src/schedule/plan.ts";
import type { DueUnit, RoundPosition } from "../../src/schedule/schedule.ts";
import { Scheduler } from "../../src/schedule/scheduler.ts";
import { makeTarget } from "./builders.ts";

const DAY = 86_400;

/** A scheduler on a fake clock with a plain list as its queue. */
function makeScheduler(
  targets: readonly PlannedTarget[],
  { capacity = Infinity, positions = new Map(), unfinished = [] }: {
    capacity?: number;
    positions?: ReadonlyMap<string, RoundPosition>;
    unfinished?: readonly DueUnit[];
  } = {},
) {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"], now: 1_000_000 });
  const queue: string[] = [];
  const offered: [seconds: number, target: string][] = [];
  const skipped: [seconds: number, target: string, turns: number][] = [];
  const filled: number[] = [];
  const running = new Set<string>();
  const hooks: { onOffer?: () => void } = {};
  const seconds = () => (clock.now - 1_000_000) / 1000;
  const scheduler = new Scheduler({
    targets,
    positions,
    unfinished,
    now: () => clock.now,
    room: () => capacity - queue.length,
    isActive: (id) => running.has(id) || queue.includes(id),
    offer: ({ unit, id }) => {
      assert.ok(queue.length < capacity);
      queue.push(id);
      offered.push([seconds(), unit.key.target]);
      hooks.onOffer?.();
    },
    skipped: ({ key }, turns) => skipped.push([seconds(), key.target, turns]),
    filled: () => filled.push(seconds()),
  });
  return {
    clock,
    queue,
    offered,
    skipped,
    filled,
    running,
    scheduler,
    /** Called for every unit that is handed out. */
    set onOffer(hook: () => void) {
      hooks.onOffer = hook;
    },
    /** Takes the first from the queue, as a worker does. */
    take() {
      const id = queue.shift();
      scheduler.fill();
      return id;
    },
    [Symbol.dispose]() {
      scheduler.stop();
      assert.equal(clock.countTimers(), 0);
      clock.uninstall();
    },
  };
}

Deno.test("Scheduler hands out what is due at once and at every interval", () => {
  using t = makeScheduler([makeTarget("127.0.0.1", { interval: 60 })]);
  assert.equal(t.offered.length, 0);
  t.scheduler.start();
  t.take();
  for (let minute = 0; minute < 3; minute++) {
    t.clock.tick(60_000);
    t.take();
  }
  assert.deepEqual(t.offered.map(([at]) => at), [0, 60, 120, 180]);
  assert.equal(t.skipped.length, 0);
});

Deno.test("Scheduler waits longer than a platform timer can", () => {
  using t = makeScheduler([makeTarget("127.0.0.1", { interval: 100 * DAY })]);
  t.scheduler.start();
  t.take();
  let timers = 0;
  while (t.offered.length < 2 && timers < 20) {
    const before = t.clock.now;
    t.clock.next();
    timers++;
    assert.ok(t.clock.now - before <= 2 ** 31 - 1);
  }
  assert.deepEqual(t.offered.map(([at]) => at), [0, 100 * DAY]);
  assert.equal(timers, 5);
});

Deno.test("Scheduler keeps what has no room and drops nothing", () => {
  const names = Array.from({ length: 7 }, (_, index) => `10.0.0.${index + 1}/32`);
  using t = makeScheduler(names.map((name) => makeTarget(name)), { capacity: 2 });
  t.scheduler.start();
  assert.equal(t.queue.length, 2);
  // nothing can be done until there is room, so nothing is polled
  assert.equal(t.clock.countTimers(), 0);
  for (let taken = 0; taken < 7; taken++) t.take();
  assert.deepEqual(t.offered.map(([, target]) => target).sort(), names);
  assert.equal(t.skipped.length, 0);
});

Deno.test("Scheduler tells how late the most overdue scan outside the queue is", () => {
  using t = makeScheduler([makeTarget("10.0.0.1"), makeTarget("10.0.0.2")], { capacity: 1 });
  t.scheduler.start();
  t.clock.tick(7000);
  assert.equal(t.scheduler.lagSeconds, 7);
  t.take();
  assert.equal(t.scheduler.lagSeconds, 0);
});

Deno.test("Scheduler skips the turn of a unit that still waits or runs, and counts it", () => {
  using t = makeScheduler([makeTarget("127.0.0.1", { interval: 60 })]);
  t.scheduler.start();
  // still in the queue
  t.clock.tick(60_000);
  // still running
  t.running.add(t.take()!);
  t.clock.tick(60_000);
  t.running.clear();
  t.clock.tick(60_000);
  assert.deepEqual(t.offered.map(([at]) => at), [0, 180]);
  assert.deepEqual(t.skipped, [[60, "127.0.0.1/32", 1], [120, "127.0.0.1/32", 1]]);
});

Deno.test("Scheduler counts the turns that passed while there was no room", () => {
  using t = makeScheduler(
    [makeTarget("10.0.0.1", { interval: 10 }), makeTarget("10.0.0.2", { interval: 1000 })],
    { capacity: 1 },
  );
  t.scheduler.start();
  const [first] = t.queue;
  t.clock.tick(45_000);
  t.take();
  t.take();
  t.take();
  const turns = t.skipped.filter(([, target]) => target === "10.0.0.1/32")
    .reduce((sum, [, , lost]) => sum + lost, 0);
  const scans = t.offered.filter(([, target]) => target === "10.0.0.1/32").length;
  assert.ok(first !== undefined);
  // due at 0, 10, 20, 30 and 40 s
  assert.equal(turns + scans, 5);
});

Deno.test("Scheduler hands out nothing before it is started nor after it is stopped", () => {
  using t = makeScheduler([makeTarget("127.0.0.1")]);
  t.scheduler.fill();
  t.scheduler.hasten(() => true);
  assert.equal(t.offered.length, 0);
  t.scheduler.start();
  t.take();
  t.scheduler.stop();
  t.clock.tick(DAY * 1000);
  t.scheduler.fill();
  t.scheduler.hasten(() => true);
  assert.equal(t.offered.length, 1);
});

Deno.test("Scheduler.hasten() hands targets out now and every interval from then on", () => {
  using t = makeScheduler([makeTarget("127.0.0.1", { interval: 60 })]);
  t.scheduler.start();
  t.take();
  t.clock.tick(25_000);
  t.scheduler.hasten(() => true);
  t.take();
  t.clock.tick(60_000);
  assert.deepEqual(t.offered.map(([at]) => at), [0, 25, 85]);
});

Deno.test("Scheduler wakes no more often than something is due", () => {
  using t = makeScheduler([makeTarget("10.0.0.0/16", { interval: 3600 })], { capacity: 300 });
  t.scheduler.start();
  assert.equal(t.offered.length, 256);
  t.queue.length = 0;
  assert.equal(t.clock.countTimers(), 1);
  t.clock.next();
  assert.equal(t.offered.length, 512);
  assert.equal(t.offered.at(-1)?.[0], 3600);
});

/** A unit whose turn was taken by a process that is no more. */
function unfinished(text: string): DueUnit {
  const target = makeTarget(text);
  const unit = target.unitAt(0);
  return { unit, id: unitId(unit), target, missedTurns: 0 };
}

Deno.test("Scheduler hands out what was not finished before what is due", () => {
  const positions = new Map([[makeTarget("10.0.0.2").id, { dueAt: 1_030_000, taken: 0 }]]);
  using t = makeScheduler(["10.0.0.1", "10.0.0.2"].map((text) => makeTarget(text)), {
    capacity: 1,
    positions,
    unfinished: [unfinished("10.0.0.2")],
  });
  t.scheduler.start();
  t.take();
  t.take();
  t.clock.tick(30_000);
  assert.deepEqual(t.offered, [[0, "10.0.0.2/32"], [0, "10.0.0.1/32"], [30, "10.0.0.2/32"]]);
  assert.deepEqual(t.skipped, []);
  // each time that something was handed out, it can be stored
  assert.deepEqual(t.filled, [0, 0, 30]);
});

Deno.test("Scheduler.replace() keeps turns, and drops what was not finished of a target that is gone", () => {
  using t = makeScheduler(["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((text) => makeTarget(text)), {
    capacity: 1,
    unfinished: [unfinished("10.0.0.2"), unfinished("10.0.0.3")],
  });
  t.scheduler.replace(["10.0.0.1", "10.0.0.3"].map((text) => makeTarget(text, { timeout: 9 })));
  assert.equal(t.offered.length, 0);
  t.scheduler.start();
  t.take();
  t.take();
  t.take();
  t.clock.tick(20_000);
  t.scheduler.replace(["10.0.0.1", "10.0.0.4"].map((text) => makeTarget(text)));
  t.take();
  t.clock.tick(40_000);
  assert.deepEqual(t.offered, [
    [0, "10.0.0.3/32"],
    [0, "10.0.0.1/32"],
    [0, "10.0.0.3/32"],
    [20, "10.0.0.4/32"],
    [60, "10.0.0.1/32"],
  ]);
});

Deno.test("Scheduler.resume() hands out a unit once more, as soon as there is room", () => {
  using t = makeScheduler([makeTarget("10.0.0.1")], { capacity: 1 });
  t.scheduler.start();
  t.scheduler.resume(unfinished("10.0.0.9"));
  assert.equal(t.offered.length, 1);
  t.take();
  assert.deepEqual(t.offered.map(([, target]) => target), ["10.0.0.1/32", "10.0.0.9/32"]);
});

Deno.test("Scheduler.replace() scans what had no room under another configuration", () => {
  const names = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
  using t = makeScheduler(names.map((text) => makeTarget(text)), { capacity: 1 });
  t.scheduler.start();
  for (let reload = 0; reload < 5; reload++) {
    t.scheduler.replace(names.map((text) => makeTarget(text, { interval: 60 + reload * 1000 })));
  }
  t.take();
  t.take();
  assert.deepEqual(t.offered.map(([at, target]) => `${at} ${target}`).sort(), [
    "0 10.0.0.1/32",
    "0 10.0.0.2/32",
    "0 10.0.0.3/32",
  ]);
});

Deno.test("Scheduler hands out very many units in turns of the event loop, and says each time that it did", () => {
  using t = makeScheduler([makeTarget("10.0.0.0/16", { interval: DAY })]);
  // a millisecond for every unit
  t.onOffer = () => t.clock.setSystemTime(t.clock.now + 1);
  t.scheduler.start();
  const first = t.offered.length;
  assert.ok(first > 5 && first < 40, `${first} at once`);
  while (t.offered.length < 256) {
    const before = t.offered.length;
    t.clock.next();
    assert.ok(t.offered.length > before && t.offered.length - before < 40);
  }
  assert.ok(t.filled.length > 5);
  assert.equal(new Set(t.queue).size, 256);
});
