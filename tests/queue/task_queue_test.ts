import assert from "node:assert/strict";
import fc from "fast-check";
import { type Lane, laneOf, type Task, TaskQueue } from "../../src/queue/task_queue.ts";
import { makeUnit } from "../scan/builders.ts";

const unit = makeUnit("127.0.0.1");
const LANES: readonly Lane[] = ["high", "normal", "low", "schedule"];

function task(id: string, lane: Lane = "schedule", sizeClass = 0): Task {
  const asked = lane === "schedule"
    ? { origin: lane } as const
    : { origin: "request", priority: lane } as const;
  return { unit, id, ...asked, target: undefined, sizeClass };
}

function drain(queue: TaskQueue, lane: Lane, sizeClass?: number): string[] {
  const ids: string[] = [];
  for (;;) {
    const next = queue.take(lane, sizeClass);
    if (next === undefined) return ids;
    assert.equal(laneOf(next), lane);
    ids.push(next.id);
  }
}

Deno.test("TaskQueue gives requests and scheduled tasks apart, each in the order in which they came", () => {
  const queue = new TaskQueue(10);
  queue.offer(task("s1"));
  queue.offer(task("r1", "normal"));
  queue.offer(task("s2"));
  queue.offer(task("r2", "normal"));
  assert.deepEqual([...queue.ids()].sort(), ["r1", "r2", "s1", "s2"]);
  assert.deepEqual(drain(queue, "normal"), ["r1", "r2"]);
  assert.deepEqual(drain(queue, "schedule"), ["s1", "s2"]);
  assert.equal(queue.size, 0);
});

Deno.test("TaskQueue gives the oldest task that is no larger than asked", () => {
  const queue = new TaskQueue(10);
  queue.offer(task("huge", "schedule", 3));
  queue.offer(task("small1", "schedule", 0));
  queue.offer(task("medium", "schedule", 1));
  queue.offer(task("small2", "schedule", 0));
  assert.equal(queue.take("schedule", -1), undefined);
  assert.equal(queue.take("schedule", 0)?.id, "small1");
  assert.deepEqual(drain(queue, "schedule", 2), ["medium", "small2"]);
  assert.deepEqual(drain(queue, "schedule"), ["huge"]);
});

Deno.test("TaskQueue keeps a quarter for requests", () => {
  const queue = new TaskQueue(8);
  const offers = ["1", "2", "3", "4", "5", "6", "7"].map((id) => queue.offer(task(id)));
  assert.deepEqual(offers, [...Array(6).fill("accepted"), "full"]);
  assert.equal(queue.scheduleRoom, 0);
  assert.equal(queue.requestRoom, 2);
  assert.equal(queue.offer(task("a", "normal")), "accepted");
  assert.equal(queue.offer(task("b", "normal")), "accepted");
  assert.equal(queue.offer(task("c", "normal")), "full");
  assert.equal(queue.size, 8);
  // a request left: that room is for requests
  queue.take("normal");
  assert.equal(queue.scheduleRoom, 0);
  assert.equal(queue.requestRoom, 1);
});

Deno.test("TaskQueue gives the schedule what requests have left over and no more", () => {
  const queue = new TaskQueue(4);
  for (const id of ["a", "b", "c"]) queue.offer(task(id, "normal"));
  assert.equal(queue.scheduleRoom, 1);
  assert.equal(queue.offer(task("s1")), "accepted");
  assert.equal(queue.scheduleRoom, 0);
  assert.equal(queue.offer(task("s2")), "full");
});

Deno.test("TaskQueue of one place takes one task of either kind", () => {
  const queue = new TaskQueue(1);
  assert.equal(queue.offer(task("s")), "accepted");
  assert.equal(queue.offer(task("r", "normal")), "full");
  queue.take("schedule");
  assert.equal(queue.offer(task("r", "normal")), "accepted");
  assert.equal(queue.offer(task("s")), "full");
});

Deno.test("TaskQueue holds an id once; a request moves a scheduled task ahead", () => {
  const queue = new TaskQueue(8);
  for (const id of ["1", "2", "3"]) queue.offer(task(id));
  assert.equal(queue.offer(task("2")), "duplicate");
  assert.equal(queue.offer(task("3", "normal")), "duplicate");
  assert.equal(queue.size, 3);
  assert.equal(queue.offer(task("3")), "duplicate");
  assert.equal(queue.offer(task("3", "normal")), "duplicate");
  assert.ok(queue.has("3"));
  assert.deepEqual(drain(queue, "normal"), ["3"]);
  assert.deepEqual(drain(queue, "schedule"), ["1", "2"]);
  assert.ok(!queue.has("3"));
});

Deno.test("TaskQueue.withdraw() takes out what is named and picked, in no time beside very many others", () => {
  const queue = new TaskQueue(200_000);
  const ids = Array.from({ length: 100_000 }, (_, index) => `${index}`);
  for (const id of ids) queue.offer(task(id, Number(id) % 2 === 0 ? "low" : "schedule"));
  const began = performance.now();
  for (const id of ids.slice(10)) queue.withdraw([id, "unknown"], ({ id }) => id !== "70000");
  // a look at all of them each time would take minutes
  assert.ok(performance.now() - began < 5000);
  assert.deepEqual([...queue.ids()].sort(), [..."0123456789", "70000"].sort());
});

