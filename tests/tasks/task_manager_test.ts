import assert from "node:assert/strict";
import type { TaskState } from "../../src/tasks/scan_task.ts";
import {
  FINISHED_RETENTION,
  MAX_FINISHED_TASKS,
  MAX_LIVE_TASKS,
  MAX_LIVE_UNITS,
} from "../../src/tasks/task_manager.ts";
import { complete, failed, makeManager, makeRequest, STOPPED } from "./fake_runner.ts";

const A = "127.0.0.1/32 tcp 22";
const B = "127.0.0.2/32 tcp 22";

Deno.test("TaskManager runs a task from pending to succeeded", () => {
  using rig = makeManager();
  const { manager, clock, runner } = rig;
  const id = rig.submit(["127.0.0.1", "127.0.0.2"], { priority: "high", dedupeKey: "k" });
  assert.deepEqual([...runner.waiting], [[A, "high"], [B, "high"]]);
  const pending = manager.get(id)!;
  assert.deepEqual(pending, {
    id,
    number: 0,
    state: "pending",
    submittedAt: 6_000_000,
    startedAt: undefined,
    finishedAt: undefined,
    summary: { hostsUp: 0, hostsDown: 0, openTuples: 0 },
    error: "",
    targets: ["127.0.0.1/32", "127.0.0.2/32"],
    targetCount: 2,
    portRange: "22",
    protocols: ["tcp"],
    priority: "high",
    dedupeKey: "k",
    units: { total: 2, waiting: 2, running: 0, done: 0, failed: 0 },
    progress: 0,
    expectedEnd: undefined,
    retries: 0,
    retriesMade: 0,
    nextTryAt: undefined,
  });
  clock.tick(1000);
  rig.begin(A, { fraction: 0.5, remaining: 7 });
  const running = manager.get(id)!;
  assert.deepEqual([running.state, running.startedAt, running.progress], [
    "running",
    6_001_000,
    0.25,
  ]);
  assert.deepEqual(running.units, { total: 2, waiting: 1, running: 1, done: 0, failed: 0 });
  clock.tick(1000);
  rig.end(A, complete(1, 2));
  assert.deepEqual(manager.get(id)!.summary, { hostsUp: 1, hostsDown: 2, openTuples: 1 });
  rig.begin(B);
  rig.end(B, complete(3, 4));
  assert.deepEqual(manager.get(id), {
    ...pending,
    state: "succeeded",
    startedAt: 6_001_000,
    finishedAt: 6_002_000,
    summary: { hostsUp: 4, hostsDown: 6, openTuples: 2 },
    units: { total: 2, waiting: 0, running: 0, done: 2, failed: 0 },
    progress: 1,
  });
  assert.deepEqual(manager.sizes, { live: 0, units: 0, finished: 1, keys: 1 });
});

Deno.test("TaskManager ends a task by how its units ended, and tells the first failure", () => {
  const f = (ends: readonly ReturnType<typeof complete>[], state: TaskState, error: string) => {
    using rig = makeManager();
    const id = rig.submit(["127.0.0.1", "127.0.0.2"]);
    for (const unit of [A, B]) rig.begin(unit);
    ends.forEach((end, i) => rig.end([A, B][i]!, end));
    const record = rig.manager.get(id)!;
    assert.deepEqual([record.state, record.error], [state, error]);
  };
  f([complete(), complete()], "succeeded", "");
  f([complete()], "running", "");
  f([failed("no_route")], "running", "127.0.0.1/32 tcp: It was no_route");
  f([complete(), failed("timeout")], "failed", "127.0.0.2/32 tcp: It was timeout");
  f([failed("killed", 2), complete()], "failed", "127.0.0.1/32 tcp: It was killed");
  f([failed("killed"), failed("timeout")], "failed", "127.0.0.1/32 tcp: It was killed");
});

