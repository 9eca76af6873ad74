import assert from "node:assert/strict";
import type { ScanOutcome } from "../../src/domain/scan.ts";
import { makeHost, makeOutcome } from "./builders.ts";
import { failedOutcome, FakeNetwork, makeRig, type Process, settle } from "./network.ts";

const OPEN = { "10.0.0.1": [22], "10.0.0.2": [80], "10.0.0.3": [43] };

Deno.test("a unit of one address that falls silent is believed after its confirmation", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22, 80] });
  const rig = makeRig({ network });
  await rig.round("10.0.0.1");
  network.hosts.delete("10.0.0.1");
  rig.jobs.length = 0;
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.deepEqual(
    rig.jobs.map(({ ports, confirming }) => [`${ports}`, confirming]),
    [["1-100", false], ["22,80", true]],
  );
  assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.1:80=0");
  // and is a silent address from then on
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  network.hosts.set("10.0.0.1", new Set([22]));
  await rig.round("10.0.0.1");
  assert.deepEqual(rig.log.at(-1), "10.0.0.1 22 closed_to_open");
  await rig.pool.stop();
});

Deno.test("a silent address whose second look fails keeps its ports", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22] });
  const rig = makeRig({
    network,
    process: ({ job, look }) =>
      job.confirming ? failedOutcome({ type: "killed", message: "SIGKILL" }) : look(),
  });
  await rig.round("10.0.0.1");
  network.hosts.delete("10.0.0.1");
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 failed no_answer"]);
  assert.equal(rig.page(), "10.0.0.1:22=1");
  await rig.pool.stop();
});

Deno.test("a silent address that answers the second look is alive, also for the next round", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22, 80] });
  let lost = false;
  const rig = makeRig({
    network,
    process: ({ job, look }) =>
      lost && !job.confirming ? makeOutcome([makeHost("10.0.0.1", { alive: false })]) : look(),
  });
  await rig.round("10.0.0.1");
  lost = true;
  network.hosts.get("10.0.0.1")!.delete(80);
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.deepEqual(rig.log, ["10.0.0.1 1 unconfirmed", "10.0.0.1 80 open_to_closed"]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.1:80=0");
  assert.deepEqual([...rig.record("10.0.0.1").alive], ["10.0.0.1"]);
  await rig.pool.stop();
});

Deno.test("a unit of many addresses that falls silent is believed in its second round", async () => {
  const network = new FakeNetwork(OPEN);
  const rig = makeRig({ network });
  await rig.round("10.0.0.0/29");
  network.hosts.clear();
  rig.jobs.length = 0;
  assert.deepEqual(await rig.round("10.0.0.0/29"), ["10.0.0.0/29 failed no_answer"]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.2:80=1 10.0.0.3:43=1");
  assert.equal(rig.jobs.length, 1);
  assert.deepEqual(await rig.round("10.0.0.0/29"), ["10.0.0.0/29 complete"]);
  assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.2:80=0 10.0.0.3:43=0");
  // every host was looked at again before it was believed
  assert.equal(rig.jobs.filter(({ confirming }) => confirming).length, 3);
  await rig.pool.stop();
});

Deno.test("a unit of many addresses is not doubted while one of them answers", async () => {
  const network = new FakeNetwork(OPEN);
  const rig = makeRig({ network });
  await rig.round("10.0.0.0/25");
  network.hosts.delete("10.0.0.1");
  network.hosts.delete("10.0.0.2");
  assert.deepEqual(await rig.round("10.0.0.0/25"), ["10.0.0.0/25 complete"]);
  assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.2:80=0 10.0.0.3:43=1");
  await rig.pool.stop();
});

Deno.test("closings wait for the first answer of their unit, whichever batch it comes from", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.120": [80] });
  const rig = makeRig({ network });
  await rig.round("10.0.0.0/25");
  network.hosts.delete("10.0.0.1");
  rig.jobs.length = 0;
  assert.deepEqual(await rig.round("10.0.0.0/25"), ["10.0.0.0/25 complete"]);
  assert.deepEqual(rig.jobs.map(({ confirming }) => confirming), [...Array(8).fill(false), true]);
  assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.120:80=1");
  await rig.pool.stop();
});

