import assert from "node:assert/strict";
import type { TargetTrouble } from "../../src/overview/overview.ts";
import { makeLook, makeSummary, makeUnit } from "../scan/builders.ts";
import { makeConfig } from "../schedule/builders.ts";
import { makeTarget, makeWorld } from "./builders.ts";
import { World } from "./make_world.ts";

const failure = { type: "timeout", message: "it took too long" } as const;

/** Names of the targets that have a trouble. */
function having(world: World, trouble: TargetTrouble, search = ""): string[] {
  const { rows, total } = world.overview.targets({ search, trouble, offset: 0, limit: 100 });
  assert.equal(rows.length, total);
  return rows.map(({ name }) => name);
}

function finish(world: World, text: string, end: "complete" | "partial" | "failed") {
  const record = world.records.open(makeUnit(text), { configured: true });
  world.records.finish(record, makeSummary(end === "complete" ? {} : { end, failure }));
}

Deno.test("Overview.targets() finds those with a scan that fails, as soon as it does and no longer", () => {
  const world = makeWorld(
    makeTarget("a", { networks: "10.0.0.0/23" }),
    makeTarget("b", { networks: "10.0.0.0/24" }),
    makeTarget("c", { networks: "10.0.2.0/24" }),
    makeTarget("large", { networks: "10.0.0.0/15" }),
  );
  assert.deepEqual(having(world, "failing"), []);
  finish(world, "10.0.0.0/24", "partial");
  assert.deepEqual(having(world, "failing"), ["a", "b", "large"]);
  finish(world, "10.0.2.0/24", "failed");
  assert.deepEqual(having(world, "failing"), ["a", "b", "c", "large"]);
  assert.deepEqual(having(world, "failing", "10.0.2.0/24"), ["c", "large"]);
  finish(world, "10.0.0.0/24", "complete");
  assert.deepEqual(having(world, "failing"), ["c", "large"]);
  world.replace([world.targets[0]!]);
  assert.deepEqual(having(world, "failing"), []);
});

Deno.test("Overview.targets() finds those that were not completely scanned for long, or never", () => {
  const world = makeWorld(
    makeTarget("a", { networks: "10.0.0.0/23" }),
    makeTarget("b", { networks: "10.0.0.0/24" }),
  );
  const f = (...expected: string[]) => {
    assert.deepEqual(having(world, "stale"), expected);
    const { rows } = world.overview.targets({ search: "", offset: 0, limit: 100 });
    const stale = rows.filter(({ schedules }) => schedules.some(({ isStale }) => isStale));
    assert.deepEqual(stale.map(({ name }) => name), expected);
  };
  f("a", "b");
  finish(world, "10.0.0.0/24", "complete");
  f("a");
  finish(world, "10.0.1.0/24", "complete");
  f();
  world.clock.now += 180_000;
  f();
  world.clock.now += 1;
  f("a", "b");
  finish(world, "10.0.0.0/24", "complete");
  f("a");
});

Deno.test("Overview.targets() finds those whose ports deviate, and says how many do", () => {
  const world = makeWorld(
    makeTarget("net", { networks: "10.0.0.0/24", expected: "22", allowed: "80" }),
    makeTarget("gate", { networks: "10.0.0.1", expected: "22 23" }),
    makeTarget("free", { networks: "10.0.0.0/8" }),
  );
  const f = (...expected: [name: string, violations: number][]) => {
    assert.deepEqual(having(world, "violating"), expected.map(([name]) => name));
    const { rows } = world.overview.targets({ search: "", offset: 0, limit: 100 });
    assert.deepEqual(
      rows.filter(({ violations }) => violations > 0)
        .map(({ name, violations }) => [name, violations]),
      expected,
    );
  };
  const look = (...open: number[]) => {
    world.clock.now += 10;
    const record = world.records.open(makeUnit("10.0.0.1"), { configured: true });
    const takenAt = world.clock.now;
    world.state.apply([makeLook({ address: "10.0.0.1", open, takenAt })], "everything");
    world.records.touch(record);
    world.view.noteTried(record);
    world.records.finish(record, makeSummary({ startedAt: takenAt }));
  };
  f();
  look(22, 23, 80);
  f(["net", 1], ["gate", 1]);
  look(80, 99);
  f(["net", 2], ["gate", 4]);
  look(22, 80);
  f(["gate", 2]);
});

Deno.test("Overview.targets() takes a twentieth of the time at most for looking through very many", () => {
  // Each look at the clock takes a second, so that looking through them takes some.
  let now = 0;
  const world = new World({
    ...makeConfig([]),
    targets: [makeTarget("a", { networks: "10.0.0.0/24" })],
  }, {
    now: () => now += 1000,
  });
  finish(world, "10.0.0.0/24", "failed");
  assert.deepEqual(having(world, "failing"), ["a"]);
  finish(world, "10.0.0.0/24", "complete");
  assert.deepEqual(having(world, "failing"), ["a"]);
  now += 1e6;
  assert.deepEqual(having(world, "failing"), []);
});