Deno.test("TaskManager counts a host once, however many protocols looked at it", () => {
  using rig = makeManager();
  const id = rig.submit("10.0.0.0/31", { protocols: ["tcp", "udp"] });
  const ends = { "10.0.0.0/32 tcp 22": [1, 0], "10.0.0.1/32 tcp 22": [1, 0] } as const;
  const udp = { "10.0.0.0/32 udp 22": [1, 0], "10.0.0.1/32 udp 22": [0, 1] } as const;
  for (const [unit, [up, down]] of Object.entries({ ...ends, ...udp })) {
    rig.begin(unit);
    rig.end(unit, complete(up, down));
  }
  assert.deepEqual(rig.manager.get(id)!.summary, { hostsUp: 2, hostsDown: 0, openTuples: 2 });
});

Deno.test("TaskManager tries what failed again, later and later", () => {
  using rig = makeManager();
  const { manager, clock, runner } = rig;
  const id = rig.submit("127.0.0.1", { retries: 3, priority: "low" });
  for (const [tries, wait] of [5_000, 10_000, 20_000].entries()) {
    rig.begin(A);
    rig.end(A, failed("no_answer"));
    const { state, error, nextTryAt, units, retriesMade } = manager.get(id)!;
    assert.deepEqual([state, error], ["running", "127.0.0.1/32 tcp: It was no_answer"]);
    assert.equal(Math.round(nextTryAt! - 5_000_000 - clock.now), wait);
    assert.deepEqual([units.waiting, retriesMade], [1, tries]);
    clock.tick(wait - 1);
    assert.equal(runner.waiting.size, 0);
    clock.tick(1);
    assert.deepEqual([...runner.waiting], [[A, "low"]]);
    assert.equal(manager.get(id)!.nextTryAt, undefined);
  }
  rig.begin(A);
  rig.end(A, complete(5));
  const { state, error, retries, retriesMade, summary } = manager.get(id)!;
  // What a try found that was followed by another one counts once.
  assert.deepEqual([state, error, retries, retriesMade, summary.hostsUp], [
    "succeeded",
    "",
    3,
    3,
    5,
  ]);
  assert.equal(clock.countTimers(), 0);
});

Deno.test("TaskManager gives up after the last try, and at once where another one is in vain", () => {
  for (const type of ["permission", "nmap_missing", "unresolved"] as const) {
    using rig = makeManager();
    const id = rig.submit("127.0.0.1", { retries: 10 });
    rig.begin(A);
    rig.end(A, failed(type));
    assert.equal(rig.manager.get(id)!.state, "failed", type);
  }
  for (
    const type of ["timeout", "no_route", "no_answer", "bad_output", "killed", "other"] as const
  ) {
    using rig = makeManager();
    const id = rig.submit("127.0.0.1", { retries: 1 });
    rig.begin(A);
    rig.end(A, failed(type));
    assert.equal(rig.manager.get(id)!.state, "running", type);
    rig.clock.tick(5_000);
    rig.begin(A);
    rig.end(A, failed("permission"));
    const { state, error } = rig.manager.get(id)!;
    assert.deepEqual([state, error], ["failed", "127.0.0.1/32 tcp: It was permission"], type);
  }
});

Deno.test("TaskManager waits for room, and goes on with what has become of a network, when it tries again", () => {
  using rig = makeManager();
  const { manager, clock, runner } = rig;
  const id = rig.submit("10.0.0.0/32", { retries: 1 });
  const unit = "10.0.0.0/32 tcp 22";
  rig.begin(unit);
  rig.end(unit, failed());
  runner.waiting.set("other", "normal");
  runner.capacity = 1;
  clock.tick(5_000);
  assert.equal(manager.get(id)!.units.waiting, 1);
  assert.ok(manager.get(id)!.nextTryAt! > 5_000_000 + clock.now);
  clock.tick(60_000);
  runner.waiting.clear();
  clock.tick(2_000);
  assert.deepEqual([...runner.waiting.keys()], [unit]);
  assert.equal(manager.get(id)!.retriesMade, 1);

  const broad = rig.manager;
  runner.waiting.clear();
  runner.capacity = 100;
  runner.prefix = 24;
  const second = rig.submit("10.1.0.0/24", { retries: 1 });
  rig.begin("10.1.0.0/24 tcp 22");
  rig.end("10.1.0.0/24 tcp 22", failed());
  // max_cidr_size was changed, and a half excluded.
  runner.prefix = 25;
  runner.excluded.add("10.1.0.128/25");
  clock.tick(5_000);
  assert.deepEqual([...runner.waiting.keys()], ["10.1.0.0/25 tcp 22"]);
  assert.equal(broad.get(second)!.units.total, 1);
  rig.begin("10.1.0.0/25 tcp 22");
  rig.end("10.1.0.0/25 tcp 22");
  assert.equal(broad.get(second)!.state, "succeeded");
});