Deno.test("a silent unit is believed only when another that had shown life answered meanwhile", async () => {
  const network = new FakeNetwork({ ...OPEN, "10.0.9.1": [22], "10.0.9.2": [22] });
  const rig = makeRig({ network });
  await rig.round("10.0.0.0/29", "10.0.9.0/29");
  network.cut = true;
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await rig.round("10.0.0.0/29", "10.0.9.0/29"), [
      "10.0.0.0/29 failed no_answer",
      "10.0.9.0/29 failed no_answer",
    ]);
  }
  assert.deepEqual(rig.log, []);
  network.cut = false;
  for (const address of Object.keys(OPEN)) network.hosts.delete(address);
  // the other has not answered yet when the first ends
  assert.deepEqual(await rig.round("10.0.0.0/29"), ["10.0.0.0/29 failed no_answer"]);
  assert.deepEqual(await rig.round("10.0.9.0/29"), ["10.0.9.0/29 complete"]);
  assert.deepEqual(await rig.round("10.0.0.0/29"), ["10.0.0.0/29 complete"]);
  assert.deepEqual(rig.log.toSorted(), [
    "10.0.0.1 22 open_to_closed",
    "10.0.0.2 80 open_to_closed",
    "10.0.0.3 43 open_to_closed",
  ]);
  await rig.pool.stop();
});

Deno.test("units of one address that fall silent together are not believed, in any order", async () => {
  for (const workers of [1, 2, 3]) {
    for (const order of ["123", "132", "213", "231", "312", "321"]) {
      const network = new FakeNetwork(OPEN);
      // the processes of 10.0.0.N take a number of turns that depends on the order
      const process = async ({ job, look }: Process): Promise<ScanOutcome> => {
        const turns = order.indexOf(job.addresses[0]!.at(-1)!) * 2;
        for (let turn = 0; turn < turns; turn++) await settle();
        return look();
      };
      const rig = makeRig({ network, workers, process });
      const targets = [...order].map((last) => `10.0.0.${last}`);
      await rig.round(...targets);
      network.cut = true;
      const ends = await rig.round(...targets);
      assert.deepEqual(ends.sort(), [
        "10.0.0.1/32 failed no_answer",
        "10.0.0.2/32 failed no_answer",
        "10.0.0.3/32 failed no_answer",
      ]);
      for (const target of targets) assert.equal(rig.record(target).lastHostsIncomplete, 1);
      network.cut = false;
      assert.ok((await rig.round(...targets)).every((end) => end.endsWith(" complete")));
      assert.deepEqual(rig.log, []);
      await rig.pool.stop();
    }
  }
});

Deno.test("a silent address waits for units that wait or run, without a worker, and believes their answer", async () => {
  const network = new FakeNetwork(OPEN);
  const rig = makeRig({ network });
  await rig.round("10.0.0.1", "10.0.0.2");
  network.hosts.delete("10.0.0.1");
  assert.deepEqual(await rig.round("10.0.0.1", "10.0.0.2"), [
    "10.0.0.2/32 complete",
    "10.0.0.1/32 complete",
  ]);
  assert.deepEqual(rig.log, ["10.0.0.1 22 open_to_closed"]);
  await rig.pool.stop();
});

Deno.test("a silent address is believed when those it waits for tell nothing", async () => {
  const network = new FakeNetwork(OPEN);
  let broken = false;
  const rig = makeRig({
    network,
    process: ({ job, look }) =>
      broken && job.addresses[0] === "10.0.0.2"
        ? failedOutcome({ type: "killed", message: "SIGKILL" })
        : look(),
  });
  await rig.round("10.0.0.1", "10.0.0.2");
  network.hosts.delete("10.0.0.1");
  broken = true;
  assert.deepEqual(await rig.round("10.0.0.1", "10.0.0.2"), [
    "10.0.0.2/32 failed killed",
    "10.0.0.1/32 complete",
  ]);
  await rig.pool.stop();
});

