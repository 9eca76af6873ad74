import assert from "node:assert/strict";
import fc from "fast-check";
import { addressAt, networkSize } from "../../src/domain/network.ts";
import type { FailureType, HostReport, ScanOutcome } from "../../src/domain/scan.ts";
import { type Batch, UnitRun } from "../../src/scan/unit_run.ts";
import { looksOf } from "../../src/state/look.ts";
import { makeHost, makeOutcome, makeRecords, makeUnit, type UnitParts } from "./builders.ts";

function makeRun(
  target: string,
  { workers = 1, resumeAt = 0, alive = [], now = () => 1000, ...parts }: UnitParts & {
    workers?: number;
    resumeAt?: number;
    alive?: string[];
    now?: () => number;
  } = {},
): UnitRun {
  const unit = makeUnit(target, parts);
  const record = makeRecords().open(unit, { configured: true });
  record.resumeAt = resumeAt;
  for (const address of alive) record.alive.add(address);
  const task = { unit, id: "id", origin: "schedule", target: undefined, sizeClass: 0 } as const;
  return new UnitRun({ task, record, workers, now });
}

/** A run on a clock that only processes move. */
function makeTimedRun(target: string, options: Parameters<typeof makeRun>[1] = {}) {
  const clock = { now: 1000 };
  const run = makeRun(target, { ...options, now: () => clock.now });
  return {
    run,
    /** Lets a process of this many seconds run by itself. */
    spend(seconds: number, budget = run.batchTime) {
      using _process = budget.charge();
      clock.now += seconds * 1000;
    },
  };
}

/** Ends a batch: notes its outcome. */
function finish(run: UnitRun, { job }: Batch, outcome: ScanOutcome): void {
  const { addresses, protocol, ports } = job;
  run.note(outcome, looksOf(outcome, { addresses, protocol, ports, clockOffset: 0 }));
  run.running--;
}

/** A complete outcome of a batch in which nobody answered. */
function silence({ job: { addresses } }: Batch): ScanOutcome {
  return makeOutcome(addresses.map((address) => makeHost(address, { alive: false })));
}

function failure(type: FailureType | "stopped", hosts: HostReport[] = []): ScanOutcome {
  return makeOutcome(hosts, { failure: { type, message: `it was ${type}` } });
}

