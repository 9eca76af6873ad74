import assert from "node:assert/strict";
import type { ScanOutcome } from "../../src/domain/scan.ts";
import { makeHost, makeOutcome } from "./builders.ts";
import { failedOutcome, FakeNetwork, makeRig, type Process, settle } from "./network.ts";

/** Second looks and questions of a rig, `10.0.0.1:22`. */
function confirmingJobs({ jobs }: ReturnType<typeof makeRig>): string[] {
  return jobs.filter(({ confirming }) => confirming)
    .map(({ addresses, ports }) => `${addresses}:${ports}`);
}

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
  // the three that answered before, each by itself, and the rest
  assert.deepEqual(rig.jobs.map(({ addresses }) => addresses.length), [1, 1, 1, 5]);
  assert.ok(rig.jobs.every(({ confirming }) => !confirming));
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
  assert.deepEqual(rig.jobs.map(({ addresses, confirming }) => [addresses[0], confirming]), [
    ["10.0.0.1", false],
    ["10.0.0.120", false],
    ["10.0.0.1", true],
    ...["0", "17", "33", "49", "65", "81", "97", "113"].map((host) => [`10.0.0.${host}`, false]),
  ]);
  assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.120:80=1");
  await rig.pool.stop();
});

Deno.test("a silent unit is believed only when another that had shown life answers meanwhile", async () => {
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
  // the other has not been scanned yet when the first is judged, so it is asked
  rig.jobs.length = 0;
  assert.deepEqual(await rig.round("10.0.0.0/29"), ["10.0.0.0/29 complete"]);
  assert.deepEqual(confirmingJobs(rig), [
    "10.0.9.1:22",
    "10.0.0.1:22",
    "10.0.0.2:80",
    "10.0.0.3:43",
  ]);
  assert.deepEqual(rig.log.toSorted(), [
    "10.0.0.1 22 open_to_closed",
    "10.0.0.2 80 open_to_closed",
    "10.0.0.3 43 open_to_closed",
  ]);
  await rig.pool.stop();
});

Deno.test("after an outage of two units the one that stays silent is believed in the round in which the other answers, in any order", async () => {
  const pairs = [["10.0.0.1", "10.0.0.2"], ["10.0.0.0/31", "10.0.0.2/31"], [
    "10.0.0.1",
    "10.0.0.2/31",
  ]];
  for (const workers of [1, 2]) {
    for (const [a, b] of pairs as [string, string][]) {
      for (const order of [[a, b], [b, a]]) {
        const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.2": [80] });
        const rig = makeRig({ network, workers });
        await rig.round(...order);
        network.cut = true;
        const ends = await rig.round(...order);
        assert.ok(ends.every((end) => end.endsWith("failed no_answer")), `${ends}`);
        network.cut = false;
        network.hosts.delete("10.0.0.1");
        assert.ok((await rig.round(...order)).every((end) => end.endsWith(" complete")));
        assert.deepEqual(rig.log, ["10.0.0.1 22 open_to_closed"]);
        assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.2:80=1");
        await rig.pool.stop();
      }
    }
  }
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

Deno.test("a silent address has another unit asked in its own worker slot, and is believed when that answers", async () => {
  const network = new FakeNetwork({ ...OPEN, "2001:db8::1": [99] });
  for (const witness of ["10.0.0.2", "2001:db8::1", "10.0.0.2/31"]) {
    const rig = makeRig({ network });
    network.hosts.set("10.0.0.1", new Set([22]));
    await rig.round("10.0.0.1", witness);
    network.hosts.delete("10.0.0.1");
    rig.jobs.length = 0;
    assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
    assert.deepEqual(rig.log, ["10.0.0.1 22 open_to_closed"]);
    const asked = witness.includes(":") ? "2001:db8::1:99" : "10.0.0.2:80";
    assert.deepEqual(confirmingJobs(rig), ["10.0.0.1:22", asked]);
    assert.equal(rig.jobs.at(-1)!.family, witness.includes(":") ? 6 : 4);
    assert.equal(rig.active.most, 1);
    // that an answer to one unit's question is evidence for all
    const { answeredAt, silentSince } = rig.record(witness);
    assert.deepEqual([answeredAt, silentSince], [rig.outcomes.at(-1)!.startedAt, undefined]);
    await rig.pool.stop();
  }
});

Deno.test("an answer from before its confirmation proves nothing for a silent address: that unit is asked again", async () => {
  const network = new FakeNetwork(OPEN);
  let running = Promise.withResolvers<void>();
  const rig = makeRig({
    network,
    workers: 2,
    process: async ({ job, look }) => {
      if (job.addresses[0] === "10.0.0.1" && !job.confirming) await running.promise;
      return look();
    },
  });
  running.resolve();
  await rig.round("10.0.0.1", "10.0.0.2");
  running = Promise.withResolvers();
  network.hosts.delete("10.0.0.1");
  rig.jobs.length = 0;
  const round = rig.round("10.0.0.1", "10.0.0.2");
  await rig.untilEnded(3);
  running.resolve();
  assert.deepEqual(await round, ["10.0.0.2/32 complete", "10.0.0.1/32 complete"]);
  assert.deepEqual(confirmingJobs(rig), ["10.0.0.1:22", "10.0.0.2:80"]);
  await rig.pool.stop();
});

Deno.test("a silent address is not believed when those that are asked tell nothing", async () => {
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
    "10.0.0.1/32 failed no_answer",
    "10.0.0.2/32 failed killed",
  ]);
  assert.deepEqual(rig.log, []);
  broken = false;
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.deepEqual(rig.log, ["10.0.0.1 22 open_to_closed"]);
  await rig.pool.stop();
});

