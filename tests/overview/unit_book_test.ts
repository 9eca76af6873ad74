import assert from "node:assert/strict";
import fc from "fast-check";
import { NO_NETWORK } from "../../src/domain/network.ts";
import { neverScanned } from "../../src/domain/network_set.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import { TargetUnits } from "../../src/overview/target_units.ts";
import { UnitBook } from "../../src/overview/unit_book.ts";
import { ScanRecords } from "../../src/state/scan_records.ts";
import { makeSummary, makeUnit } from "../scan/builders.ts";
import { makeConfig } from "../schedule/builders.ts";

function makeBook() {
  const clock = { now: 1_700_000_000_000 };
  const records = new ScanRecords({
    wallClock: () => clock.now,
    now: () => clock.now,
    requestedLimit: 1000,
    requestedRetention: () => 1e12,
    onDropped: () => {},
  });
  const unitsOf = (...texts: string[]) => {
    const networks = makeConfig(texts).targets.flatMap(({ networks }) => networks);
    const rules = { exclude: neverScanned([]), maxCidrSize: 24, addressesOf: () => [] };
    return new TargetUnits({ networks, hostNames: [] }, rules);
  };
  return { clock, records, book: new UnitBook(records), unitsOf };
}

const scheduled = { protocol: "tcp" as const, portRange: "1-100", ports: parsePorts("1-100") };
const failure = { type: "killed", message: "it was killed" } as const;

Deno.test("UnitBook.read() takes all units of a schedule together", () => {
  const { clock, records, book, unitsOf } = makeBook();
  const units = unitsOf("10.0.0.0/23");
  const nothing = {
    scanned: 0,
    complete: 0,
    failing: 0,
    failure: undefined,
    completeSince: Infinity,
    lastEndAt: -Infinity,
    isPending: false,
  };
  assert.deepEqual(book.read(units, scheduled), nothing);
  const [one, two] = ["10.0.0.0/24", "10.0.1.0/24"].map((text) =>
    records.open(makeUnit(text), { configured: true })
  );
  // a record that was made has ended nothing
  assert.deepEqual(book.read(units, scheduled), nothing);
  records.notePending(one!);
  assert.deepEqual(book.read(units, scheduled), { ...nothing, isPending: true });
  records.finish(one!, makeSummary());
  clock.now += 5000;
  records.finish(two!, makeSummary({ end: "partial", failure }));
  assert.deepEqual(book.read(units, scheduled), {
    scanned: 2,
    complete: 1,
    failing: 1,
    failure: "it was killed",
    completeSince: clock.now - 5000,
    lastEndAt: clock.now,
    isPending: false,
  });
  clock.now += 5000;
  records.finish(two!, makeSummary());
  assert.deepEqual(book.read(units, scheduled), {
    scanned: 2,
    complete: 2,
    failing: 0,
    failure: undefined,
    completeSince: clock.now - 10_000,
    lastEndAt: clock.now,
    isPending: false,
  });
  // other ports, another protocol and a unit inside of a unit are other units
  for (const parts of [{ ports: "1-99" }, { protocol: "udp" }] as const) {
    const other = records.open(makeUnit("10.0.0.0/24", parts), { configured: true });
    records.finish(other, makeSummary({ end: "failed", failure }));
  }
  const inside = records.open(makeUnit("10.0.0.1"), { configured: true });
  records.finish(inside, makeSummary({ end: "failed", failure }));
  assert.equal(book.read(units, scheduled).failing, 0);
  // equal ports written otherwise are the same
  assert.equal(book.read(units, { ...scheduled, ports: parsePorts("1-50,51-100") }).scanned, 2);
});

