import assert from "node:assert/strict";
import { expectedDelays } from "../../bench/sweeps/expect.ts";
import {
  intervalText,
  packetsPerSecond,
  type Plan,
  planYaml,
  singleSweep,
  withFullSweep,
} from "../../bench/sweeps/plan.ts";
import { parseServices, PortModel } from "../../bench/sweeps/port_model.ts";
import { searchPlan } from "../../bench/sweeps/search.ts";
import { type Observation, simulate } from "../../bench/sweeps/simulate.ts";
import { mean, quantile } from "../../bench/sweeps/statistics.ts";
import { makeHistory, type World } from "../../bench/sweeps/world.ts";

/** Two thousand ports with frequencies that fall like nmap's: half of all at the first ten or so. */
const SERVICES = Array.from(
  { length: 2000 },
  (_, i) => ({ port: 1 + i * 7, frequency: 0.5 / (i + 1) ** 1.1 }),
);

const WORLD: World = {
  model: new PortModel(SERVICES, 0.05),
  hosts: 20,
  silent: 0.5,
  lifetime: 30 * 86_400,
  rate: 1000,
  overhead: 1,
  confirmation: 2,
  seen: "answer",
};

const SWEEPS: Plan = [
  { range: "known", interval: 60 },
  { range: 100, interval: 600 },
  { range: 1000, interval: 3600 },
];

function observe(plan: Plan, world = WORLD): Observation {
  return simulate(plan, world, makeHistory(world, { seed: 7, openings: 20_000 }));
}

function means({ openings, closings }: Observation): [number, number] {
  return [mean(openings.map(({ delay }) => delay)), mean(closings.map(({ delay }) => delay))];
}

function assertNear(actual: number, expected: number, tolerance: number): void {
  const message = `${actual} is not within ${tolerance * 100} % of ${expected}`;
  assert.ok(Math.abs(actual - expected) <= tolerance * expected, message);
}

Deno.test("simulate() of one sweep of everything comes to T/2 + d²/(12 T)", () => {
  // Short scans, and scans that never pause: T/2 and 7/12 T.
  for (const [interval, rate] of [[36_000, 1e6], [86_400, 1000], [131.08, 1000]] as const) {
    const world = { ...WORLD, silent: 1, rate };
    const duration = Math.min(interval, 131_070 / rate);
    const expected = interval / 2 + duration ** 2 / (12 * interval);
    const [opening, closing] = means(observe([{ range: "full", interval }], world));
    assertNear(opening, expected, 0.02);
    assertNear(closing, expected + world.confirmation, 0.02);
  }
});

Deno.test("simulate() of one sweep of everything spreads delays evenly up to the interval", () => {
  const delays = observe([{ range: "full", interval: 36_000 }], { ...WORLD, rate: 1e6 }).openings
    .map(({ delay }) => delay);
  for (const share of [0.05, 0.5, 0.95]) assertNear(quantile(delays, share), 36_000 * share, 0.05);
});

Deno.test("simulate() spends the budget that the plan was made for", () => {
  for (
    const plan of [singleSweep(WORLD, 500), [...SWEEPS, { range: "full", interval: 9000 }] as Plan]
  ) {
    assertNear(observe(plan).packets, packetsPerSecond(plan, WORLD), 0.005);
  }
});

Deno.test("simulate() of several sweeps comes to the expected means", () => {
  const plan = withFullSweep(SWEEPS, WORLD, 500)!;
  const [opening, closing] = means(observe(plan));
  const expected = expectedDelays(plan, WORLD);
  assertNear(opening, expected.opening, 0.05);
  assertNear(closing, expected.closing, 0.02);
});

Deno.test("simulate() gives the same for the same seed", () => {
  const plan = withFullSweep(SWEEPS, WORLD, 500)!;
  assert.deepEqual(observe(plan), observe(plan));
});

Deno.test("simulate() counts openings that were over before a look", () => {
  const world = { ...WORLD, lifetime: 3600, rate: 1e6 };
  const { missed } = observe([{ range: "full", interval: 3600 }], world);
  // Open for an exponential time of mean 1 and looked at within a uniform one: 1 - (1 - 1/e).
  assertNear(missed, Math.exp(-1), 0.02);
});

Deno.test("simulate() with nmap's report sees a change at the end of the scan", () => {
  const world = { ...WORLD, silent: 1, seen: "report" } as const;
  const [opening] = means(observe([{ range: "full", interval: 1000 }], world));
  const duration = 131_070 / world.rate;
  assertNear(opening, 500 + duration ** 2 / 12_000 + duration / 2, 0.03);
});

Deno.test("simulate() refuses scans that take longer than their interval", () => {
  assert.throws(() => observe([{ range: "full", interval: 60 }]), {
    name: "RangeError",
    message: /^Cannot scan every 60.0 s what takes 131.1 s/,
  });
});

Deno.test("searchPlan() keeps the budget, and neither it nor any plan beats the bound", () => {
  const budget = 100;
  const plan = searchPlan(WORLD, { budget, floor: 60 });
  assert.ok(packetsPerSecond(plan, WORLD) <= budget);
  assert.ok(plan.every(({ interval }) => interval >= 60));
  const [single] = means(observe(singleSweep(WORLD, budget)));
  const [opening] = means(observe(plan));
  assert.ok(single / opening > 3, `${single / opening}`);
  assert.ok(single / opening < WORLD.model.bestRatio());
});

Deno.test("PortModel draws ports by frequency, with a long tail", () => {
  const { openings } = observe([{ range: "full", interval: 36_000 }]);
  const share = (count: number) =>
    openings.filter(({ service }) => service.rank <= count).length / openings.length;
  for (const count of [1, 10, 100, 1000]) {
    assertNear(share(count), WORLD.model.shareOfTop(count), 0.05);
  }
  assertNear(openings.filter(({ service }) => service.random).length / openings.length, 0.05, 0.1);
});

Deno.test("parseServices() reads open TCP ports, the most frequent first", () => {
  const text = [
    "# comment\t1/tcp\t0.9",
    "one\t11/tcp\t0.25\t# words",
    "two\t12/udp\t0.75",
    "three\t13/tcp\t0.5",
    "four\t14/tcp\t0.000000",
    "five\t9/tcp\t0.25",
  ].join("\n");
  assert.deepEqual(parseServices(text), [
    { port: 13, frequency: 0.5 },
    { port: 9, frequency: 0.25 },
    { port: 11, frequency: 0.25 },
  ]);
});

Deno.test("planYaml() prints a target with its sweeps", () => {
  const plan: Plan = [...SWEEPS.slice(0, 2), { range: "full", interval: 39_600 }];
  assert.equal(
    planYaml(plan, "192.0.2.0/24"),
    `targets:
  - target: 192.0.2.0/24
    port_range: "1-65535"
    interval: 11h
    sweeps:
      - { port_range: known, interval: 1m }
      - { port_range: "top:100", interval: 10m }`,
  );
  assert.deepEqual([90, 86_400, 5400].map(intervalText), ["90s", "1d", "90m"]);
});
