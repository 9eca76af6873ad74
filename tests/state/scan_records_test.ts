import assert from "node:assert/strict";
import { unitId } from "../../src/domain/scan.ts";
import { type ScanRecord, ScanRecords, type UnitSummary } from "../../src/state/scan_records.ts";
import { makeSummary, makeUnit } from "../scan/builders.ts";

const HOUR = 3_600_000;

function makeBook({ limit = 3 } = {}) {
  const clock = { now: 1_700_000_000_000, ahead: 0 };
  const dropped: string[] = [];
  const records = new ScanRecords({
    wallClock: () => clock.now + clock.ahead,
    now: () => clock.now,
    requestedLimit: limit,
    requestedRetention: () => HOUR,
    onDropped: (gone) => dropped.push(...gone.map(({ key }) => key.target)),
  });
  const open = (target: string, configured = true): ScanRecord =>
    records.open(makeUnit(target), { configured });
  const known = () => [...records.all()].map(([, { key }]) => key.target);
  return { clock, records, dropped, open, known };
}

Deno.test("ScanRecords.open() makes one record a unit, with counters at 0", () => {
  const { records, open } = makeBook();
  const record = open("10.0.0.1");
  assert.equal(open("10.0.0.1"), record);
  assert.equal(records.get(unitId(makeUnit("10.0.0.1"))), record);
  assert.deepEqual([...record.failures], [["timeout", 0]]);
  assert.deepEqual(
    [record.successes, record.timeouts, record.partials, record.skipped],
    [0, 0, 0, 0],
  );
  assert.deepEqual([...records.targets()].map(({ target }) => target), ["10.0.0.1/32"]);
  assert.equal(records.target("10.0.0.1/32").openToClosed, 0);
  // equal ports written otherwise are the same unit, under the first text
  const again = records.open(makeUnit("10.0.0.2", { ports: "1,2,3" }), { configured: true });
  assert.equal(records.open(makeUnit("10.0.0.2", { ports: "1-3" }), { configured: false }), again);
  assert.equal(again.key.portRange, "1,2,3");
  assert.ok(again.configured);
});

Deno.test("ScanRecords.finish() counts a complete unit", () => {
  const { records, open, clock } = makeBook();
  const record = open("10.0.0.0/24");
  records.finish(record, makeSummary({ up: 5, down: 251, timedOut: 2, duration: 7 }));
  assert.equal(record.successes, 1);
  assert.equal(record.lastCompleteAt, clock.now / 1000);
  assert.equal(record.lastDuration, 7);
  assert.equal(record.lastHostsTimedOut, 2);
  assert.equal(record.lastHostsIncomplete, 0);
  assert.deepEqual([...record.failures], [["timeout", 0]]);
  const { hostsUp, hostsDown } = records.target("10.0.0.0/24");
  assert.deepEqual([hostsUp, hostsDown], [5, 251]);
});

Deno.test("ScanRecords.finish() keeps host counts when not every address was looked at", () => {
  const { records, open } = makeBook();
  const record = open("10.0.0.0/24");
  records.finish(record, makeSummary({ up: 5, down: 251 }));
  records.finish(record, makeSummary({ up: 1, down: 255, lookedAtAll: false }));
  assert.equal(records.target("10.0.0.0/24").hostsUp, 5);
  assert.equal(record.successes, 2);
});

Deno.test("ScanRecords.finish() counts a partial or failed unit by its type, and nothing else", () => {
  const { records, open } = makeBook();
  const record = open("10.0.0.1");
  const killed = { type: "killed", message: "" } as const;
  const timeout = { type: "timeout", message: "" } as const;
  records.finish(record, makeSummary({ end: "partial", failure: killed, incomplete: 4 }));
  records.finish(record, makeSummary({ end: "failed", failure: killed, incomplete: 9 }));
  records.finish(record, makeSummary({ end: "failed", failure: timeout, resumeAt: 64 }));
  assert.deepEqual([...record.failures], [["timeout", 1], ["killed", 2]]);
  assert.deepEqual([record.timeouts, record.partials, record.successes], [1, 1, 0]);
  assert.equal(record.lastCompleteAt, undefined);
  assert.equal(record.lastDuration, undefined);
  assert.equal(record.durations.count, 0);
  assert.equal(record.lastHostsIncomplete, 0);
  assert.equal(record.resumeAt, 64);
  assert.equal(records.target("10.0.0.1/32").hostsUp, undefined);
  records.finish(record, makeSummary());
  assert.equal(record.resumeAt, 0);
});

