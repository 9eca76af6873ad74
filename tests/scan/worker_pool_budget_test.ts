import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import type { ScanJob, ScanOutcome } from "../../src/domain/scan.ts";
import type { UnitParts } from "./builders.ts";
import { failedOutcome, FakeNetwork, makeRig, type Process, type RigOptions } from "./network.ts";

/** A rig on a fake clock in which processes take time, side by side, and obey their limits. */
function makeTimedRig(
  seconds: (job: ScanJob, number: number) => number,
  options: Omit<RigOptions, "now" | "process"> = {},
) {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"], now: 1_000_000 });
  let started = 0;
  const process = async ({ job, look, signal }: Process): Promise<ScanOutcome> => {
    const needed = seconds(job, started++) * 1000;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(needed, job.timeoutMs));
    signal.addEventListener("abort", () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
    if (signal.aborted) return failedOutcome({ type: "stopped", message: "stopped" });
    if (needed > job.timeoutMs) return failedOutcome({ type: "timeout", message: "too long" });
    return look();
  };
  const rig = makeRig({ ...options, process, now: () => clock.now });
  return {
    ...rig,
    /** Lets time pass. */
    pass: (ms: number) => clock.tickAsync(ms),
    /** Scans a unit and resolves with what came of it and of its processes. */
    async scan(target: string, parts: UnitParts) {
      for (const list of [rig.jobs, rig.outcomes, rig.log]) list.length = 0;
      started = 0;
      const before = clock.now;
      let over = false;
      const round = rig.round([target, parts]).finally(() => over = true);
      while (!over) await clock.tickAsync(10);
      await round;
      return {
        summary: rig.ends.at(-1)!.summary,
        processes: rig.outcomes.map(({ failure }) => failure?.type ?? "complete"),
        seconds: (clock.now - before) / 1000,
        spent: rig.outcomes.reduce((sum, { startedAt, endedAt }) => sum + endedAt - startedAt, 0),
        first: rig.jobs[0]!.addresses[0]!,
      };
    },
    async [Symbol.asyncDispose]() {
      await rig.pool.stop();
      assert.equal(clock.countTimers(), 0);
      clock.uninstall();
    },
  };
}

/** Addresses that the complete ones of a rig's processes looked at. */
function lookedAt(outcomes: readonly ScanOutcome[]): string[] {
  return outcomes.flatMap(({ hosts }) => hosts.map(({ address }) => address));
}

Deno.test("WorkerPool cuts no process of a unit that used its time well", async () => {
  const durations = [1, 1, 1, 4.5];
  await using rig = makeTimedRig((_job, number) => durations[number]!, { workers: 2 });
  const { summary, processes } = await rig.scan("10.0.0.0/26", { timeout: 5 });
  assert.deepEqual(processes, ["complete", "complete", "complete", "complete"]);
  assert.deepEqual([summary.end, summary.incomplete, summary.resumeAt], ["complete", 0, 0]);
  assert.ok(rig.jobs.every(({ timeoutMs }) => timeoutMs === 5000));
});

Deno.test("WorkerPool looks at every address in the end, however badly batches fit into the time", async () => {
  await using rig = makeTimedRig(() => 1.15);
  const seen = new Set<string>();
  const firsts: string[] = [];
  for (let round = 0; round < 4; round++) {
    const { summary, processes, first } = await rig.scan("10.0.0.0/26", { timeout: 2 });
    assert.deepEqual([summary.end, summary.failure?.type], ["partial", "timeout"]);
    assert.deepEqual(processes, ["complete", "timeout"]);
    firsts.push(first);
    for (const address of lookedAt(rig.outcomes)) seen.add(address);
  }
  assert.equal(seen.size, 64);
  // the one that was cut goes first in the next round
  assert.deepEqual(firsts, ["10.0.0.0", "10.0.0.16", "10.0.0.32", "10.0.0.48"]);
  assert.equal(rig.record("10.0.0.0/26").timeouts, 4);
});

