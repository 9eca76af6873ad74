import assert from "node:assert/strict";
import type { ScanOutcome } from "../../src/domain/scan.ts";
import { failedOutcome, FakeNetwork, makeRig, type Process, settle } from "./network.ts";

/** Holds every process back until it is let go or the pool stops. */
function makeGate(hold: (process: Process) => boolean = () => true) {
  const held: { address: string; go: () => void }[] = [];
  return {
    process: async (process: Process): Promise<ScanOutcome> => {
      const { signal, job, look } = process;
      if (!hold(process)) return look();
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve());
      held.push({ address: job.addresses[0]!, go: resolve });
      await promise;
      return signal.aborted ? failedOutcome({ type: "stopped", message: "stopped" }) : look();
    },
    scanning: () => held.map(({ address }) => address).sort(),
    async release(count = 1) {
      for (const { go } of held.splice(0, count)) go();
      await settle();
    },
  };
}

Deno.test("WorkerPool.resize() runs more processes at once", async () => {
  const gate = makeGate();
  const rig = makeRig({ workers: 1, process: gate.process });
  for (const target of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) rig.queueUp(target);
  rig.pool.start();
  await settle();
  assert.deepEqual(gate.scanning(), ["10.0.0.1"]);
  rig.pool.resize({ workers: 3, totalRate: 0 });
  await settle();
  assert.equal(rig.pool.workers, 3);
  assert.deepEqual(gate.scanning(), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  await gate.release(3);
  assert.equal(rig.ends.length, 3);
  await rig.pool.stop();
});

Deno.test("WorkerPool.resize() lets what runs go on and begins no more than the lower number allows", async () => {
  const gate = makeGate();
  const rig = makeRig({ workers: 4, process: gate.process });
  for (const target of ["10.0.0.1", "10.0.0.2", "10.0.0.3"]) rig.queueUp(target);
  rig.pool.start();
  await settle();
  assert.equal(rig.pool.busy, 3);
  // the fourth slot waits for work, which must not be begun with it any more
  rig.pool.resize({ workers: 1, totalRate: 0 });
  await settle();
  for (const target of ["10.0.0.4", "10.0.0.5"]) rig.queueUp(target);
  await settle();
  assert.deepEqual(gate.scanning(), ["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  await gate.release();
  assert.equal(rig.pool.busy, 2);
  await gate.release();
  assert.equal(rig.pool.busy, 1);
  await gate.release();
  assert.deepEqual(gate.scanning(), ["10.0.0.4"]);
  await gate.release();
  await gate.release();
  assert.equal(rig.ends.length, 5);
  rig.pool.resize({ workers: 2, totalRate: 0 });
  for (const target of ["10.0.0.6", "10.0.0.7", "10.0.0.8"]) rig.queueUp(target);
  await settle();
  assert.equal(rig.pool.busy, 2);
  await rig.pool.stop();
});

Deno.test("WorkerPool.resize() again and again neither loses a slot nor adds one", async () => {
  const gate = makeGate();
  const rig = makeRig({ workers: 2, process: gate.process });
  rig.pool.start();
  for (const workers of [5, 1, 1, 3, 2, 7, 1, 4]) {
    rig.pool.resize({ workers, totalRate: 0 });
    if (workers % 2 === 1) await settle();
  }
  for (let n = 0; n < 9; n++) rig.queueUp(`10.0.0.${n}`);
  await settle();
  assert.equal(rig.pool.busy, 4);
  while (rig.ends.length < 9) await gate.release();
  await rig.pool.stop();
});

Deno.test("WorkerPool.abandon() throws away what a process still finds out", async () => {
  const gate = makeGate();
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.2": [22] });
  const rig = makeRig({ workers: 2, process: gate.process, network });
  const { id } = rig.queueUp("10.0.0.1");
  rig.queueUp("10.0.0.2");
  rig.pool.start();
  await settle();
  rig.pool.abandon([id, "no such unit"]);
  assert.ok(rig.pool.isRunning(id));
  await gate.release(2);
  assert.deepEqual(rig.ends.map(({ target, summary: { end } }) => `${target} ${end}`), [
    "10.0.0.1/32 stopped",
    "10.0.0.2/32 complete",
  ]);
  assert.equal(rig.page(), "10.0.0.2:22=1");
  assert.ok(!rig.pool.isRunning(id));
  await rig.pool.stop();
});

Deno.test("WorkerPool.abandon() hands out no more batches and keeps what was applied before", async () => {
  const gate = makeGate(({ job }) => job.addresses[0] !== "10.0.0.0");
  const network = new FakeNetwork({ "10.0.0.0": [22], "10.0.0.16": [22] });
  const rig = makeRig({ process: gate.process, network });
  const { id } = rig.queueUp("10.0.0.0/24");
  rig.pool.start();
  await settle();
  rig.pool.abandon([id]);
  await gate.release();
  assert.equal(rig.jobs.length, 2);
  assert.deepEqual(rig.ends.map(({ summary: { end } }) => end), ["stopped"]);
  assert.equal(rig.page(), "10.0.0.0:22=1");
  await rig.pool.stop();
});

Deno.test("WorkerPool.abandon() in the middle of a second look says and changes nothing", async () => {
  const gate = makeGate(({ job }) => job.confirming);
  const network = new FakeNetwork({ "10.0.0.1": [22, 80] });
  const rig = makeRig({ process: gate.process, network });
  await rig.round("10.0.0.1");
  // found closed by the scan and open by the second look
  network.hosts.get("10.0.0.1")!.delete(22);
  const { id } = rig.queueUp("10.0.0.1");
  await settle();
  assert.deepEqual(gate.scanning(), ["10.0.0.1"]);
  rig.pool.abandon([id]);
  network.hosts.get("10.0.0.1")!.add(22);
  await gate.release();
  assert.deepEqual(rig.log, []);
  assert.equal(rig.ends.at(-1)?.summary.end, "stopped");
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.1:80=1");
  await rig.pool.stop();
});

Deno.test("WorkerPool.abandon() believes no silence that is still being judged", async () => {
  const gate = makeGate(({ job }) => job.addresses[0] === "10.0.0.2");
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.2": [22] });
  const rig = makeRig({ workers: 2, process: gate.process, network });
  rig.queueUp("10.0.0.2");
  rig.queueUp("10.0.0.1");
  rig.pool.start();
  await settle();
  await gate.release();
  assert.equal(rig.ends.length, 2);
  network.hosts.delete("10.0.0.1");
  const { id } = rig.queueUp("10.0.0.1");
  await settle();
  // the one that still answers is asked whether the network works
  assert.deepEqual(gate.scanning(), ["10.0.0.2"]);
  rig.pool.abandon([id]);
  await gate.release();
  assert.ok(!rig.pool.isRunning(id));
  assert.deepEqual([rig.ends.length, rig.ends.at(-1)?.summary.end], [3, "stopped"]);
  assert.deepEqual(rig.log, []);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.2:22=1");
  await rig.pool.stop();
});

Deno.test("WorkerPool.abandon() has nobody else asked about a silence", async () => {
  const gate = makeGate(({ job }) => job.confirming && job.addresses[0] !== "10.0.0.1");
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.2": [22], "10.0.0.3": [22] });
  const rig = makeRig({ process: gate.process, network });
  await rig.round("10.0.0.1", "10.0.0.3", "10.0.0.2");
  network.hosts.clear();
  const { id } = rig.queueUp("10.0.0.1");
  await settle();
  assert.deepEqual(gate.scanning(), ["10.0.0.2"]);
  rig.pool.abandon([id]);
  await gate.release();
  assert.deepEqual(gate.scanning(), []);
  assert.deepEqual([rig.ends.length, rig.ends.at(-1)?.summary.end], [4, "stopped"]);
  await rig.pool.stop();
});

Deno.test("WorkerPool.abandon() ends the processes of a unit and throws away what they found", async () => {
  const gate = makeGate();
  const rig = makeRig({ workers: 2, process: gate.process });
  const [first] = ["10.0.0.1", "10.0.0.2"].map((target) => rig.queueUp(target));
  rig.pool.start();
  await settle();
  assert.equal(rig.pool.busy, 2);
  rig.pool.abandon([first!.id]);
  await settle();
  assert.equal(rig.pool.busy, 1);
  assert.deepEqual(rig.ends.map(({ target, summary }) => `${target} ${summary.end}`), [
    "10.0.0.1/32 stopped",
  ]);
  await rig.pool.stop();
});