Deno.test("ScanRecords.finish() counts an end by us as nothing", () => {
  const { records, open, clock } = makeBook();
  const record = open("10.0.0.1");
  record.resumeAt = 32;
  const before = { ...record };
  clock.now += 5;
  records.finish(record, makeSummary({ end: "stopped", incomplete: 1, resumeAt: 16 }));
  assert.deepEqual({ ...record }, { ...before, lastEndAt: clock.now });
  assert.equal(records.target("10.0.0.1/32").hostsUp, undefined);
});

Deno.test("ScanRecords.finish() puts a duration into the first bucket that holds it", () => {
  const slot = (duration: number) => {
    const { records, open } = makeBook();
    const record = open("10.0.0.1");
    records.finish(record, makeSummary({ duration }));
    assert.equal(record.durations.sum, duration);
    assert.equal(record.durations.counts.length, 12);
    assert.equal(record.durations.counts.reduce((sum, count) => sum + count), 1);
    return record.durations.counts.indexOf(1);
  };
  assert.equal(slot(0), 0);
  assert.equal(slot(1), 0);
  assert.equal(slot(1.001), 1);
  assert.equal(slot(10), 3);
  assert.equal(slot(3600), 10);
  assert.equal(slot(3601), 11);
});

Deno.test("ScanRecords.prune() lets the oldest requested records go above the limit", () => {
  const { records, open, clock, dropped, known } = makeBook({ limit: 2 });
  open("10.0.0.1");
  for (const target of ["10.0.1.1", "10.0.1.2", "10.0.1.3", "10.0.1.4"]) {
    clock.now += 1000;
    open(target, false);
  }
  clock.now += 1000;
  records.finish(open("10.0.1.1", false), makeSummary());
  records.prune(() => false);
  assert.deepEqual(dropped, ["10.0.1.2/32", "10.0.1.3/32"]);
  assert.deepEqual(known(), ["10.0.0.1/32", "10.0.1.1/32", "10.0.1.4/32"]);
  assert.equal(records.droppedTotal, 2);
  assert.deepEqual(
    [...records.targets()].map(({ target }) => target),
    ["10.0.0.1/32", "10.0.1.1/32", "10.0.1.4/32"],
  );
});

Deno.test("ScanRecords.prune() lets requested records go when they are old, and counts no loss", () => {
  const { records, open, clock, dropped, known } = makeBook();
  open("10.0.0.1");
  open("10.0.1.1", false);
  clock.now += HOUR;
  open("10.0.1.2", false);
  records.prune(() => false);
  assert.deepEqual(dropped, []);
  // A wall clock that is wrong for a while makes nothing old.
  clock.ahead = 24 * HOUR;
  records.prune(() => false);
  assert.deepEqual(dropped, []);
  clock.ahead = 0;
  clock.now += 1;
  records.prune(() => false);
  assert.deepEqual(dropped, ["10.0.1.1/32"]);
  assert.equal(records.droppedTotal, 0);
  assert.deepEqual(known(), ["10.0.0.1/32", "10.0.1.2/32"]);
});

Deno.test("ScanRecords.prune() keeps what waits or runs, and what the configuration names meanwhile", () => {
  const { records, open, clock, dropped } = makeBook({ limit: 1 });
  for (const target of ["10.0.1.1", "10.0.1.2", "10.0.1.3"]) open(target, false);
  open("10.0.1.2");
  clock.now += 2 * HOUR;
  const active = unitId(makeUnit("10.0.1.1"));
  records.prune((id) => id === active);
  assert.deepEqual(dropped, ["10.0.1.3/32"]);
  records.prune(() => false);
  assert.deepEqual(dropped, ["10.0.1.3/32", "10.0.1.1/32"]);
  assert.equal(records.droppedTotal, 1);
});

