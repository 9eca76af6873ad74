import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePorts } from "../../src/domain/ports.ts";
import { NO_NETWORK } from "../../src/domain/network.ts";
import type { ScheduleView } from "../../src/overview/overview.ts";
import { makeSummary, makeUnit } from "../scan/builders.ts";
import { makeTarget, makeWorld, pagesOf } from "./builders.ts";
import { WALL, type World } from "./make_world.ts";

const failure = { type: "timeout", message: "it took too long" } as const;

function find(world: World, search = "") {
  return world.overview.targets({ search, offset: 0, limit: 100 });
}

/** The schedules of a target, as `tcp 1-100: 1 unit, 1 never, 0 failing`. */
function schedulesOf(world: World, name: string): string[] {
  const row = find(world).rows.find((row) => row.name === name)!;
  return row.schedules.map((
    { protocol, portRange, units, unitsNeverScanned, unitsFailing, failure }: ScheduleView,
  ) =>
    `${protocol} ${portRange}: ${units} units, ${unitsNeverScanned} never, ${unitsFailing} failing` +
    (failure === undefined ? "" : ` (${failure})`)
  );
}

Deno.test("Overview.targets() has each schedule with each protocol, the main one first", () => {
  const world = makeWorld(
    makeTarget("both", {
      networks: "10.0.0.0/23 10.0.9.1",
      sweeps: "22 known",
      protocols: ["tcp", "udp"],
    }),
  );
  const [row] = find(world).rows;
  assert.deepEqual(row!.texts, ["10.0.0.0/23", "10.0.9.1"]);
  assert.deepEqual(schedulesOf(world, "both"), [
    "tcp 1-100: 3 units, 3 never, 0 failing",
    "udp 1-100: 3 units, 3 never, 0 failing",
    "tcp 22: 3 units, 3 never, 0 failing",
    "udp 22: 3 units, 3 never, 0 failing",
    "tcp known: 3 units, 3 never, 0 failing",
    "udp known: 3 units, 3 never, 0 failing",
  ]);
});

Deno.test("Overview.targets() says how the last scans of all units went, and when", () => {
  const world = makeWorld(makeTarget("net", { networks: "10.0.0.0/23", sweeps: "known" }));
  const [one, two] = ["10.0.0.0/24", "10.0.1.0/24"].map((text) =>
    world.records.open(makeUnit(text), { configured: true })
  );
  const schedule = () => find(world).rows[0]!.schedules[0]!;
  const f = (completeSince: number | undefined, lastEndAt: number | undefined, text: string) => {
    const found = schedule();
    assert.equal(found.completeSince, completeSince && WALL + completeSince);
    assert.equal(found.lastEndAt, lastEndAt && WALL + lastEndAt);
    assert.equal(schedulesOf(world, "net")[0], text);
  };
  f(undefined, undefined, "tcp 1-100: 2 units, 2 never, 0 failing");
  world.clock.now = 2000;
  world.records.finish(one!, makeSummary());
  // one was never completely scanned
  f(undefined, 2000, "tcp 1-100: 2 units, 1 never, 0 failing");
  world.clock.now = 3000;
  world.records.finish(two!, makeSummary());
  f(2000, 3000, "tcp 1-100: 2 units, 0 never, 0 failing");
  world.clock.now = 4000;
  world.records.finish(one!, makeSummary({ end: "failed", failure }));
  f(2000, 4000, "tcp 1-100: 2 units, 0 never, 1 failing (it took too long)");
  world.clock.now = 5000;
  world.records.finish(one!, makeSummary());
  f(3000, 5000, "tcp 1-100: 2 units, 0 never, 0 failing");
  // nothing of it is of the other schedule
  assert.equal(schedulesOf(world, "net")[1], "tcp known: 2 units, 2 never, 0 failing");
});

Deno.test("Overview.targets() counts units of every target that they belong to", () => {
  const world = makeWorld(
    makeTarget("all", { networks: "10.0.0.0/22" }),
    makeTarget("part", { networks: "10.0.1.0/24" }),
    makeTarget("inside", { networks: "10.0.1.7" }),
  );
  for (const text of ["10.0.1.0/24", "10.0.1.7"]) {
    const record = world.records.open(makeUnit(text), { configured: true });
    world.records.finish(record, makeSummary({ end: "partial", failure }));
  }
  assert.deepEqual(schedulesOf(world, "all"), [
    "tcp 1-100: 4 units, 3 never, 1 failing (it took too long)",
  ]);
  assert.deepEqual(schedulesOf(world, "part"), [
    "tcp 1-100: 1 units, 0 never, 1 failing (it took too long)",
  ]);
  assert.deepEqual(schedulesOf(world, "inside"), [
    "tcp 1-100: 1 units, 0 never, 1 failing (it took too long)",
  ]);
});

