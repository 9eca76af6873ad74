import assert from "node:assert/strict";
import fc from "fast-check";
import { addressAt, networkSize } from "../../src/domain/network.ts";
import type { FailureType, HostReport, ScanJob, ScanOutcome } from "../../src/domain/scan.ts";
import { UnitRun } from "../../src/scan/unit_run.ts";
import { looksOf } from "../../src/state/look.ts";
import { makeHost, makeOutcome, makeRecords, makeUnit, type UnitParts } from "./builders.ts";

function makeRun(
  target: string,
  { workers = 1, resumeAt = 0, alive = [], ...parts }: UnitParts & {
    workers?: number;
    resumeAt?: number;
    alive?: string[];
  } = {},
): UnitRun {
  const unit = makeUnit(target, parts);
  const record = makeRecords().open(unit, { configured: true });
  record.resumeAt = resumeAt;
  for (const address of alive) record.alive.add(address);
  const task = { unit, id: "id", origin: "schedule", target: undefined, sizeClass: 0 } as const;
  return new UnitRun({ task, record, workers, now: 1000 });
}

/** Ends a batch: gives its time back and notes its outcome. */
function finish(run: UnitRun, job: ScanJob, outcome: ScanOutcome): void {
  run.giveBack(job.timeoutMs, outcome);
  const { addresses, protocol, ports } = job;
  run.note(outcome, looksOf(outcome, { addresses, protocol, ports, clockOffset: 0 }));
  run.running--;
}

/** A complete outcome of a batch, `seconds` long, in which nobody answered. */
function silence({ addresses }: ScanJob, seconds = 1): ScanOutcome {
  const hosts = addresses.map((address) => makeHost(address, { alive: false }));
  return makeOutcome(hosts, { startedAt: 0, endedAt: seconds * 1000 });
}

function failure(type: FailureType | "stopped", hosts: HostReport[] = []): ScanOutcome {
  return makeOutcome(hosts, { failure: { type, message: `it was ${type}` } });
}

Deno.test("UnitRun hands out every address once, in order, in batches that can finish", () => {
  const run = makeRun("192.0.2.0/26");
  const sizes: number[] = [];
  const addresses: string[] = [];
  while (run.hasBatch) {
    const job = run.takeBatch();
    sizes.push(job.addresses.length);
    addresses.push(...job.addresses);
    assert.deepEqual([job.family, job.protocol, `${job.ports}`, job.confirming], [
      4,
      "tcp",
      "1-100",
      false,
    ]);
    finish(run, job, silence(job));
  }
  assert.deepEqual(sizes, [16, 16, 16, 16]);
  assert.deepEqual(addresses, Array.from({ length: 64 }, (_, index) => `192.0.2.${index}`));
  assert.ok(run.isOver);
  assert.equal(run.summary({ now: 5000, noAnswer: false }).end, "complete");
});

Deno.test("UnitRun begins where the last round ran out of time and wraps around", () => {
  const cases = fc.record({
    prefix: fc.integer({ min: 24, max: 32 }),
    ports: fc.constantFrom("1-65535", "1-20000", "1-10000", "1"),
    resume: fc.nat(),
  });
  fc.assert(fc.property(cases, ({ prefix, ports, resume }) => {
    const { network } = makeUnit(`10.0.0.0/${prefix}`);
    const size = Number(networkSize(network));
    const run = makeRun(`10.0.0.0/${prefix}`, { ports, resumeAt: resume % size, timeout: 1e9 });
    const addresses: string[] = [];
    while (run.hasBatch) {
      const job = run.takeBatch();
      addresses.push(...job.addresses);
      finish(run, job, silence(job));
    }
    assert.equal(addresses[0], addressAt(network, resume % size));
    assert.deepEqual(
      new Set(addresses),
      new Set(Array.from({ length: size }, (_, index) => addressAt(network, index))),
    );
    assert.equal(addresses.length, size);
    assert.equal(run.summary({ now: 0, noAnswer: false }).resumeAt, 0);
  }));
});

Deno.test("UnitRun hands out the addresses of a huge unit without making them all", () => {
  const run = makeRun("0.0.0.0/0");
  assert.equal(run.size, 2 ** 32);
  assert.equal(run.takeBatch().addresses.length, 16);
});

Deno.test("UnitRun holds a unit to timeout * min(workers, batches) of process time", () => {
  const f = (workers: number, batches: number) => {
    const run = makeRun("10.0.0.0/26", { workers, timeout: 10 });
    const jobs: ScanJob[] = [];
    while (run.hasBatch) jobs.push(run.takeBatch());
    assert.equal(jobs.length, batches);
    assert.ok(jobs.every(({ timeoutMs }) => timeoutMs === 10_000));
    assert.equal(run.reserve(), 0);
    return { run, jobs };
  };
  f(1, 1);
  f(3, 3);
  f(100, 4);
  // what a process did not use is there for others
  const { run, jobs } = f(2, 2);
  finish(run, jobs[0]!, silence(jobs[0]!, 4));
  assert.ok(run.hasBatch);
  assert.equal(run.takeBatch().timeoutMs, 6000);
  // what runs over its time gives nothing back and takes nothing away
  finish(run, jobs[1]!, silence(jobs[1]!, 12));
  assert.ok(!run.hasBatch);
});