Deno.test("ScanRecords.prune() keeps a target's counters while one of its records is left", () => {
  const { records, open, clock } = makeBook();
  open("10.0.0.1");
  records.target("10.0.0.1/32").closedToOpen = 3;
  records.open(makeUnit("10.0.0.1", { ports: "443" }), { configured: false });
  clock.now += 2 * HOUR;
  records.prune(() => false);
  assert.equal(records.target("10.0.0.1/32").closedToOpen, 3);
});

Deno.test("ScanRecords.open() labels a record as the configuration writes its ports now", () => {
  const { records } = makeBook();
  const spelled = (ports: string, configured: boolean) =>
    records.open(makeUnit("10.0.0.1", { ports }), { configured });
  spelled("1,2,3", true);
  records.takeUnsaved();
  assert.equal(spelled("1-3", true).key.portRange, "1-3");
  assert.equal(spelled("1,2-3", false).key.portRange, "1-3");
  assert.deepEqual(records.takeUnsaved().records.map(({ key }) => key.portRange), ["1-3"]);
});

Deno.test("ScanRecords.touch() has a record and its target stored, once, as they are then", () => {
  const { records, open } = makeBook();
  const record = open("10.0.0.1");
  open("10.0.0.2");
  const nothing = { records: [], forgottenRecords: [], targets: [], forgottenTargets: [] };
  // counters at 0 need no memory
  assert.deepEqual(records.takeUnsaved(), nothing);
  records.touch(record);
  record.skipped = 3;
  records.target("10.0.0.1/32").closedToOpen = 4;
  const { records: saved, targets } = records.takeUnsaved();
  assert.deepEqual(saved.map(({ key, skipped }) => [key.target, skipped]), [["10.0.0.1/32", 3]]);
  assert.deepEqual(targets.map((saved) => [saved.target, saved.closedToOpen]), [[
    "10.0.0.1/32",
    4,
  ]]);
  assert.deepEqual(records.takeUnsaved(), nothing);
});

Deno.test("ScanRecords.finish() keeps a turn pending that we ended, and no other", () => {
  const { records, open } = makeBook();
  const record = open("10.0.0.1");
  record.pending = true;
  records.finish(record, makeSummary({ end: "stopped" }));
  assert.ok(record.pending);
  const failure = { type: "killed", message: "" } as const;
  for (const end of [{}, { end: "failed", failure }, { end: "partial", failure }] as const) {
    record.pending = true;
    records.finish(record, makeSummary(end));
    assert.equal(record.pending, false);
  }
});

Deno.test("ScanRecords.restore() takes over all that was stored, on another monotonic clock", () => {
  const first = makeBook();
  const record = first.open("10.0.0.0/24");
  Object.assign(record, { answeredAt: first.clock.now - 50, silentSince: first.clock.now - 20 });
  record.alive.add("10.0.0.7");
  record.skipped = 2;
  record.pending = true;
  const failure = { type: "killed", message: "" } as const;
  first.records.finish(record, makeSummary({ up: 9, down: 247, duration: 70 }));
  first.records.finish(record, makeSummary({ end: "partial", failure, resumeAt: 16 }));
  first.records.target("10.0.0.0/24").unconfirmed = 5;
  first.records.touch(first.open("10.0.1.1", false));
  const saved = structuredClone(first.records.takeUnsaved());

  const now = 500;
  const wallClock = () => first.clock.now + 10;
  const restored = new ScanRecords({
    wallClock,
    now: () => now,
    requestedLimit: 0,
    requestedRetention: () => HOUR,
    onDropped: () => {},
  });
  restored.restore(saved);
  const again = restored.get(unitId(makeUnit("10.0.0.0/24")))!;
  assert.deepEqual({ ...again, alive: [...again.alive] }, {
    ...record,
    alive: ["10.0.0.7"],
    answeredAt: now - 60,
    silentSince: now - 30,
    // A little earlier, so that nothing that was seen by it is older.
    lastBeganAt: now - 10 - first.clock.now - 3,
    // It ended in the same millisecond as the complete one before it.
    lastTrouble: undefined,
  });
  assert.equal(unitId(again.unit), unitId(record.unit));
  assert.deepEqual([...restored.targets()], [...first.records.targets()]);
  assert.equal(restored.open(makeUnit("10.0.0.0/24"), { configured: true }), again);
  // nothing of it has to be stored again
  assert.deepEqual(restored.takeUnsaved().records, []);
  // the one that a request made is known as such
  restored.prune(() => false);
  assert.deepEqual([...restored.all()].map(([, { key }]) => key.target), ["10.0.0.0/24"]);
  // what counts on, counts in the restored record only
  restored.finish(again, makeSummary({ duration: 70 }));
  assert.equal(record.durations.count, 1);
  assert.equal(again.durations.count, 2);
});