Deno.test("UnitRun hands out every address once, in order, in batches that can finish", () => {
  const run = makeRun("192.0.2.0/26");
  const sizes: number[] = [];
  const addresses: string[] = [];
  while (run.hasBatch) {
    const batch = run.takeBatch();
    const { job, position } = batch;
    assert.equal(position, addresses.length);
    sizes.push(job.addresses.length);
    addresses.push(...job.addresses);
    assert.deepEqual([job.family, job.protocol, `${job.ports}`, job.confirming], [
      4,
      "tcp",
      "1-100",
      false,
    ]);
    finish(run, batch, silence(batch));
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
      const batch = run.takeBatch();
      addresses.push(...batch.job.addresses);
      finish(run, batch, silence(batch));
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
  assert.equal(run.takeBatch().job.addresses.length, 16);
});

Deno.test("UnitRun holds a unit to timeout * min(workers, batches) of process time, second looks to as much again", () => {
  const f = (workers: number, batches: number) => {
    const { run, spend } = makeTimedRun("10.0.0.0/26", { workers, timeout: 10 });
    assert.equal(run.batchTime.left, 10_000 * batches);
    assert.equal(run.secondLookTime.left, 10_000 * batches);
    spend(4);
    assert.equal(run.batchTime.left, 10_000 * batches - 4000);
    assert.equal(run.secondLookTime.left, 10_000 * batches);
    spend(3, run.secondLookTime);
    assert.equal(run.batchTime.left, 10_000 * batches - 4000);
    assert.equal(run.secondLookTime.left, 10_000 * batches - 3000);
  };
  f(1, 1);
  f(3, 3);
  f(100, 4);
});

Deno.test("UnitRun gives each process its whole timeout as long as a tenth of one is left", () => {
  const { run, spend } = makeTimedRun("10.0.0.0/26", { timeout: 10, workers: 1 });
  for (const seconds of [6, 3]) {
    assert.ok(run.hasBatch);
    const batch = run.takeBatch();
    assert.equal(batch.job.timeoutMs, 10_000);
    spend(seconds);
    finish(run, batch, silence(batch));
  }
  // one second is left, which is just enough
  assert.ok(run.hasBatch && !run.isOver);
  const last = run.takeBatch();
  spend(0.001);
  assert.ok(!run.hasBatch && !run.isOver);
  finish(run, last, silence(last));
  assert.ok(run.isOver);
});

Deno.test("UnitRun counts the time of processes that still run", () => {
  const clock = { now: 0 };
  const run = makeRun("10.0.0.0/26", { timeout: 10, workers: 2, now: () => clock.now });
  const batches = [run.takeBatch(), run.takeBatch()];
  {
    using _first = run.batchTime.charge();
    using _second = run.batchTime.charge();
    clock.now = 9000;
    assert.ok(run.hasBatch);
    clock.now = 9501;
    assert.ok(!run.hasBatch && !run.isOver);
  }
  for (const batch of batches) finish(run, batch, silence(batch));
  assert.ok(run.isOver);
  assert.equal(run.summary({ now: 0, noAnswer: false }).resumeAt, 32);
});

Deno.test("UnitRun that runs out of time begins the next round with what was not handed out", () => {
  const { run, spend } = makeTimedRun("10.0.0.0/26", { timeout: 10, resumeAt: 40 });
  const batch = run.takeBatch();
  spend(10);
  assert.ok(!run.hasBatch && !run.isOver);
  finish(run, batch, silence(batch));
  assert.ok(run.isOver);
  const summary = run.summary({ now: 11_000, noAnswer: false });
  assert.equal(summary.resumeAt, 56);
  assert.equal(summary.end, "partial");
  assert.equal(summary.failure?.type, "timeout");
  assert.match(summary.failure?.message ?? "", /^48 of 64 addresses/);
  assert.equal(summary.incomplete, 48);
  assert.equal(summary.lookedAtAll, false);
});

Deno.test("UnitRun that runs out of time begins the next round with the first batch that was cut", () => {
  const { run, spend } = makeTimedRun("10.0.0.0/26", { timeout: 10, resumeAt: 40, workers: 2 });
  const [first, second, third] = [run.takeBatch(), run.takeBatch(), run.takeBatch()];
  spend(20);
  finish(run, first, silence(first));
  for (const late of [third, second]) {
    run.cut(late);
    finish(run, late, failure("timeout"));
  }
  const summary = run.summary({ now: 11_000, noAnswer: false });
  // 40 + 16, around the end
  assert.equal(summary.resumeAt, 56);
  assert.match(summary.failure?.message ?? "", /^it was timeout/);
  assert.equal(summary.incomplete, 48);
});

Deno.test("UnitRun that hands out everything begins the next round with a batch that was cut, if one was", () => {
  const summaryOf = (cut: boolean) => {
    const { run, spend } = makeTimedRun("10.0.0.0/26", { timeout: 10 });
    for (let number = 0; run.hasBatch; number++) {
      const batch = run.takeBatch();
      spend(2);
      if (cut && number === 2) run.cut(batch);
      // that a process used up its own time says nothing of the others'
      finish(run, batch, number === 2 ? failure("timeout") : silence(batch));
    }
    return run.summary({ now: 0, noAnswer: false });
  };
  assert.deepEqual([summaryOf(true).resumeAt, summaryOf(true).end], [32, "partial"]);
  assert.deepEqual([summaryOf(false).resumeAt, summaryOf(false).end], [0, "partial"]);
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
    const run = makeRun("10.0.0.0/31", { alive, nmap: { minRate: 1000 } });
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
  f(makeOutcome([lost(a!), lost(b!)]), "failed no_answer", { alive: [a!, b!] });
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
    const batch = run.takeBatch();
    const [first] = batch.job.addresses;
    finish(run, batch, failure(type, type === "other" ? [makeHost(first!)] : []));
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
    startedAt: run.startedAt,
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
