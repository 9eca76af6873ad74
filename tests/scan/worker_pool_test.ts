import assert from "node:assert/strict";
import type { ScanOutcome } from "../../src/domain/scan.ts";
import { makeHost, makeOutcome } from "./builders.ts";
import { failedOutcome, FakeNetwork, makeRig, type Process, settle } from "./network.ts";

/** Holds processes back until they are let go. */
function makeGate() {
  const held: { process: Process; go: () => void }[] = [];
  return {
    held,
    process: async (process: Process): Promise<ScanOutcome> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      process.signal.addEventListener("abort", () => resolve());
      held.push({ process, go: resolve });
      await promise;
      const { signal, look } = process;
      return signal.aborted ? failedOutcome({ type: "stopped", message: "stopped" }) : look();
    },
    /** Lets the processes go that hold this address. */
    async release(address: string) {
      const index = held.findIndex(({ process }) => process.job.addresses.includes(address));
      assert.ok(index >= 0, `${address} is not being scanned`);
      held.splice(index, 1)[0]!.go();
      await settle();
    },
    scanning: () => held.map(({ process }) => process.job.addresses[0]).sort(),
  };
}

Deno.test("WorkerPool scans what is queued, and each unit ends once", async () => {
  const rig = makeRig({
    network: new FakeNetwork({ "10.0.0.1": [22], "10.0.1.7": [80, 443] }),
    workers: 3,
  });
  assert.deepEqual((await rig.round("10.0.0.1", "10.0.1.0/24", "10.0.0.2")).sort(), [
    "10.0.0.1/32 complete",
    "10.0.0.2/32 complete",
    "10.0.1.0/24 complete",
  ]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.1.7:80=1");
  await settle();
  assert.equal(rig.ends.length, 3);
  // the baseline counts no change
  assert.deepEqual(rig.log, []);
  const { summary } = rig.ends.find(({ target }) => target === "10.0.1.0/24")!;
  assert.deepEqual([summary.up, summary.down, summary.incomplete], [256, 0, 0]);
  await rig.pool.stop();
});

Deno.test("WorkerPool never runs more processes than it has workers, nor fewer when there is work", async () => {
  for (const workers of [1, 2, 5]) {
    const rig = makeRig({ workers, process: async ({ look }) => (await settle(), look()) });
    await rig.round("10.0.0.0/24", "10.0.1.0/25", "10.0.2.1", "10.0.2.2");
    assert.equal(rig.active.most, workers);
    assert.equal(rig.jobs.length, 16 + 8 + 2);
    await settle();
    assert.equal(rig.pool.busy, 0);
    await rig.pool.stop();
  }
});

Deno.test("WorkerPool looks at every address of a unit exactly once", async () => {
  const rig = makeRig({ workers: 4 });
  await rig.round("10.0.0.0/25");
  const addresses = rig.jobs.flatMap((job) => job.addresses);
  assert.equal(addresses.length, 128);
  assert.equal(new Set(addresses).size, 128);
  await rig.pool.stop();
});

Deno.test("WorkerPool confirms that a port has closed before it says so", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22, 80] });
  const rig = makeRig({ network });
  await rig.round("10.0.0.1");
  network.hosts.get("10.0.0.1")!.delete(22);
  rig.jobs.length = 0;
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.deepEqual(
    rig.jobs.map(({ ports, confirming, addresses }) => [`${ports}`, confirming, addresses.length]),
    [["1-100", false, 1], ["22", true, 1]],
  );
  assert.deepEqual(rig.log, ["10.0.0.1 22 open_to_closed"]);
  assert.equal(rig.page(), "10.0.0.1:80=1 10.0.0.1:22=0");
  await rig.pool.stop();
});

Deno.test("WorkerPool reports no change when the second look finds the port open", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22, 80] });
  const lossy = ({ job, look }: Process): ScanOutcome =>
    job.confirming || rig.jobs.length === 1
      ? look()
      : makeOutcome([makeHost("10.0.0.1", { open: [80] })]);
  const rig = makeRig({ network, process: lossy });
  await rig.round("10.0.0.1");
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.deepEqual(rig.log, ["10.0.0.1 1 unconfirmed"]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.1:80=1");
  await rig.pool.stop();
});