Deno.test("ScanRecords.finish() keeps why the last scan was not complete, until one is", () => {
  const { records, open } = makeBook();
  const [one, two, three] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((text) => open(text));
  const fail = (record: ScanRecord, end: "failed" | "partial", message: string) =>
    records.finish(record, makeSummary({ end, failure: { type: "killed", message } }));
  assert.equal(one!.lastTrouble, undefined);
  fail(one!, "failed", "no memory");
  fail(two!, "partial", "no memory");
  fail(three!, "failed", "no nmap");
  assert.deepEqual(one!.lastTrouble, { type: "killed", message: "no memory" });
  assert.deepEqual(three!.lastTrouble, { type: "killed", message: "no nmap" });
  // many that fail alike share one
  assert.equal(two!.lastTrouble, one!.lastTrouble);
  records.finish(one!, makeSummary({ end: "stopped" }));
  assert.notEqual(one!.lastTrouble, undefined);
  records.finish(one!, makeSummary());
  assert.equal(one!.lastTrouble, undefined);
});

Deno.test("ScanRecords.restore() knows which scans were not complete, and not why", () => {
  const f = (expected: boolean, ...ends: readonly UnitSummary["end"][]) => {
    const first = makeBook();
    const record = first.open("10.0.0.1");
    for (const end of ends) {
      first.clock.now += 1000;
      const failure = { type: "killed", message: "no memory" } as const;
      const isTrouble = end === "failed" || end === "partial";
      if (end === "stopped") first.records.notePending(record);
      first.records.finish(record, makeSummary({ end, failure: isTrouble ? failure : undefined }));
    }
    first.records.touch(record);
    const saved = structuredClone(first.records.takeUnsaved());
    const { records } = makeBook();
    records.restore(saved);
    const { lastTrouble } = records.get(unitId(makeUnit("10.0.0.1")))!;
    assert.equal(lastTrouble !== undefined, expected, `${ends}`);
    assert.ok(!lastTrouble?.message.includes("no memory"));
  };
  f(false);
  f(false, "complete");
  f(true, "failed");
  f(true, "complete", "partial");
  f(false, "failed", "complete");
  // whether the one before was, is not known: ending it moved the time of the last end
  f(false, "complete", "stopped");
  f(false, "stopped");
});

Deno.test("ScanRecords.departures tells that records left", () => {
  const { records, open } = makeBook();
  open("10.0.0.1");
  records.dropUnwanted(() => true);
  assert.equal(records.departures, 0);
  records.dropUnwanted(() => false);
  assert.equal(records.departures, 1);
});

Deno.test("ScanRecords.restore() takes nothing for younger than now", () => {
  const first = makeBook();
  const record = first.open("10.0.0.1");
  record.answeredAt = record.silentSince = first.clock.now;
  first.records.touch(record);
  const saved = first.records.takeUnsaved();
  const { records, clock } = makeBook();
  clock.now -= 100 * HOUR;
  records.restore(saved);
  const { answeredAt, silentSince } = records.get(unitId(makeUnit("10.0.0.1")))!;
  assert.deepEqual([answeredAt, silentSince], [clock.now, clock.now]);
});