Deno.test("UnitBook.read() of many units is what reading their records one by one is", () => {
  // Units of a large target, of a small one beside it, and one inside of the large one.
  const targets = ["10.0.0.0/24", "10.0.1.0/24", "10.1.255.0/24", "10.0.0.1", "192.0.2.0/24"];
  const someStep = fc.record({
    target: fc.constantFrom(...targets),
    ports: fc.constantFrom("1-100", "1-100", "443"),
    end: fc.constantFrom("complete", "failed", "partial", "stopped", "opened", "dropped"),
  });
  fc.assert(
    fc.property(fc.array(someStep, { maxLength: 30 }), fc.boolean(), (steps, isSplit) => {
      const { clock, records, book, unitsOf } = makeBook();
      const units = isSplit
        ? unitsOf("10.0.0.0/16", "10.1.0.0/16", "10.1.255.0/24")
        : unitsOf("10.0.0.0/15");
      assert.equal(units.count, 512);
      for (const { target, ports, end } of steps) {
        clock.now += 1000;
        const record = records.open(makeUnit(target, { ports }), { configured: true });
        if (end === "dropped") records.dropUnwanted((other) => other !== record);
        else if (end === "complete") records.finish(record, makeSummary());
        else if (end === "stopped") records.finish(record, makeSummary({ end }));
        else if (end !== "opened") records.finish(record, makeSummary({ end, failure }));
        records.touch(record);
        const ended = [...units.labels()]
          .map((label) => records.get(`${label} tcp 1-100`))
          .filter((record) => record !== undefined)
          .filter(({ lastBeganAt }) => lastBeganAt !== undefined);
        const complete = ended.map(({ lastCompleteAt }) => lastCompleteAt)
          .filter((time) => time !== undefined);
        const failing = ended.filter(({ lastTrouble }) => lastTrouble !== undefined);
        const expected = {
          scanned: ended.length,
          complete: complete.length,
          failing: failing.length,
          failure: failing.length > 0 ? "it was killed" : undefined,
          completeSince: Math.round(Math.min(...complete) * 1000),
          lastEndAt: Math.max(...ended.map(({ lastEndAt }) => lastEndAt)),
        };
        assert.deepEqual(book.read(units, scheduled), { ...expected, isPending: false });
        const read = book.reader([unitsOf("10.0.0.0/15"), units, unitsOf("10.0.0.0/24")]);
        assert.deepEqual(read(units, scheduled), expected);
      }
    }),
    { numRuns: 50 },
  );
});

Deno.test("UnitBook.read() of many units reads only records again that changed", () => {
  const { records, book, unitsOf } = makeBook();
  const units = unitsOf("10.0.0.0/15");
  const opened = [...units.labels()].map((label) =>
    records.open(makeUnit(label), { configured: true })
  );
  for (const record of opened) records.finish(record, makeSummary());
  let looks = 0;
  const has = units.has.bind(units);
  units.has = (...args) => {
    looks++;
    return has(...args);
  };
  assert.equal(book.read(units, scheduled).complete, 512);
  assert.equal(looks, 512);
  assert.equal(book.read(units, scheduled).complete, 512);
  assert.equal(looks, 512);
  records.finish(opened[0]!, makeSummary({ end: "failed", failure }));
  assert.equal(book.read(units, scheduled).failing, 1);
  assert.ok(looks <= 512 + 256, `${looks}`);
});

Deno.test("UnitBook.reader() reads all that have many units in one pass, and others as read() does", () => {
  const { records, book, unitsOf } = makeBook();
  const many = ["10.0.0.0/15", "10.0.0.0/14", "10.2.0.0/15"].map((text) => unitsOf(text));
  const few = unitsOf("10.0.0.0/24");
  const rules = { exclude: neverScanned([]), maxCidrSize: 24, addressesOf: () => [] };
  const { networks } = makeConfig(["10.0.0.0/15"]).targets[0]!;
  const named = new TargetUnits({ networks, hostNames: ["db.example"] }, rules);
  const unnamed = { ...makeUnit("0.0.0.0"), network: NO_NETWORK };
  const failed = [
    makeUnit("10.0.0.0/24"),
    { ...unnamed, key: { ...unnamed.key, target: "db.example" } },
  ];
  for (const unit of failed) {
    const record = records.open(unit, { configured: true });
    records.finish(record, makeSummary({ end: "failed", failure }));
  }
  let passes = 0;
  const blocks = records.blocks.bind(records);
  records.blocks = () => {
    passes++;
    return blocks();
  };
  const read = book.reader([...many, few, named]);
  const failing = [...many, few, named].map((units) => read(units, scheduled).failing);
  assert.deepEqual(failing, [1, 1, 0, 1, 2]);
  assert.equal(read(named, { ...scheduled, protocol: "udp" }).failing, 0);
  assert.equal(passes, 1);
});