Deno.test("TaskManager fails what cannot be tried again because of a new configuration", () => {
  const f = (change: (runner: ReturnType<typeof makeManager>["runner"]) => void, error: RegExp) => {
    using rig = makeManager();
    rig.runner.prefix = 24;
    const id = rig.submit("10.0.0.0/24", { retries: 5 });
    rig.begin("10.0.0.0/24 tcp 22");
    rig.end("10.0.0.0/24 tcp 22", failed());
    change(rig.runner);
    rig.clock.tick(5_000);
    const record = rig.manager.get(id)!;
    assert.equal(record.state, "failed");
    assert.match(record.error, error);
    assert.equal(rig.clock.countTimers(), 0);
  };
  f((runner) => runner.excluded.add("10.0.0.0/24"), /^10\.0\.0\.0\/24 tcp: all of it is excluded/);
  f((runner) => {
    runner.prefix = 32;
  }, /256 scans are needed now, and the queue holds 100 \(scanning\.task_queue_size\)$/);
});

Deno.test("TaskManager asks again for what the program ended, which is no try", () => {
  using rig = makeManager();
  const { manager, clock, runner } = rig;
  const id = rig.submit("127.0.0.1");
  for (let i = 0; i < 3; i++) {
    rig.begin(A);
    rig.end(A, STOPPED);
    assert.deepEqual(manager.get(id)!.units.waiting, 1);
    clock.tick(2_000);
    assert.ok(runner.waiting.has(A));
  }
  rig.begin(A);
  rig.end(A);
  const { state, retriesMade } = manager.get(id)!;
  assert.deepEqual([state, retriesMade], ["succeeded", 0]);
});

Deno.test("TaskManager joins what is waiting or running, for every task that wants it", () => {
  using rig = makeManager();
  const { manager, runner } = rig;
  const first = rig.submit("127.0.0.1", { priority: "low" });
  const second = rig.submit("127.0.0.1", { priority: "high" });
  assert.deepEqual([...runner.waiting], [[A, "high"]]);
  rig.begin(A);
  // One that is running already counts as begun.
  const third = rig.submit("127.0.0.1");
  assert.equal(manager.get(third)!.state, "running");
  assert.equal(manager.sizes.units, 3);
  rig.end(A, complete(1));
  for (const id of [first, second, third]) {
    const { state, summary } = manager.get(id)!;
    assert.deepEqual([state, summary.hostsUp], ["succeeded", 1]);
  }
  assert.deepEqual(runner.withdrawn, []);
});

Deno.test("TaskManager takes a scan of somebody else for the try that it waits with", () => {
  using rig = makeManager();
  const { manager, clock, runner } = rig;
  const id = rig.submit("127.0.0.1", { retries: 1 });
  rig.begin(A);
  rig.end(A, failed());
  rig.begin(A);
  const { nextTryAt, retriesMade, units } = manager.get(id)!;
  assert.deepEqual([nextTryAt, retriesMade, units.running], [undefined, 1, 1]);
  clock.tick(10_000);
  assert.deepEqual(runner.submitted, [[A]]);
  rig.end(A, failed());
  assert.equal(manager.get(id)!.state, "failed");
});