Deno.test("Overview.targets() says why a host name is not scanned", () => {
  const world = makeWorld(makeTarget("db", { hostNames: "db.example.org" }));
  assert.deepEqual(schedulesOf(world, "db"), ["tcp 1-100: 1 units, 1 never, 0 failing"]);
  const unit = {
    ...makeUnit("0.0.0.0"),
    key: { target: "db.example.org", portRange: "1-100", protocol: "tcp" as const },
    network: NO_NETWORK,
  };
  const record = world.records.open(unit, { configured: true });
  const unresolved = { type: "unresolved", message: "Cannot resolve db.example.org" } as const;
  world.records.finish(record, makeSummary({ end: "failed", failure: unresolved }));
  assert.deepEqual(schedulesOf(world, "db"), [
    "tcp 1-100: 1 units, 0 never, 1 failing (Cannot resolve db.example.org)",
  ]);
  // known again, it is the address that counts
  world.resolve("db.example.org", "10.0.0.1");
  const [target] = world.targets;
  world.replace([{ ...target!, networks: makeTarget("", { networks: "10.0.0.1" }).networks }]);
  assert.deepEqual(schedulesOf(world, "db"), ["tcp 1-100: 1 units, 1 never, 0 failing"]);
});

Deno.test("Overview.targets() says when the next round is due, if none is under way and one is planned", () => {
  const often = makeTarget("often", { networks: "10.0.0.0/24" });
  const seldom = makeTarget("seldom", { networks: "10.0.0.0/23" });
  const world = makeWorld(
    { ...often, schedules: often.schedules.map((each) => ({ ...each, interval: 30 })) },
    seldom,
    makeTarget("name", { hostNames: "db.example.org" }),
  );
  const f = (name: string) => {
    const row = find(world).rows.find((row) => row.name === name)!;
    const { nextAt, isUnderWay, interval } = row.schedules[0]!;
    return [isUnderWay ? "under way" : nextAt && nextAt - WALL, interval];
  };
  assert.deepEqual(f("often"), [1000, 30]);
  // of what is shared, the other one's interval counts
  assert.deepEqual(f("seldom"), [1000, 30]);
  assert.deepEqual(f("name"), [undefined, 60]);
  const record = world.records.open(makeUnit("10.0.0.0/24"), { configured: true });
  world.records.notePending(record);
  assert.deepEqual(f("often"), ["under way", 30]);
  world.records.finish(record, makeSummary());
  assert.deepEqual(f("often"), [1000, 30]);
  // what is planned anew is the same
  world.replace([...world.targets]);
  assert.deepEqual(f("often"), [1000, 30]);
});

Deno.test("Overview.targets() knows that a round of many units is under way", () => {
  const world = makeWorld(makeTarget("large", { networks: "10.0.0.0/15" }));
  const next = () => {
    const { isUnderWay, nextAt } = find(world).rows[0]!.schedules[0]!;
    return { isUnderWay, nextAt };
  };
  assert.deepEqual(next(), { isUnderWay: false, nextAt: WALL + 1000 });
  world.take(511);
  assert.deepEqual(next(), { isUnderWay: true, nextAt: undefined });
  world.take(1);
  assert.deepEqual(next(), { isUnderWay: false, nextAt: WALL + 61_000 });
});

Deno.test("Overview.targets() finds names, texts and networks", () => {
  const world = makeWorld(
    makeTarget("DMZ 22", { networks: "10.0.0.0/16 2001:db8::/120" }),
    makeTarget("gate", { networks: "10.0.0.1" }),
    makeTarget("db", { networks: "192.0.2.7", hostNames: "db.example.org" }),
  );
  const f = (search: string, ...expected: string[]) => {
    const { rows, total, atLeast } = find(world, search);
    assert.deepEqual(rows.map(({ name }) => name), expected, search);
    assert.deepEqual([total, atLeast], [expected.length, false]);
  };
  f("", "DMZ 22", "gate", "db");
  f("dmz", "DMZ 22");
  f("22", "DMZ 22");
  f("EXAMPLE", "db");
  f("10.0", "DMZ 22", "gate");
  f("10.0.0.1", "DMZ 22", "gate");
  f("10.0.77.1", "DMZ 22");
  f("10.0.0.0/24", "DMZ 22", "gate");
  f("0.0.0.0/0", "DMZ 22", "gate", "db");
  f("::/0", "DMZ 22");
  f("2001:db8::1", "DMZ 22");
  f("gate 10.0.0.1", "gate");
  f("nothing");
  f("dmz", "DMZ 22");
  world.replace([makeTarget("new dmz", { networks: "10.0.0.1" })]);
  f("dmz", "new dmz");
});

Deno.test("Overview.targets() gives each target once on pages of any size", () => {
  const world = makeWorld(
    ...Array.from(
      { length: 23 },
      (_, index) => makeTarget(`site-${index}`, { networks: `10.0.0.${index}` }),
    ),
  );
  fc.assert(
    fc.property(
      fc.constantFrom("", "site-1", "nothing"),
      fc.integer({ min: 1, max: 30 }),
      (search, limit) => {
        const pages = pagesOf((query) => world.overview.targets(query), { search, limit });
        const expected = world.targets.map(({ name }) => name).filter((name) =>
          name.includes(search)
        );
        assert.deepEqual(pages.flatMap(({ rows }) => rows.map(({ name }) => name)), expected);
      },
    ),
  );
});

Deno.test("Overview.targets() leaves out protocols that a target is not scanned with", () => {
  const world = makeWorld(makeTarget("udp", { networks: "10.0.0.1", protocols: ["udp"] }));
  const record = world.records.open(makeUnit("10.0.0.1", { protocol: "udp" }), {
    configured: true,
  });
  assert.deepEqual(record.ports, parsePorts("1-100"));
  world.records.finish(record, makeSummary());
  assert.deepEqual(schedulesOf(world, "udp"), ["udp 1-100: 1 units, 0 never, 0 failing"]);
});