Deno.test("a silent address has others asked until one answers, three at most", async () => {
  const others = ["10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4"];
  const hosts = Object.fromEntries(["10.0.0.1", ...others].map((address) => [address, [22]]));
  // so many of those that are asked have died as well
  for (const dead of [0, 1, 2, 3]) {
    const network = new FakeNetwork(hosts);
    const rig = makeRig({ network });
    await rig.round("10.0.0.1", ...others.toReversed());
    for (const address of ["10.0.0.1", ...others.slice(0, dead)]) network.hosts.delete(address);
    rig.jobs.length = 0;
    const [end] = await rig.round("10.0.0.1");
    assert.equal(end, `10.0.0.1/32 ${dead < 3 ? "complete" : "failed no_answer"}`);
    assert.deepEqual(
      confirmingJobs(rig).slice(1),
      [
        "10.0.1.1:22",
        "10.0.1.2:22",
        "10.0.1.3:22",
      ].slice(0, dead + 1),
    );
    assert.equal(rig.page().includes("10.0.0.1:22=0"), dead < 3);
    await rig.pool.stop();
  }
});

Deno.test("a silent address is closed promptly while the long process of another unit runs", async () => {
  const network = new FakeNetwork(OPEN);
  const held = Promise.withResolvers<void>();
  let hold = false;
  const rig = makeRig({
    network,
    workers: 2,
    process: async ({ job, look }) => {
      if (hold && job.addresses[0] === "10.0.0.2" && !job.confirming) await held.promise;
      return look();
    },
  });
  await rig.round("10.0.0.1", "10.0.0.2");
  hold = true;
  network.hosts.delete("10.0.0.1");
  const { id } = rig.queueUp("10.0.0.2");
  await settle();
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.deepEqual(rig.log, ["10.0.0.1 22 open_to_closed"]);
  assert.ok(rig.pool.isRunning(id));
  held.resolve();
  await rig.untilEnded(4);
  await rig.pool.stop();
});

Deno.test("a unit that has others asked ends as stopped with the pool", async () => {
  const network = new FakeNetwork(OPEN);
  let hang = false;
  const rig = makeRig({
    network,
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
  const { id } = rig.queueUp("10.0.0.1");
  await settle();
  assert.ok(rig.pool.isRunning(id));
  assert.equal(rig.pool.busy, 1);
  assert.equal(rig.jobs.at(-1)!.addresses[0], "10.0.0.2");
  await rig.pool.stop();
  assert.deepEqual(rig.ends.map(({ summary }) => summary.end), ["stopped"]);
  assert.deepEqual(rig.log, []);
  assert.equal(rig.record("10.0.0.1").failures.size, 1);
});

Deno.test("an answer to a question begins the silence of the unit that was asked anew", async () => {
  const network = new FakeNetwork(OPEN);
  const rig = makeRig({ network });
  const targets = ["10.0.0.0/31", "10.0.0.2/31"];
  await rig.round(...targets);
  network.cut = true;
  await rig.round(...targets);
  network.cut = false;
  // the first is believed to be dead because the second answers, which therefore is silent no more
  network.hosts.delete("10.0.0.1");
  assert.deepEqual(await rig.round(targets[0]!), ["10.0.0.0/31 complete"]);
  network.hosts.set("10.0.0.1", new Set([22]));
  await rig.round(targets[0]!);
  network.cut = true;
  assert.deepEqual(await rig.round(targets[1]!), ["10.0.0.2/31 failed no_answer"]);
  assert.ok(!rig.log.some((line) => line.startsWith("10.0.0.2 ")), `${rig.log}`);
  await rig.pool.stop();
});

Deno.test("a dead address is closed although a broader unit knows it to be alive, and no other", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22] });
  const rig = makeRig({ network });
  await rig.round("10.0.0.1", "10.0.0.0/24");
  network.hosts.clear();
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.equal(rig.page(), "10.0.0.1:22=0");
  await rig.pool.stop();
});

Deno.test("a broader unit is asked for an address that is not silent itself", async () => {
  const network = new FakeNetwork({ "10.0.0.1": [22], "10.0.0.9": [80] });
  const rig = makeRig({ network });
  await rig.round("10.0.0.1", "10.0.0.0/24");
  network.hosts.delete("10.0.0.1");
  rig.jobs.length = 0;
  assert.deepEqual(await rig.round("10.0.0.1"), ["10.0.0.1/32 complete"]);
  assert.deepEqual(confirmingJobs(rig), ["10.0.0.1:22", "10.0.0.9:80"]);
  await rig.pool.stop();
});

Deno.test("the only host that is scanned, over TCP and UDP, is closed in the round in which it dies", async () => {
  for (const workers of [1, 2]) {
    const network = new FakeNetwork({ "10.0.0.1": [22, 53] });
    const rig = makeRig({ network, workers });
    const both = () => rig.round("10.0.0.1", ["10.0.0.1", { protocol: "udp" }]);
    await both();
    network.hosts.clear();
    assert.deepEqual(await both(), ["10.0.0.1/32 complete", "10.0.0.1/32 complete"]);
    assert.equal(rig.page(), "10.0.0.1:22=0 10.0.0.1:53=0 10.0.0.1:22=0 10.0.0.1:53=0");
    await rig.pool.stop();
  }
});

Deno.test("a silent unit needs no answer of one that had been believed dead before", async () => {
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
  assert.deepEqual(confirmingJobs(rig), ["10.0.0.1:22", "10.0.0.120:80"]);
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