Deno.test("WorkerPool keeps a port open when its second look fails, and tries again next time", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22, 80] });
  let fail = true;
  const rig = makeRig({
    network,
    process: ({ job, look }) =>
      job.confirming && fail ? failedOutcome({ type: "killed", message: "SIGKILL" }) : look(),
  });
  await rig.round("10.0.0.1");
  network.hosts.get("10.0.0.1")!.delete(22);
  await rig.round("10.0.0.1");
  assert.deepEqual(rig.log, ["10.0.0.1 22 in doubt"]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.1:80=1");
  fail = false;
  await rig.round("10.0.0.1");
  assert.deepEqual(rig.log.slice(1), ["10.0.0.1 22 open_to_closed"]);
  await rig.pool.stop();
});

Deno.test("WorkerPool closes at once when changes need no confirmation", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22, 80] });
  const rig = makeRig({ network, confirmChanges: false });
  await rig.round("10.0.0.1");
  network.hosts.get("10.0.0.1")!.delete(22);
  await rig.round("10.0.0.1");
  assert.equal(rig.jobs.length, 2);
  assert.deepEqual(rig.log, ["10.0.0.1 22 open_to_closed"]);
  // a single host that falls silent is believed as well
  network.hosts.delete("10.0.0.1");
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.equal(rig.jobs.length, 3);
  assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.1:80=0");
  await rig.pool.stop();
});

Deno.test("WorkerPool applies openings of a batch before its second looks have ended", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22] });
  const gate = makeGate();
  const rig = makeRig({
    network,
    process: (process) => process.job.confirming ? gate.process(process) : process.look(),
  });
  await rig.round("10.0.0.1");
  network.hosts.set("10.0.0.1", new Set([80]));
  const round = rig.round("10.0.0.1");
  await settle();
  assert.deepEqual(rig.log, ["10.0.0.1 80 closed_to_open"]);
  // the second look is taken in the same worker slot
  assert.equal(rig.pool.busy, 1);
  await gate.release("10.0.0.1");
  await round;
  assert.deepEqual(rig.log.slice(1), ["10.0.0.1 22 open_to_closed"]);
  await rig.pool.stop();
});

Deno.test("WorkerPool keeps the state of hosts that timed out, and counts them", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.2": [80] });
  let slow: string[] = [];
  const rig = makeRig({
    network,
    process: ({ look }) => {
      const outcome = look();
      return {
        ...outcome,
        hosts: outcome.hosts.map((host) =>
          slow.includes(host.address) ? makeHost(host.address, { timedOut: true }) : host
        ),
      };
    },
  });
  await rig.round("10.0.0.0/30");
  slow = ["10.0.0.1"];
  network.hosts.get("10.0.0.1")!.clear();
  assert.deepEqual(await rig.round("10.0.0.0/30"), ["10.0.0.0/30 complete"]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.2:80=1");
  assert.equal(rig.record("10.0.0.0/30").lastHostsTimedOut, 1);
  slow = ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3"];
  assert.deepEqual(await rig.round("10.0.0.0/30"), ["10.0.0.0/30 failed timeout"]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.2:80=1");
  assert.deepEqual(rig.log, []);
  await rig.pool.stop();
});

Deno.test("WorkerPool applies what a process reported before it ended early", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.2": [80], "10.0.0.3": [443] });
  let early = false;
  const rig = makeRig({
    network,
    process: ({ look }) => {
      const outcome = look();
      return early
        ? {
          ...outcome,
          failure: { type: "killed", message: "SIGKILL" } as const,
          hosts: outcome.hosts.slice(0, 2),
        }
        : outcome;
    },
  });
  // at a rate at which the three share a process
  const parts = { nmap: { minRate: 1000 } };
  await rig.round(["10.0.0.0/30", parts]);
  early = true;
  network.hosts.get("10.0.0.1")!.add(23);
  network.hosts.get("10.0.0.3")!.clear();
  assert.deepEqual(await rig.round(["10.0.0.0/30", parts]), ["10.0.0.0/30 partial killed"]);
  assert.deepEqual(rig.log, ["10.0.0.1 23 closed_to_open"]);
  const record = rig.record("10.0.0.0/30");
  assert.deepEqual([record.successes, record.partials, record.lastHostsIncomplete], [1, 1, 1]);
  await rig.pool.stop();
});