Deno.test("TaskManager cancels what nobody else wants, at once", () => {
  using rig = makeManager();
  const { manager, runner, clock } = rig;
  const id = rig.submit(["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"], {
    retries: 1,
    dedupeKey: "k",
  });
  const other = rig.submit("127.0.0.2");
  rig.begin(A, { fraction: 0.5, remaining: undefined });
  rig.begin("127.0.0.4/32 tcp 22");
  rig.end("127.0.0.4/32 tcp 22", failed());
  runner.open = 7;
  const result = manager.cancel(id);
  assert.equal(result.status, "cancelled");
  assert.deepEqual(runner.withdrawn, [A, "127.0.0.3/32 tcp 22"]);
  const { state, finishedAt, units, progress, error, summary, nextTryAt } = manager.get(id)!;
  assert.deepEqual([state, finishedAt, progress, error], [
    "cancelled",
    5_000_000 + clock.now,
    0.125,
    "",
  ]);
  assert.deepEqual(units, { total: 4, waiting: 0, running: 0, done: 0, failed: 0 });
  // What was found until then counts.
  assert.deepEqual([summary.openTuples, nextTryAt], [28, undefined]);
  assert.equal(clock.countTimers(), 0);
  // The process needs a moment to end.
  rig.end(A, STOPPED);
  assert.deepEqual(manager.cancel(id), { status: "over", state: "cancelled" });
  assert.deepEqual(manager.cancel("nobody"), { status: "unknown" });
  assert.equal(manager.get(other)!.state, "pending");
  assert.deepEqual(manager.cancel(other).status, "cancelled");
  assert.deepEqual(runner.withdrawn.slice(2), [B]);
  // Nothing of it was begun.
  assert.equal(manager.get(other)!.summary.openTuples, 0);
  assert.deepEqual(manager.sizes, { live: 0, units: 0, finished: 2, keys: 0 });
});

Deno.test("TaskManager ends what left the queue with the reason, or goes on with what came instead", () => {
  using rig = makeManager();
  const { manager } = rig;
  const id = rig.submit(["127.0.0.1", "10.0.0.0/32"]);
  const unit = { id: B, scan: { ...makeRequest().networks[0]! }, running: false };
  const scan = {
    network: makeRequest("127.0.0.2").networks[0]!,
    ports: makeRequest().ports,
    portRange: "22",
    protocol: "tcp",
    timeout: undefined,
  } as const;
  manager.unitGone(A, { reason: "it was cut", instead: [{ ...unit, scan }] });
  assert.equal(manager.get(id)!.units.total, 2);
  manager.unitGone("10.0.0.0/32 tcp 22", { reason: "it is excluded now" });
  rig.begin(B);
  rig.end(B);
  const { state, error, units } = manager.get(id)!;
  assert.deepEqual([state, error], ["failed", "10.0.0.0/32 tcp: it is excluded now"]);
  assert.deepEqual(units, { total: 2, waiting: 0, running: 0, done: 1, failed: 1 });
});

Deno.test("TaskManager does not mind what becomes of a unit that it will ask for again", () => {
  using rig = makeManager();
  const { manager, runner, clock } = rig;
  const id = rig.submit("127.0.0.1", { retries: 1 });
  rig.begin(A);
  rig.end(A, failed());
  const other = rig.submit("127.0.0.1");
  runner.waiting.delete(A);
  manager.unitGone(A, { reason: "it is gone" });
  assert.deepEqual([manager.get(id)!.state, manager.get(other)!.state], ["running", "failed"]);
  clock.tick(5_000);
  assert.ok(runner.waiting.has(A));
});

Deno.test("TaskManager gives a repeated dedupe key the same task, for a while", () => {
  using rig = makeManager();
  const { manager, clock } = rig;
  const ask = (target = "127.0.0.1", ports = "22") =>
    manager.submit(makeRequest(target, { ports, dedupeKey: "k" }));
  const first = rig.submit("127.0.0.1", { dedupeKey: "k" });
  assert.deepEqual(ask(), { status: "duplicate", id: first });
  assert.deepEqual(ask("127.0.0.2"), { status: "conflict", id: first });
  assert.deepEqual(ask("127.0.0.1", "23"), { status: "conflict", id: first });
  // As long as it is not over, and at least for five minutes.
  clock.tick(3_600_000);
  assert.deepEqual(ask(), { status: "duplicate", id: first });
  rig.begin(A);
  rig.end(A);
  const second = rig.submit("127.0.0.1", { dedupeKey: "k" });
  rig.begin(A);
  rig.end(A, failed());
  clock.tick(299_999);
  assert.deepEqual(ask(), { status: "duplicate", id: second });
  clock.tick(1);
  const third = rig.submit("127.0.0.2", { dedupeKey: "k" });
  // A cancelled one lets go of its key.
  manager.cancel(third);
  const fourth = rig.submit("127.0.0.1", { dedupeKey: "k" });
  assert.equal(new Set([first, second, third, fourth]).size, 4);
  // Records that leave take no key with them that is somebody else's now.
  clock.tick(FINISHED_RETENTION + 1);
  assert.deepEqual(ask(), { status: "duplicate", id: fourth });
  assert.deepEqual(manager.sizes, { live: 1, units: 1, finished: 0, keys: 1 });
});