Deno.test("WorkerPool holds the sum of a unit's processes to its time, several side by side", async () => {
  const durations = [1, 3.9, 3.9, 3.9];
  await using rig = makeTimedRig((_job, number) => durations[number]!, { workers: 2 });
  const { summary, processes, spent } = await rig.scan("10.0.0.0/26", { timeout: 4 });
  // 8 s: after 3.9 of them too little is left for another, and the third is cut after 4.1
  assert.deepEqual(processes, ["complete", "complete", "timeout"]);
  assert.ok(spent >= 8000 && spent <= 8200, `${spent}`);
  assert.equal(summary.resumeAt, 32);
  assert.match(
    rig.outcomes.at(-1)!.failure!.message,
    /whole unit is used up \(scanning\.timeout\)/,
  );
});

Deno.test("WorkerPool ends a process by its own limit before that of the unit, and goes on behind it", async () => {
  await using rig = makeTimedRig(({ addresses }) => addresses[0] === "10.0.0.0" ? 60 : 1);
  const first = await rig.scan("10.0.0.0/26", { timeout: 10 });
  assert.deepEqual(first.processes, ["timeout"]);
  assert.equal(rig.outcomes[0]!.failure!.message, "too long");
  assert.equal(first.summary.resumeAt, 16);
  const second = await rig.scan("10.0.0.0/26", { timeout: 10 });
  assert.deepEqual(second.processes, ["complete", "complete", "complete", "timeout"]);
  // the slow one was cut before it had its whole time, so it goes first
  assert.deepEqual([second.first, second.summary.resumeAt], ["10.0.0.16", 64]);
  const third = await rig.scan("10.0.0.0/26", { timeout: 10 });
  assert.deepEqual([third.first, third.summary.resumeAt], ["10.0.0.0", 16]);
});

Deno.test("WorkerPool lets no unit take time from another", async () => {
  await using rig = makeTimedRig(() => 1.9, { workers: 2 });
  rig.queueUp("10.0.1.1", { timeout: 2 });
  rig.queueUp("10.0.2.1", { timeout: 2 });
  rig.queueUp("10.0.3.1", { timeout: 2 });
  rig.pool.start();
  await rig.pass(4000);
  assert.deepEqual(rig.ends.map(({ summary: { end } }) => end), Array(3).fill("complete"));
});

Deno.test("WorkerPool has time for second looks when the scan itself used up its own, and no more than as much", async () => {
  const network = new FakeNetwork({
    "10.0.0.1": [22, 80],
    "10.0.0.2": [22, 80],
    "10.0.0.3": [22, 80],
  });
  await using rig = makeTimedRig(({ confirming }) => confirming ? 0.9 : 0.95, { network });
  const parts = { timeout: 2 };
  await rig.scan("10.0.0.0/30", parts);
  for (const open of network.hosts.values()) open.delete(22);
  const round = await rig.scan("10.0.0.0/30", parts);
  assert.deepEqual(round.processes, ["complete", "complete", "complete", "timeout", "complete"]);
  // which is no failure of the scan
  assert.equal(round.summary.end, "complete");
  assert.deepEqual(rig.log, [
    "10.0.0.1 22 open_to_closed",
    "10.0.0.2 22 open_to_closed",
    "10.0.0.3 22 in doubt",
  ]);
  await rig.scan("10.0.0.0/30", parts);
  assert.deepEqual(rig.log, ["10.0.0.3 22 open_to_closed"]);
});

Deno.test("WorkerPool.stop() ends a unit as stopped whose process was being cut for want of time", async () => {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"], now: 1_000_000 });
  const rig = makeRig({
    now: () => clock.now,
    process: async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await new Promise((resolve) => setTimeout(resolve, 5000));
      return failedOutcome({ type: "stopped", message: "stopped" });
    },
  });
  rig.queueUp("10.0.0.1", { timeout: 1 });
  rig.pool.start();
  await clock.tickAsync(2000);
  const stopping = rig.pool.stop();
  await clock.tickAsync(5000);
  await stopping;
  clock.uninstall();
  assert.deepEqual(rig.ends.map(({ summary: { end } }) => end), ["stopped"]);
});

Deno.test("WorkerPool.stop() ends a process as stopped, not as one that ran out of time", async () => {
  const rig = makeTimedRig(() => 60);
  rig.queueUp("10.0.0.1", { timeout: 100 });
  rig.pool.start();
  await rig.pass(1000);
  await rig[Symbol.asyncDispose]();
  assert.deepEqual(rig.ends.map(({ summary: { end, failure } }) => [end, failure]), [
    ["stopped", undefined],
  ]);
});