Deno.test("WorkerPool fails a unit that nothing came of", async () => {
  const rig = makeRig({
    process: () => failedOutcome({ type: "nmap_missing", message: "Cannot find nmap" }),
  });
  assert.deepEqual(await rig.round("10.0.0.0/26"), ["10.0.0.0/26 failed nmap_missing"]);
  assert.equal(rig.record("10.0.0.0/26").failures.get("nmap_missing"), 1);
  assert.equal(rig.record("10.0.0.0/26").lastHostsIncomplete, 64);
  assert.deepEqual(rig.state.takeUnsaved(), { hosts: [], forgottenHosts: [] });
  await rig.pool.stop();
});

Deno.test("WorkerPool starves no small unit because of a huge one", async () => {
  const rig = makeRig({ process: async ({ look }) => (await settle(), look()) });
  rig.queueUp("10.0.0.0/24");
  rig.pool.start();
  while (rig.jobs.length < 3) await settle();
  rig.queueUp("10.9.0.1");
  await rig.untilEnded(1);
  assert.equal(rig.ends[0]!.target, "10.9.0.1/32");
  assert.ok(rig.jobs.findIndex((job) => job.addresses[0] === "10.9.0.1") < 16);
  await rig.untilEnded(2);
  await rig.pool.stop();
});

Deno.test("WorkerPool starves no huge unit because of a stream of small ones", async () => {
  const rig = makeRig();
  rig.queueUp("10.0.0.0/24");
  for (let small = 0; small < 300; small++) rig.queueUp(`10.9.${small >> 8}.${small & 255}`);
  rig.pool.start();
  await rig.untilEnded(301);
  // 16 batches, one in every two slots
  const at = rig.ends.findIndex(({ target }) => target === "10.0.0.0/24");
  assert.ok(at >= 10 && at <= 20, `${at}`);
  await rig.pool.stop();
});

Deno.test("WorkerPool scans units of one size one after the other, so that each ends soon", async () => {
  const rig = makeRig();
  await rig.round("10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24");
  const order = rig.jobs.map((job) => job.addresses[0]!.split(".")[2]!);
  assert.equal(order.join(""), "0".repeat(16) + "1".repeat(16) + "2".repeat(16));
  await rig.pool.stop();
});

Deno.test("WorkerPool deals in turn to units of several sizes", async () => {
  const rig = makeRig();
  await rig.round("10.0.0.0/20", "10.1.0.0/24", "10.2.0.0/26", "10.3.0.1");
  const lastOf = (name: string) =>
    rig.jobs.findLastIndex((job) => job.addresses[0]!.startsWith(`10.${name}.`));
  // 1, 4, 16 and 256 batches, of which the larger share the slots that the smaller leave
  assert.ok(lastOf("3") < 16, `${lastOf("3")}`);
  assert.ok(lastOf("2") < 32, `${lastOf("2")}`);
  assert.ok(lastOf("1") < 64, `${lastOf("1")}`);
  assert.equal(lastOf("0"), rig.jobs.length - 1);
  await rig.pool.stop();
});

Deno.test("WorkerPool serves requests before what is scheduled", async () => {
  const rig = makeRig();
  rig.queueUp("10.0.0.1");
  rig.queueUp("10.0.0.2");
  rig.queueUp("10.0.0.3", { origin: "request" });
  rig.pool.start();
  await rig.untilEnded(3);
  const order = ["10.0.0.3/32", "10.0.0.1/32", "10.0.0.2/32"];
  assert.deepEqual(rig.ends.map(({ target }) => target), order);
  assert.deepEqual(rig.taken, order);
  await rig.pool.stop();
});

Deno.test("WorkerPool.isRunning() holds from the take to the end", async () => {
  const gate = makeGate();
  const rig = makeRig({ process: gate.process });
  const { id } = rig.queueUp("10.0.0.1");
  assert.equal(rig.pool.isRunning(id), false);
  assert.deepEqual(rig.taken, []);
  rig.pool.start();
  await settle();
  assert.equal(rig.pool.isRunning(id), true);
  assert.deepEqual(rig.taken, ["10.0.0.1/32"]);
  assert.equal(rig.queue.has(id), false);
  await gate.release("10.0.0.1");
  assert.equal(rig.pool.isRunning(id), false);
  await rig.pool.stop();
});