Deno.test("TaskQueue moves a scheduled task ahead even when it is full", () => {
  const queue = new TaskQueue(1);
  queue.offer(task("s"));
  assert.equal(queue.offer(task("s", "normal")), "duplicate");
  assert.equal(queue.size, 1);
  assert.equal(queue.take("normal")?.id, "s");
});

Deno.test("TaskQueue never holds more than its capacity, an id twice, or more scheduled than their share", () => {
  const lanes = fc.constantFrom(...LANES);
  const step = fc.record({
    take: fc.boolean(),
    lane: lanes,
    id: fc.constantFrom(..."abcdefghij"),
    size: fc.nat(3),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step), (capacity, steps) => {
      const queue = new TaskQueue(capacity);
      // Insertion order is age.
      const waiting = new Map<string, { lane: Lane; size: number }>();
      const of = (lane: Lane) => [...waiting].filter(([, task]) => task.lane === lane);
      for (const { take, lane, id, size } of steps) {
        if (take) {
          const [expected] = of(lane).filter(([, waits]) => waits.size <= size);
          assert.equal(queue.take(lane, size)?.id, expected?.[0]);
          if (expected !== undefined) waiting.delete(expected[0]);
        } else {
          const room = lane === "schedule" ? queue.scheduleRoom : queue.requestRoom;
          const known = waiting.get(id);
          const answer = queue.offer(task(id, lane, known?.size ?? size));
          assert.equal(answer, known ? "duplicate" : room > 0 ? "accepted" : "full");
          if (answer === "accepted") waiting.set(id, { lane, size });
          if (known && LANES.indexOf(lane) < LANES.indexOf(known.lane)) {
            waiting.delete(id);
            waiting.set(id, { lane, size: known.size });
          }
        }
        assert.equal(queue.size, waiting.size);
        assert.ok(queue.size <= capacity);
        assert.ok(of("schedule").length <= Math.max(1, Math.floor(capacity * 0.75)));
        assert.deepEqual([...queue.ids()].sort(), [...waiting.keys()].sort());
        assert.deepEqual(
          [...queue.inOrder()].map(({ id }) => id),
          LANES.flatMap((lane) => of(lane).map(([id]) => id)),
        );
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("TaskQueue.remove() takes out what is picked and nothing else", () => {
  const queue = new TaskQueue(10);
  for (const id of ["1", "2", "3"]) queue.offer(task(id, "schedule", Number(id)));
  for (const id of ["a", "b"]) queue.offer(task(id, "normal"));
  const removed = queue.remove(({ id }) => ["2", "a", "x"].includes(id));
  assert.deepEqual(removed.map(({ id }) => id).sort(), ["2", "a"]);
  assert.ok(!queue.has("2"));
  assert.equal(queue.size, 3);
  assert.equal(queue.offer(task("2")), "accepted");
  assert.deepEqual(drain(queue, "schedule"), ["1", "3", "2"]);
  assert.deepEqual(drain(queue, "normal"), ["b"]);
  assert.deepEqual(queue.remove(() => true), []);
});

Deno.test("TaskQueue.renew() changes tasks where they stand", () => {
  const queue = new TaskQueue(10);
  queue.offer(task("1", "schedule", 2));
  queue.offer(task("2"));
  queue.offer(task("a", "normal"));
  const other = makeUnit("127.0.0.1", { timeout: 7 });
  queue.renew((before) => ({ ...before, unit: other, sizeClass: 0 }));
  assert.deepEqual([...queue.ids()].sort(), ["1", "2", "a"]);
  // the place was given by what the task was when it came
  assert.equal(queue.take("schedule", 0)?.id, "2");
  const first = queue.take("schedule");
  assert.deepEqual([first?.id, first?.unit.timeout, first?.sizeClass], ["1", 7, 0]);
  assert.ok(!queue.has("1"));
  assert.equal(queue.take("normal")?.unit.timeout, 7);
});

Deno.test("TaskQueue keeps what waits when its capacity shrinks, and takes in no more", () => {
  const queue = new TaskQueue(8);
  for (const id of ["1", "2", "3", "4", "5"]) queue.offer(task(id));
  queue.capacity = 4;
  assert.deepEqual([queue.size, queue.scheduleRoom, queue.requestRoom], [5, 0, 0]);
  assert.equal(queue.offer(task("a", "normal")), "full");
  // moved ahead all the same
  assert.equal(queue.offer(task("5", "normal")), "duplicate");
  queue.take("schedule");
  queue.take("schedule");
  assert.deepEqual([queue.scheduleRoom, queue.requestRoom], [1, 1]);
  queue.capacity = 100;
  assert.deepEqual([queue.scheduleRoom, queue.requestRoom], [73, 97]);
  assert.deepEqual(drain(queue, "schedule"), ["3", "4"]);
});

Deno.test("TaskQueue moves a task ahead for a more urgent request, and never back", () => {
  const cases: [before: Lane, asked: Lane, after: Lane][] = [
    ["schedule", "low", "low"],
    ["schedule", "high", "high"],
    ["low", "normal", "normal"],
    ["normal", "high", "high"],
    ["high", "low", "high"],
    ["normal", "schedule", "normal"],
  ];
  for (const [before, asked, after] of cases) {
    const queue = new TaskQueue(1);
    queue.offer(task("t", before));
    assert.equal(queue.offer(task("t", asked)), "duplicate");
    assert.deepEqual(drain(queue, after), ["t"], `${before}, asked for as ${asked}`);
  }
});