Deno.test("a silent address waits for one end of each unit, not for as long as they are scanned again", async () => {
  const network = new FakeNetwork(OPEN);
  let broken = false;
  const rig = makeRig({
    network,
    workers: 2,
    process: async ({ job, look }) => {
      await settle();
      return broken && job.addresses[0] !== "10.0.0.1"
        ? failedOutcome({ type: "killed", message: "SIGKILL" })
        : look();
    },
  });
  await rig.round("10.0.0.1", "10.0.0.2", "10.0.0.3");
  network.hosts.delete("10.0.0.1");
  broken = true;
  rig.ends.length = 0;
  rig.queueUp("10.0.0.1");
  // two units that learn nothing and are due again as soon as they have ended, never both idle
  rig.queueUp("10.0.0.2");
  rig.queueUp("10.0.0.3");
  for (let turn = 0; turn < 40; turn++) {
    const before = rig.ends.length;
    await rig.untilEnded(before + 1);
    for (const { target } of rig.ends.slice(before)) {
      if (target !== "10.0.0.1/32") rig.queueUp(target);
    }
  }
  const ended = rig.ends.findIndex(({ target }) => target === "10.0.0.1/32");
  assert.ok(ended >= 0 && ended < 10, `${ended}`);
  await rig.pool.stop();
});

Deno.test("a unit waiting for what others see ends as stopped with the pool", async () => {
  const network = new FakeNetwork(OPEN);
  let hang = false;
  const rig = makeRig({
    network,
    workers: 2,
    process: async ({ job, look, signal }) => {
      if (hang && job.addresses[0] === "10.0.0.2") {
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        return failedOutcome({ type: "stopped", message: "" });
      }
      return look();
    },
  });
  await rig.round("10.0.0.1", "10.0.0.2");
  rig.ends.length = 0;
  network.hosts.clear();
  hang = true;
  rig.queueUp("10.0.0.2");
  const { id } = rig.queueUp("10.0.0.1");
  await settle();
  assert.ok(rig.pool.isRunning(id));
  assert.equal(rig.pool.busy, 1);
  await rig.pool.stop();
  assert.deepEqual(rig.ends.map(({ summary }) => summary.end), ["stopped", "stopped"]);
  assert.deepEqual(rig.log, []);
  assert.equal(rig.record("10.0.0.1").failures.size, 1);
});

Deno.test("a host that dies is believed although its UDP unit falls silent with it", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22, 53] });
  const rig = makeRig({ network });
  const both = () => rig.round("10.0.0.1", ["10.0.0.1", { protocol: "udp" }]);
  await both();
  network.hosts.clear();
  await both();
  await both();
  assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.1:53=0 10.0.0.1:22=0 10.0.0.1:53=0");
  await rig.pool.stop();
});

Deno.test("a silent unit does not wait for the answer of one that had been believed dead before", async () => {
  const network = new FakeNetwork({ ...OPEN, "10.0.9.1": [22] });
  const rig = makeRig({ network });
  await rig.round("10.0.9.1", "10.0.0.0/29");
  network.hosts.delete("10.0.9.1");
  await rig.round("10.0.9.1", "10.0.0.0/29");
  assert.deepEqual(rig.log, ["10.0.9.1 22 open_to_closed"]);
  network.hosts.clear();
  await rig.round("10.0.9.1", "10.0.0.0/29");
  assert.deepEqual(await rig.round("10.0.9.1", "10.0.0.0/29"), [
    "10.0.9.1/32 complete",
    "10.0.0.0/29 complete",
  ]);
  assert.equal(rig.log.length, 4);
  await rig.pool.stop();
});

Deno.test("an address that was alive and cannot be reached is as silent as any", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22] });
  let unreachable = false;
  const rig = makeRig({
    network,
    process: ({ job, look }) => {
      const outcome = look();
      return unreachable
        ? {
          ...outcome,
          hosts: job.addresses.map((address) =>
            address === "10.0.0.1"
              ? makeHost(address, { alive: false, unreachable: `${job.ports}` })
              : makeHost(address, { alive: false })
          ),
        }
        : outcome;
    },
  });
  await rig.round("10.0.0.0/30", "10.0.0.1");
  unreachable = true;
  assert.deepEqual((await rig.round("10.0.0.0/30", "10.0.0.1")).sort(), [
    "10.0.0.0/30 failed no_answer",
    "10.0.0.1/32 failed no_answer",
  ]);
  assert.equal(rig.page(), "10.0.0.1:22=1");
  await rig.pool.stop();
});