Deno.test("WorkerPool.stop() ends every unit under way once, as stopped, and counts nothing", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22] });
  const gate = makeGate();
  const rig = makeRig({ network, workers: 2, process: gate.process });
  const first = rig.queueUp("10.0.0.0/24");
  const second = rig.queueUp("10.0.1.0/26");
  rig.pool.start();
  await settle();
  await gate.release("10.0.0.1");
  while (!rig.pool.isRunning(second.id)) await gate.release(gate.scanning()[0]!);
  assert.ok(rig.pool.isRunning(first.id));
  rig.queueUp("10.0.2.1");
  await rig.pool.stop();
  assert.equal(rig.active.now, 0);
  assert.equal(rig.pool.busy, 0);
  assert.deepEqual(
    rig.ends.map(({ target, summary: { end, failure } }) => [target, end, failure]).sort(),
    [["10.0.0.0/24", "stopped", undefined], ["10.0.1.0/26", "stopped", undefined]],
  );
  assert.ok(!rig.pool.isRunning(first.id) && !rig.pool.isRunning(second.id));
  // what finished is kept
  assert.equal(rig.page(), "10.0.0.1:22=1");
  const record = rig.record("10.0.0.0/24");
  assert.deepEqual([record.successes, [...record.failures]], [0, [["timeout", 0]]]);
  assert.equal(record.lastHostsIncomplete, undefined);
  assert.equal(rig.queue.size, 1);
});

Deno.test("WorkerPool.stop() ends units that have batches left but no process running", async () => {
  const gate = makeGate();
  const rig = makeRig({ process: gate.process });
  rig.queueUp("10.0.0.0/24");
  const { id } = rig.queueUp("10.0.1.0/26");
  rig.pool.start();
  await settle();
  while (!rig.pool.isRunning(id)) await gate.release(gate.scanning()[0]!);
  assert.equal(gate.scanning().length, 1);
  await rig.pool.stop();
  assert.deepEqual(rig.ends.map(({ target, summary }) => `${target} ${summary.end}`).sort(), [
    "10.0.0.0/24 stopped",
    "10.0.1.0/26 stopped",
  ]);
});

Deno.test("WorkerPool can be stopped before it was started, and while it is idle", async () => {
  await makeRig().pool.stop();
  const rig = makeRig({ workers: 3 });
  rig.pool.start();
  await settle();
  await rig.pool.stop();
  rig.queueUp("10.0.0.1");
  await settle();
  assert.equal(rig.jobs.length, 0);
});

Deno.test("WorkerPool begins the next round of a unit that ran out of time where it stopped", async () => {
  const rig = makeRig();
  const parts = { timeout: 1 };
  // 16 batches of a second each, and one second of process time
  assert.deepEqual(await rig.round(["10.0.0.0/24", parts]), ["10.0.0.0/24 partial timeout"]);
  const seen: string[][] = [rig.jobs.flatMap((job) => job.addresses)];
  for (let round = 1; round < 16; round++) {
    rig.jobs.length = 0;
    await rig.round(["10.0.0.0/24", parts]);
    seen.push(rig.jobs.flatMap((job) => job.addresses));
  }
  assert.equal(new Set(seen.flat()).size, 256);
  assert.equal(seen[1]![0], `10.0.0.${seen[0]!.length}`);
  await rig.pool.stop();
});

Deno.test("WorkerPool looks first at what answered last time, apart from what is silent", async () => {
  const network = new FakeNetwork({ "10.0.0.77": [22], "10.0.0.200": [], "10.0.0.130": [80] });
  const rig = makeRig({ network });
  const parts = { nmap: { minRate: 1000 } };
  await rig.round(["10.0.0.0/24", parts]);
  rig.jobs.length = 0;
  await rig.round(["10.0.0.0/24", parts]);
  assert.deepEqual(rig.jobs[0]!.addresses, ["10.0.0.77", "10.0.0.130", "10.0.0.200"]);
  assert.equal(new Set(rig.jobs.flatMap(({ addresses }) => addresses)).size, 256);
  await rig.pool.stop();
});
