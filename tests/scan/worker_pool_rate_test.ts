import assert from "node:assert/strict";
import fc from "fast-check";
import type { ScanJob } from "../../src/domain/scan.ts";
import { FakeNetwork, makeRig, type Process, settle } from "./network.ts";

Deno.test("WorkerPool gives every process its share of the total, second looks too", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.2": [80] });
  const rig = makeRig({ network, workers: 4, totalRate: 1000 });
  await rig.round("10.0.0.0/28");
  network.hosts.get("10.0.0.1")!.clear();
  await rig.round("10.0.0.0/28");
  assert.ok(rig.jobs.some(({ confirming }) => confirming));
  assert.deepEqual(new Set(rig.jobs.map(({ nmap }) => nmap.maxRate)), new Set([250]));
  assert.deepEqual(new Set(rig.jobs.map(({ nmap }) => nmap.minRate)), new Set([100]));
  await rig.pool.stop();
});

Deno.test("WorkerPool runs fewer processes where there is less than a packet per second for each", async () => {
  const rig = makeRig({
    workers: 10,
    totalRate: 3,
    process: async ({ look }) => (await settle(), look()),
  });
  assert.equal(rig.pool.workers, 3);
  await rig.round(["10.0.0.0/29", { nmap: { minRate: 1 } }]);
  assert.equal(rig.active.most, 3);
  assert.ok(rig.jobs.every(({ nmap }) => nmap.maxRate === 1 && nmap.minRate === 1));
  await rig.pool.stop();
});

Deno.test("WorkerPool gives a unit that runs smaller batches when the share shrinks", async () => {
  const rig = makeRig({
    process: ({ look }) => {
      rig.pool.resize({ workers: 1, totalRate: 10 });
      return look();
    },
  });
  await rig.round("10.0.0.0/27");
  // 150 s of 20 s each
  assert.deepEqual(rig.jobs.map(({ addresses }) => addresses.length), [16, 7, 7, 2]);
  await rig.pool.stop();
});

Deno.test("WorkerPool.stop() ends what still waits for its share", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const rig = makeRig({
    workers: 2,
    totalRate: 100,
    process: async ({ look, signal }) => {
      signal.addEventListener("abort", () => resolve());
      await promise;
      return look();
    },
  });
  rig.queueUp("10.0.0.1");
  rig.pool.start();
  await settle();
  // what runs has 50, so that less than 40 is left
  rig.pool.resize({ workers: 2, totalRate: 80 });
  rig.queueUp("10.0.0.2");
  await settle();
  assert.deepEqual([rig.jobs.length, rig.pool.busy], [1, 2]);
  await rig.pool.stop();
  assert.deepEqual(rig.ends.map(({ target, summary }) => `${target} ${summary.end}`).sort(), [
    "10.0.0.1/32 complete",
    "10.0.0.2/32 stopped",
  ]);
});

Deno.test("WorkerPool never starts a process that takes the rates of all above the total", async () => {
  const someLimits = fc.record({
    workers: fc.integer({ min: 1, max: 6 }),
    totalRate: fc.integer({ min: 1, max: 50 }),
  });
  await fc.assert(
    fc.asyncProperty(
      someLimits,
      fc.array(someLimits, { maxLength: 4 }),
      fc.array(fc.nat(20), { minLength: 1 }),
      async (first, changes, turns) => {
        const running = new Set<ScanJob>();
        const wrong: string[] = [];
        let limits = first;
        let started = 0;
        const network = new FakeNetwork({
          "10.0.0.1": [22, 80],
          "10.0.0.9": [22],
          "10.0.1.1": [7],
        });
        const rig = makeRig({
          ...first,
          network,
          process: async ({ job, look }: Process) => {
            running.add(job);
            const sum = [...running].reduce((rate, { nmap }) => rate + nmap.maxRate, 0);
            const { minRate, maxRate } = job.nmap;
            if (sum > limits.totalRate || maxRate < 1 || minRate > maxRate) {
              wrong.push(`${sum} of ${limits.totalRate}, ${minRate} to ${maxRate}`);
            }
            for (let turn = turns[started++ % turns.length]!; turn > 0; turn--) await undefined;
            if (started % 3 === 0 && changes.length > 0) {
              // as a reload, when nothing is between its reservation and its start
              await settle();
              const next = changes.pop();
              if (next !== undefined) rig.pool.resize(limits = next);
            }
            running.delete(job);
            return look();
          },
        });
        await rig.round("10.0.0.0/28", "10.0.1.1", "10.0.2.0/30");
        network.hosts.get("10.0.0.1")!.delete(22);
        network.hosts.delete("10.0.1.1");
        await rig.round("10.0.0.0/28", "10.0.1.1", "10.0.2.0/30");
        assert.ok(rig.outcomes.every(({ failure }) => failure === undefined));
        assert.deepEqual([wrong, running.size], [[], 0]);
        await rig.pool.stop();
      },
    ),
  );
});