Deno.test("TaskManager passes on why nothing was queued, and keeps nothing of it", () => {
  using rig = makeManager();
  const { manager, runner } = rig;
  runner.capacity = 3;
  const f = (target: string) => manager.submit(makeRequest(target, { dedupeKey: target }));
  assert.deepEqual(f("10.0.0.0/30"), { status: "too_many", units: 4, capacity: 3 });
  rig.submit("10.0.0.0/31");
  assert.deepEqual(f("10.0.0.2/31"), { status: "full", units: 2, room: 1 });
  runner.closing = true;
  assert.deepEqual(f("10.0.0.4"), { status: "closing" });
  assert.deepEqual(manager.sizes, { live: 1, units: 2, finished: 0, keys: 0 });
  runner.closing = false;
  runner.excluded.add("10.0.0.5/32");
  const { id } = f("10.0.0.5") as { id: string };
  const { state, error } = manager.get(id)!;
  assert.deepEqual([state, error], ["failed", "Nothing is left to scan: all of it is excluded"]);
});

Deno.test("TaskManager takes no more than so many tasks and units", () => {
  using rig = makeManager();
  const { manager, runner } = rig;
  runner.capacity = Infinity;
  for (let i = 0; i < MAX_LIVE_TASKS; i++) rig.submit("127.0.0.1");
  assert.deepEqual(manager.submit(makeRequest("127.0.0.1")), { status: "busy" });
  rig.begin(A);
  rig.end(A);
  rig.submit("127.0.0.1");

  using other = makeManager();
  other.runner.capacity = Infinity;
  const broad = other.submit("10.0.0.0/15");
  assert.ok(other.manager.sizes.units > MAX_LIVE_UNITS);
  assert.deepEqual(other.manager.submit(makeRequest()), { status: "busy" });
  other.manager.cancel(broad);
  assert.deepEqual(other.manager.sizes.units, 0);
  other.submit("127.0.0.1");
});

Deno.test("TaskManager keeps records of what is over for a day, 1,000 at most, oldest out first", () => {
  using rig = makeManager();
  const { manager, clock } = rig;
  const ids = Array.from({ length: MAX_FINISHED_TASKS + 5 }, (_, i) => {
    const id = rig.submit("127.0.0.1", { dedupeKey: `k${i}` });
    rig.begin(A);
    rig.end(A);
    clock.tick(1);
    return id;
  });
  const { finished, keys } = manager.sizes;
  assert.deepEqual([finished, keys], [MAX_FINISHED_TASKS, MAX_FINISHED_TASKS]);
  assert.equal(manager.get(ids[4]!), undefined);
  assert.equal(manager.get(ids[5]!)!.state, "succeeded");
  clock.tick(FINISHED_RETENTION - MAX_FINISHED_TASKS);
  assert.equal(manager.get(ids[5]!)!.state, "succeeded");
  clock.tick(10);
  assert.equal(manager.get(ids[5]!), undefined);
  clock.tick(FINISHED_RETENTION);
  assert.deepEqual(manager.list({ state: undefined, limit: 10 }), []);
  assert.deepEqual(manager.sizes, { live: 0, units: 0, finished: 0, keys: 0 });
});

Deno.test("TaskManager lists tasks by state, the newest first, up to a limit", () => {
  using rig = makeManager();
  const { manager } = rig;
  const [a, b, c, d] = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"].map((ip) =>
    rig.submit(ip)
  );
  rig.begin(B);
  rig.begin(A);
  rig.end(A);
  manager.cancel(d!);
  const f = (state: TaskState | undefined, limit: number, ...expected: (string | undefined)[]) =>
    assert.deepEqual(manager.list({ state, limit }).map(({ id }) => id), expected);
  f(undefined, 10, d, c, b, a);
  f(undefined, 2, d, c);
  f("pending", 10, c);
  f("running", 10, b);
  f("succeeded", 10, a);
  f("failed", 10);
  f("cancelled", 1, d);
});