Deno.test("UnitRun has not run out of time while a process may give some back", () => {
  const run = makeRun("10.0.0.0/27", { timeout: 10, workers: 1 });
  const first = run.takeBatch();
  assert.ok(!run.hasBatch && !run.isOver);
  finish(run, first, silence(first, 3));
  assert.ok(run.hasBatch);
  const second = run.takeBatch();
  assert.equal(second.timeoutMs, 7000);
  finish(run, second, silence(second, 3));
  const { end, resumeAt } = run.summary({ now: 0, noAnswer: false });
  assert.deepEqual([end, resumeAt], ["complete", 0]);
});

Deno.test("UnitRun that runs out of time says where the next round begins", () => {
  const run = makeRun("10.0.0.0/26", { timeout: 10, resumeAt: 40 });
  const job = run.takeBatch();
  assert.ok(!run.hasBatch);
  assert.ok(!run.isOver, "a process still runs, and may give back time");
  finish(run, job, silence(job, 10));
  assert.ok(run.isOver);
  const summary = run.summary({ now: 11_000, noAnswer: false });
  assert.equal(summary.resumeAt, 56);
  assert.equal(summary.end, "partial");
  assert.equal(summary.failure?.type, "timeout");
  assert.match(summary.failure?.message ?? "", /^48 of 64 addresses/);
  assert.equal(summary.incomplete, 48);
  assert.equal(summary.lookedAtAll, false);
});

Deno.test("UnitRun.summary() tells how a unit ended", () => {
  const [a, b] = ["10.0.0.0", "10.0.0.1"];
  const up = (address: string) => makeHost(address);
  const late = (address: string) => makeHost(address, { timedOut: true });
  const lost = (address: string) => makeHost(address, { alive: false, unreachable: "1-100" });
  const f = (
    outcome: ScanOutcome,
    expected: string,
    { noAnswer = false, alive = [] as string[] } = {},
  ) => {
    const run = makeRun("10.0.0.0/31", { alive });
    finish(run, run.takeBatch(), outcome);
    const { end, failure } = run.summary({ now: 3500, noAnswer });
    assert.equal(`${end} ${failure?.type ?? "-"}`, expected);
    assert.equal(failure === undefined, end === "complete" || end === "stopped");
  };
  f(makeOutcome([up(a!), up(b!)]), "complete -");
  f(makeOutcome([up(a!)]), "complete -");
  f(makeOutcome([]), "complete -");
  f(makeOutcome([up(a!), late(b!)]), "complete -");
  f(makeOutcome([late(a!), late(b!)]), "failed timeout");
  f(makeOutcome([lost(a!), lost(b!)]), "failed no_route");
  f(makeOutcome([lost(a!), lost(b!)]), "failed no_answer", { alive: [a!] });
  f(makeOutcome([lost(a!), up(b!)]), "complete -");
  f(makeOutcome([late(a!), lost(b!)]), "failed timeout");
  f(failure("killed", [up(a!)]), "partial killed");
  f(failure("killed", [late(a!)]), "failed timeout");
  f(failure("bad_output"), "failed bad_output");
  f(failure("nmap_missing"), "failed nmap_missing");
  f(failure("stopped", [up(a!)]), "stopped -");
  f(makeOutcome([up(a!), up(b!)]), "failed no_answer", { noAnswer: true });
  f(failure("killed", [up(a!)]), "failed no_answer", { noAnswer: true });
  f(failure("timeout", [up(a!)]), "failed timeout", { noAnswer: true });
});

Deno.test("UnitRun.summary() takes the first error type in the contract's order, with its first message", () => {
  const run = makeRun("10.0.0.0/26");
  for (const type of ["other", "killed", "permission", "killed"] as const) {
    const job = run.takeBatch();
    const [first] = job.addresses;
    finish(run, job, failure(type, type === "other" ? [makeHost(first!)] : []));
  }
  assert.ok(run.isOver);
  const { end, failure: why, incomplete, up } = run.summary({ now: 0, noAnswer: false });
  assert.deepEqual([end, why], ["partial", {
    type: "permission",
    message: "it was permission",
  }]);
  assert.deepEqual([incomplete, up], [63, 1]);
});

Deno.test("UnitRun.summary() sums up all batches", () => {
  const run = makeRun("10.0.0.0/27");
  const [first, second] = [run.takeBatch(), run.takeBatch()];
  finish(run, first, makeOutcome([makeHost("10.0.0.1"), makeHost("10.0.0.2", { timedOut: true })]));
  finish(run, second, makeOutcome([makeHost("10.0.0.20")]));
  const summary = run.summary({ now: 4500, noAnswer: false });
  assert.deepEqual(summary, {
    end: "complete",
    failure: undefined,
    duration: 3.5,
    up: 3,
    down: 29,
    timedOut: 1,
    incomplete: 0,
    lookedAtAll: true,
    resumeAt: 0,
  });
});

Deno.test("UnitRun that was stopped has no batch left and ends as stopped, whatever else happened", () => {
  const run = makeRun("10.0.0.0/26", { workers: 2 });
  const [first, second] = [run.takeBatch(), run.takeBatch()];
  finish(run, first, failure("killed"));
  finish(run, second, failure("stopped"));
  assert.ok(run.stopped && run.isOver && !run.hasBatch);
  const summary = run.summary({ now: 0, noAnswer: true });
  assert.deepEqual([summary.end, summary.failure], ["stopped", undefined]);
});
