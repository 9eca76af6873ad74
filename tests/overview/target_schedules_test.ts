import assert from "node:assert/strict";
import { isStale, schedulesOf } from "../../src/overview/target_schedules.ts";
import { makeTarget } from "./builders.ts";

Deno.test("schedulesOf() has each schedule with every protocol, and what it looks at", () => {
  const target = makeTarget("x", {
    networks: "10.0.0.1",
    sweeps: "22 known",
    protocols: ["tcp", "udp"],
    expected: "80 53/udp",
  });
  assert.deepEqual(
    schedulesOf(target).map(({ protocol, portRange, ports, interval }) =>
      `${portRange}/${protocol} ${ports} ${interval}`
    ),
    [
      "1-100/tcp 1-100 60",
      "1-100/udp 1-100 60",
      "22/tcp 22 60",
      "22/udp 22 60",
      "known/tcp 80 60",
      "known/udp 53 60",
    ],
  );
});

Deno.test("isStale() is what was not all completely scanned for two intervals and a minute, or never", () => {
  const f = (age: number, complete: number, count: number, expected: boolean) => {
    const totals = { complete, completeSince: complete === 0 ? Infinity : 1e12 };
    const found = isStale(totals, {
      units: { count },
      scheduling: { interval: 300 },
      now: 1e12 + age * 1000,
    });
    assert.equal(found, expected, `${age} ${complete} ${count}`);
  };
  f(0, 1, 1, false);
  f(660, 2, 2, false);
  f(660.001, 2, 2, true);
  f(0, 1, 2, true);
  f(0, 0, 1, true);
  // a clock that was set back
  f(-1e6, 1, 1, false);
  // nothing is scanned, so nothing can be old
  f(1e9, 0, 0, false);
});