Deno.test("TaskManager does not take what was done for others before for the pace of a task", () => {
  using rig = makeManager();
  const { manager, clock, runner } = rig;
  const [a, b] = ["10.0.0.0/32 tcp 22", "10.0.0.1/32 tcp 22"];
  runner.running.set(a, { fraction: 0.8, remaining: 20 });
  const id = rig.submit("10.0.0.0/31");
  clock.tick(1000);
  assert.deepEqual([manager.get(id)!.state, manager.get(id)!.expectedEnd], ["running", undefined]);
  clock.tick(9000);
  runner.running.set(a, { fraction: 1, remaining: 0 });
  const { progress, expectedEnd } = manager.get(id)!;
  // A tenth in 10 s, and half is left.
  assert.deepEqual([progress, expectedEnd! - 5_000_000 - clock.now], [0.5, 50_000]);
  rig.end(a);
  rig.begin(b);
});

Deno.test("TaskManager expects an end where there is a reason to", () => {
  using rig = makeManager();
  const { manager, clock } = rig;
  const id = rig.submit("10.0.0.0/31");
  const [a, b] = ["10.0.0.0/32 tcp 22", "10.0.0.1/32 tcp 22"];
  const end = () => {
    const { expectedEnd } = manager.get(id)!;
    return expectedEnd === undefined ? undefined : (expectedEnd - 5_000_000 - clock.now) / 1000;
  };
  assert.equal(end(), undefined);
  rig.begin(a!, { fraction: 0.02, remaining: 3 });
  clock.tick(10_000);
  // One waits, and next to nothing is done.
  assert.equal(end(), undefined);
  rig.begin(a!, { fraction: 0.5, remaining: 3 });
  assert.equal(end(), 30);
  rig.begin(b!, { fraction: 0.1, remaining: 9 });
  assert.equal(end(), 9);
  rig.end(a!);
  assert.equal(end(), 9);
  // Second looks go on.
  rig.begin(b!, { fraction: 1, remaining: undefined });
  assert.equal(end(), undefined);
  rig.end(b!);
  assert.equal(end(), undefined);
});

Deno.test("TaskManager shows of many targets the first, and all of their number", () => {
  using rig = makeManager();
  rig.runner.capacity = Infinity;
  const id = rig.submit(Array.from({ length: 300 }, (_, i) => `10.0.${i >> 8}.${i & 255}`));
  const { targets, targetCount } = rig.manager.get(id)!;
  assert.deepEqual([targets.length, targets[99], targetCount], [100, "10.0.0.99/32", 300]);
});

Deno.test("TaskManager.stop() takes no more, and leaves no timer", () => {
  using rig = makeManager();
  const { manager, clock } = rig;
  rig.submit("127.0.0.1", { retries: 1 });
  rig.begin(A);
  rig.end(A, failed());
  manager.stop();
  assert.equal(clock.countTimers(), 0);
  assert.deepEqual(manager.submit(makeRequest()), { status: "closing" });
  rig.end(A, STOPPED);
});

Deno.test("TaskManager tells of each task once when it is taken in, and once when it is over", () => {
  using rig = makeManager();
  const { manager, heard } = rig;
  const [good, bad, unwanted] = [
    rig.submit(["127.0.0.1"], { dedupeKey: "k" }),
    rig.submit(["127.0.0.2"]),
    rig.submit(["127.0.0.3"]),
  ];
  manager.submit(makeRequest(["127.0.0.1"], { dedupeKey: "k" }));
  rig.begin(A);
  rig.end(A, complete(1, 0));
  rig.begin(B);
  rig.end(B, failed("other"));
  manager.cancel(unwanted);
  manager.cancel(unwanted);
  assert.deepEqual(heard, [
    ...[good, bad, unwanted].map((id) => `${id} accepted`),
    `${good} succeeded`,
    `${bad} failed`,
    `${unwanted} cancelled`,
  ]);
});