Deno.test("an answer is as old as its process: one from before says nothing of now", async () => {
  const network = new FakeNetwork({ ...OPEN, "10.0.9.1": [22] });
  const held = Promise.withResolvers<void>();
  let hold = false;
  const rig = makeRig({
    network,
    workers: 2,
    process: async ({ job, look }) => {
      const outcome = look();
      if (hold && job.addresses[0] === "10.0.9.1") await held.promise;
      return outcome;
    },
  });
  await rig.round("10.0.0.0/29", "10.0.9.1");
  hold = true;
  // it answers now, but its long scan ends only when the cable has been out for a while
  rig.queueUp("10.0.9.1");
  await settle();
  network.cut = true;
  assert.deepEqual(await rig.round("10.0.0.0/29"), ["10.0.0.0/29 failed no_answer"]);
  held.resolve();
  await settle();
  assert.deepEqual(await rig.round("10.0.0.0/29"), ["10.0.0.0/29 failed no_answer"]);
  assert.deepEqual(rig.log, []);
  await rig.pool.stop();
});

Deno.test("ports that another unit saw open are not closed while nothing of the unit answers", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.2": [80] });
  const rig = makeRig({ network });
  await rig.round("10.0.0.0/30");
  network.hosts.delete("10.0.0.2");
  await rig.round("10.0.0.0/30");
  network.hosts.set("10.0.0.2", new Set([80]));
  await rig.round("10.0.0.2");
  network.cut = true;
  rig.log.length = 0;
  assert.deepEqual(await rig.round("10.0.0.0/30"), ["10.0.0.0/30 failed no_answer"]);
  assert.deepEqual(rig.log, []);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.2:80=1");
  await rig.pool.stop();
});

Deno.test("a network that fails in the middle of a unit closes nothing behind the failure", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.20": [80], "10.0.0.120": [43] });
  let processes = 0;
  const rig = makeRig({
    network,
    process: ({ look }) => {
      // The first batch still answers, everything after it is silence.
      network.cut = rig.ends.length > 0 && ++processes > 1;
      return look();
    },
  });
  await rig.round("10.0.0.0/25");
  assert.deepEqual(await rig.round("10.0.0.0/25"), ["10.0.0.0/25 partial no_answer"]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.20:80=1 10.0.0.120:43=1");
  assert.deepEqual(rig.log, []);
  // Those that were silent are not known to be; their last state stands.
  assert.equal(rig.ends.at(-1)!.summary.incomplete, 2);
  await rig.pool.stop();
});

Deno.test("the last hosts of a unit are closed once one that answered answers again", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.120": [80] });
  const rig = makeRig({ network });
  await rig.round("10.0.0.0/25");
  network.hosts.delete("10.0.0.120");
  rig.jobs.length = 0;
  assert.deepEqual(await rig.round("10.0.0.0/25"), ["10.0.0.0/25 complete"]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.120:80=0");
  const confirming = rig.jobs.filter((job) => job.confirming)
    .map(({ addresses, ports }) => `${addresses}:${ports}`);
  assert.deepEqual(confirming, ["10.0.0.1:22", "10.0.0.120:80"]);
  await rig.pool.stop();
});

Deno.test("a request during an outage closes nothing that the schedule found", async () => {
  const network = new FakeNetwork(OPEN);
  const rig = makeRig({ network });
  await rig.round("10.0.0.0/29");
  network.cut = true;
  await rig.round(["10.0.0.0/29", { ports: "1-50" }]);
  assert.equal(rig.page(), "10.0.0.1:22=1 10.0.0.2:80=1 10.0.0.3:43=1");
  await rig.pool.stop();
});