Deno.test("ScanRecords.dropUnwanted() lets configured records go, with targets that are left without", () => {
  const { records, open, dropped, known } = makeBook();
  open("10.0.0.1");
  open("10.0.0.2");
  open("10.0.0.3", false);
  const more = records.open(makeUnit("10.0.0.2", { ports: "443" }), { configured: true });
  records.takeUnsaved();
  const gone = records.dropUnwanted((record) => record === more);
  assert.deepEqual(gone, ["10.0.0.1", "10.0.0.2"].map((text) => unitId(makeUnit(text))));
  assert.deepEqual(dropped, ["10.0.0.1/32", "10.0.0.2/32"]);
  assert.deepEqual(known(), ["10.0.0.3/32", "10.0.0.2/32"]);
  assert.deepEqual([...records.targets()].map(({ target }) => target), [
    "10.0.0.2/32",
    "10.0.0.3/32",
  ]);
  const { forgottenRecords, forgottenTargets } = records.takeUnsaved();
  assert.deepEqual(forgottenRecords.map(({ key, ports }) => `${key.target} ${ports}`), [
    "10.0.0.1/32 1-100",
    "10.0.0.2/32 1-100",
  ]);
  assert.deepEqual(forgottenTargets, ["10.0.0.1/32"]);
});

Deno.test("ScanRecords.takeUnsaved() forgets nothing that came back", () => {
  const { records, open } = makeBook();
  records.touch(open("10.0.0.1"));
  records.dropUnwanted(() => false);
  const back = open("10.0.0.1");
  records.touch(back);
  const saved = records.takeUnsaved();
  assert.deepEqual([saved.forgottenRecords, saved.forgottenTargets], [[], []]);
  assert.equal(saved.records.length, 1);
});

Deno.test("ScanRecords.blocks() tells in the block of what is touched, and in no other", () => {
  const { records, open } = makeBook();
  const opened = Array.from({ length: 300 }, (_, i) => open(`10.0.${i >> 8}.${i & 255}`));
  /** Which blocks of records, and which of targets, told of a change. */
  const changes = (action: () => void) => {
    const told = [records.blocks(), records.targetBlocks()].map((blocks) => {
      const told = blocks.map(() => false);
      blocks.forEach((block, index) => block.beforeNextChange(() => void (told[index] = true)));
      return told;
    });
    action();
    return told;
  };
  assert.deepEqual(records.blocks().flatMap(({ items }) => items), opened);
  assert.deepEqual(records.targetBlocks().flatMap(({ items }) => items), [...records.targets()]);
  assert.deepEqual(changes(() => records.touch(opened[280]!)), [[false, true], [false, true]]);
  assert.deepEqual(changes(() => records.finish(opened[2]!, makeSummary())), [
    [true, false],
    [true, false],
  ]);
  // neither a turn that was taken nor an end by us shows
  assert.deepEqual(changes(() => records.notePending(opened[0]!)).flat(), Array(4).fill(false));
  const stopped = makeSummary({ end: "stopped" });
  assert.deepEqual(changes(() => records.finish(opened[0]!, stopped)).flat(), Array(4).fill(false));
  // another text for the same ports does
  assert.deepEqual(
    changes(() =>
      records.open(makeUnit("10.0.0.9", { ports: "1-50,51-100" }), { configured: true })
    ),
    [[true, false], [true, false]],
  );
  // and so does what comes and goes
  assert.deepEqual(changes(() => open("10.9.9.9", false)), [[false, true], [false, true]]);
  assert.deepEqual(changes(() => records.dropUnwanted((record) => record !== opened[5])), [
    [true, false],
    [true, false],
  ]);
  assert.equal(records.blocks().flatMap(({ items }) => items).length, 300);
});

Deno.test("ScanRecords.notePending() has the turn stored, once", () => {
  const { records, open } = makeBook();
  const record = open("10.0.0.1");
  records.notePending(record);
  const { records: saved, targets } = records.takeUnsaved();
  assert.deepEqual(saved.map(({ pending }) => pending), [true]);
  assert.deepEqual(targets, []);
  records.notePending(record);
  assert.deepEqual(records.takeUnsaved().records, []);
});

Deno.test("ScanRecords.requested() gives those outside the configuration", () => {
  const { records, open } = makeBook();
  open("10.0.0.1");
  const asked = open("10.0.0.2", false);
  assert.deepEqual([...records.requested()], [asked]);
  open("10.0.0.2");
  assert.deepEqual([...records.requested()], []);
});
