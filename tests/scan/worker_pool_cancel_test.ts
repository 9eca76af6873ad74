import assert from "node:assert/strict";
import type { ScanOutcome } from "../../src/domain/scan.ts";
import { makeHost, makeOutcome } from "./builders.ts";
import { failedOutcome, FakeNetwork, makeRig, type Process, settle } from "./network.ts";

const STOPPED = { type: "stopped", message: "stopped" } as const;

/** A process that runs until it is ended, and has reported `hosts` by then. */
function untilEnded(hosts: ScanOutcome["hosts"] = []) {
  return async ({ signal }: Process): Promise<ScanOutcome> => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    return { ...makeOutcome(hosts), failure: STOPPED };
  };
}

Deno.test("WorkerPool.cancel() ends the process of a unit and keeps what it reported whole", async () => {
  const rig = makeRig({ process: untilEnded([makeHost("10.0.0.1", { open: [22] })]) });
  const { id } = rig.queueUp("10.0.0.0/30");
  rig.pool.start();
  await settle();
  rig.pool.cancel([id, "no such unit"]);
  await settle();
  assert.deepEqual(rig.ends.map(({ summary }) => summary.end), ["stopped"]);
  assert.equal(rig.page(), "10.0.0.1:22=1");
  assert.equal(rig.pool.isRunning(id), false);
  await rig.pool.stop();
});

Deno.test("WorkerPool.cancel() closes no port for which no second look could be taken", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22, 80] });
  const gate = Promise.withResolvers<void>();
  const rig = makeRig({
    network,
    process: async ({ job, look, signal }) => {
      if (!job.confirming) return look();
      gate.resolve();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      return failedOutcome(STOPPED);
    },
  });
  await rig.round("10.0.0.1");
  network.hosts.get("10.0.0.1")!.delete(22);
  const { id } = rig.queueUp("10.0.0.1");
  await gate.promise;
  rig.pool.cancel([id]);
  await settle();
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.1:80=1");
  assert.equal(rig.ends.at(-1)!.summary.end, "stopped");
  await rig.pool.stop();
});

for (const how of ["cancel", "abandon"] as const) {
  Deno.test(`WorkerPool.${how}() ends a unit that waits for a slot between two batches`, async () => {
    const held: (() => void)[] = [];
    const rig = makeRig({
      workers: 1,
      process: async ({ look, signal }) => {
        await new Promise<void>((resolve) => {
          held.push(resolve);
          signal.addEventListener("abort", () => resolve());
        });
        return signal.aborted ? failedOutcome(STOPPED) : look();
      },
    });
    const { id } = rig.queueUp("10.0.0.0/26");
    rig.pool.start();
    await settle();
    // a request gets the next slot
    rig.queueUp("10.0.1.1", { origin: "request" });
    held.shift()!();
    await settle();
    assert.equal(rig.jobs.at(-1)!.addresses[0], "10.0.1.1");
    rig.pool[how]([id]);
    assert.equal(rig.pool.isRunning(id), false);
    assert.deepEqual(rig.ends.map(({ target }) => target), ["10.0.0.0/26"]);
    // it can be scanned again at once
    assert.equal(rig.queueUp("10.0.0.0/26").answer, "accepted");
    held.shift()!();
    await settle();
    assert.equal(rig.pool.isRunning(id), true);
    await rig.pool.stop();
  });
}

Deno.test("WorkerPool takes urgent requests first, then others, and low ones in turn with the schedule", async () => {
  const rig = makeRig({ workers: 1 });
  for (const n of [1, 2]) {
    rig.queueUp(`10.0.4.${n}`);
    rig.queueUp(`10.0.3.${n}`, { origin: "request", priority: "low" });
    rig.queueUp(`10.0.2.${n}`, { origin: "request" });
    rig.queueUp(`10.0.1.${n}`, { origin: "request", priority: "high" });
  }
  rig.pool.start();
  await rig.untilEnded(8);
  assert.deepEqual(rig.taken.slice(0, 4).map((target) => target.slice(0, 8)), [
    "10.0.1.1",
    "10.0.1.2",
    "10.0.2.1",
    "10.0.2.2",
  ]);
  const turns = rig.taken.slice(4).map((target) => target.slice(5, 6));
  assert.ok(["3434", "4343"].includes(turns.join("")), turns.join(""));
  await rig.pool.stop();
});

Deno.test("WorkerPool goes on with an urgent request before it begins others", async () => {
  const rig = makeRig({ workers: 1, process: async ({ look }) => (await settle(), look()) });
  rig.queueUp("10.0.1.0/26", { origin: "request", priority: "high" });
  rig.queueUp("10.0.2.1", { origin: "request" });
  rig.pool.start();
  await rig.untilEnded(2);
  assert.deepEqual(rig.ends.map(({ target }) => target), ["10.0.1.0/26", "10.0.2.1/32"]);
  await rig.pool.stop();
});

Deno.test("WorkerPool.running() tells how far each unit is", async () => {
  const gate = Promise.withResolvers<void>();
  const rig = makeRig({
    workers: 2,
    process: async ({ look, onProgress }) => {
      onProgress?.({ task: "Connect Scan", percent: 25, remaining: 9 });
      await gate.promise;
      return look();
    },
  });
  const { id } = rig.queueUp("10.0.0.1");
  rig.pool.start();
  await settle();
  assert.deepEqual(rig.pool.progressOf(id), { fraction: 0.25, remaining: 9 });
  assert.deepEqual(
    rig.pool.running().map(({ task, addresses, fraction }) => [task.id, addresses, fraction]),
    [[id, 1, 0.25]],
  );
  gate.resolve();
  await rig.untilEnded(1);
  assert.equal(rig.pool.progressOf(id), undefined);
  assert.deepEqual(rig.pool.running(), []);
  await rig.pool.stop();
});
