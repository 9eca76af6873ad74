import assert from "node:assert/strict";
import type { NmapOptions, Protocol, ScanJob, ScanOutcome } from "../../src/domain/scan.ts";
import { confirmingChunk, lookAgain } from "../../src/scan/second_look.ts";
import type { Doubt } from "../../src/state/port_state.ts";
import { DEFAULTS, makeHost, makeOutcome } from "./builders.ts";
import { failedOutcome } from "./network.ts";

type Job = Omit<ScanJob, "timeoutMs">;

/** Looks again at ports 1 to `count`, of which `open` are; returns what came of it with the jobs. */
async function look(
  count: number,
  { open = [], run, reason = "vanished", random = () => 0.5, nmap = {} }: {
    open?: readonly number[];
    run?: (job: Job, number: number) => ScanOutcome | undefined;
    reason?: Doubt["reason"];
    random?: () => number;
    nmap?: Partial<NmapOptions>;
  } = {},
) {
  const ports = Array.from({ length: count }, (_, index) => index + 1);
  const jobs: Job[] = [];
  const honest = (job: Job) =>
    makeOutcome([makeHost("10.0.0.1", { open: open.filter((port) => job.ports.has(port)) })], {
      ports: `${job.ports}`,
      startedAt: 5000,
      endedAt: 6000,
    });
  const doubt: Doubt = { address: "10.0.0.1", protocol: "tcp", ports, takenAt: 1000, reason };
  const second = await lookAgain(doubt, {
    nmap: { ...DEFAULTS, ...nmap },
    timeout: 3600,
    clockOffset: 0,
    random,
    run: (job) => {
      jobs.push(job);
      return Promise.resolve(run === undefined ? honest(job) : run(job, jobs.length));
    },
  });
  return { ...second, jobs, honest };
}

Deno.test("confirmingChunk() is what fits into half of the shorter limit, at most 250 ports", () => {
  const f = (
    expected: number,
    nmap: Partial<NmapOptions> = {},
    { protocol = "tcp", timeout = 3600 }: { protocol?: Protocol; timeout?: number } = {},
  ) =>
    assert.equal(confirmingChunk(protocol, { nmap: { ...DEFAULTS, ...nmap }, timeout }), expected);
  f(250);
  f(200, { hostTimeout: 100 });
  f(200, {}, { timeout: 100 });
  f(250, { hostTimeout: 0 });
  f(136, {}, { protocol: "udp" });
  f(1, { hostTimeout: 1 }, { protocol: "udp" });
  f(75, { maxRate: 1 });
  f(75, { scanDelay: 1000 });
  f(1, { scanDelay: 1_000_000 });
});

Deno.test("lookAgain() looks at the ports alone, as a confirming job", async () => {
  const { jobs, looks, foundOpen, failure } = await look(3, { open: [2] });
  assert.deepEqual(
    jobs.map(({ addresses, family, ports, confirming, protocol }) => ({
      addresses,
      family,
      ports: `${ports}`,
      confirming,
      protocol,
    })),
    [{ addresses: ["10.0.0.1"], family: 4, ports: "1-3", confirming: true, protocol: "tcp" }],
  );
  assert.deepEqual(looks.map(({ covered, open }) => [`${covered}`, open]), [["1-3", [2]]]);
  assert.equal(looks[0]?.takenAt, 5000);
  assert.deepEqual([foundOpen, failure], [1, undefined]);
});

Deno.test("lookAgain() believes a closed random sample of very many ports", async () => {
  const { jobs, looks } = await look(1000, { random: () => 0.999999 });
  assert.equal(jobs.length, 1);
  assert.equal(jobs[0]!.ports.size, 250);
  assert.equal(looks.length, 2);
  assert.equal(looks[1]!.covered.size, 750);
  // nobody looked at the rest again: it is no younger than the look that raised the doubt
  assert.equal(looks[1]!.takenAt, 1000);
  assert.ok(looks.every(({ open }) => open.length === 0));
  const all = looks[0]!.covered.union(looks[1]!.covered);
  assert.equal(`${all}`, "1-1000");
});

Deno.test("lookAgain() draws the sample at random", async () => {
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const { jobs } = await look(1000, { random });
  const ports = [...jobs[0]!.ports];
  assert.ok(ports.filter((port) => port > 500).length > 75);
  assert.ok(ports.filter((port) => port <= 500).length > 75);
  const straight = await look(250, { random });
  assert.equal(`${straight.jobs[0]!.ports}`, "1-250");
});

Deno.test("lookAgain() looks at every port when the sample has an open one", async () => {
  const open = Array.from({ length: 500 }, (_, index) => index * 2 + 1);
  const { jobs, looks, foundOpen } = await look(1000, { open });
  assert.deepEqual(jobs.map(({ ports }) => ports.size), [250, 250, 250, 250]);
  assert.equal(foundOpen, 500);
  const covered = looks.reduce((ports, look) => ports.union(look.covered), looks[0]!.covered);
  assert.equal(`${covered}`, "1-1000");
  assert.ok(looks.every(({ takenAt }) => takenAt === 5000));
});

Deno.test("lookAgain() takes no sample of ports that two looks contradict each other about", async () => {
  const { jobs } = await look(600, { reason: "contradicted" });
  assert.deepEqual(jobs.map(({ ports }) => ports.size), [250, 250, 100]);
});

Deno.test("lookAgain() keeps the rest in doubt when a chunk fails", async () => {
  const { honest } = await look(1);
  const { jobs, looks, failure } = await look(600, {
    reason: "contradicted",
    run: (job, number) =>
      number < 2 ? honest(job) : failedOutcome({ type: "killed", message: "SIGKILL" }),
  });
  assert.equal(jobs.length, 2);
  assert.deepEqual(looks.map(({ covered }) => covered.size), [250]);
  assert.deepEqual(failure, { type: "killed", message: "SIGKILL" });
});

Deno.test("lookAgain() decides nothing without time, or without reaching the host", async () => {
  const noTime = await look(3, { run: () => undefined });
  assert.deepEqual([noTime.looks, noTime.failure?.type], [[], "timeout"]);
  const timedOut = await look(3, {
    run: () => makeOutcome([makeHost("10.0.0.1", { timedOut: true })], { ports: "1-3" }),
  });
  assert.deepEqual([timedOut.looks, timedOut.failure?.type], [[], "no_answer"]);
  const unreachable = await look(3, {
    run: () => makeOutcome([makeHost("10.0.0.1", { unreachable: "1-3" })], { ports: "1-3" }),
  });
  assert.deepEqual([unreachable.looks, unreachable.failure?.type], [[], "no_answer"]);
});

Deno.test("lookAgain() leaves ports in doubt that it could not reach, and takes no sample for the rest then", async () => {
  const { looks, jobs } = await look(600, {
    run: (job) =>
      makeOutcome([makeHost("10.0.0.1", { unreachable: "1-100" })], { ports: `${job.ports}` }),
  });
  assert.equal(jobs.length, 3);
  assert.ok(looks.every(({ covered }) => !covered.has(50)));
});

Deno.test("lookAgain() takes a host that is down as closed", async () => {
  const { looks } = await look(3, { run: () => makeOutcome([], { ports: "1-3" }) });
  assert.deepEqual(looks.map(({ covered, open, alive }) => [`${covered}`, open, alive]), [
    ["1-3", [], false],
  ]);
});
