import assert from "node:assert/strict";
import fc from "fast-check";
import { addressAt, networkSize, parseNetwork } from "../../src/domain/network.ts";
import { BatchPlan } from "../../src/scan/batch_plan.ts";
import { DEFAULTS } from "./builders.ts";

interface PlanParts {
  readonly alive?: readonly string[];
  readonly resumeAt?: number;
  readonly workers?: number;
  readonly ports?: number;
}

/** A plan at 1000 packets per second. */
function makePlan(target: string, parts: PlanParts = {}): BatchPlan {
  const { alive = [], resumeAt = 0, workers = 10, ports = 200 } = parts;
  const { network } = parseNetwork(target);
  const cost = { ports, nmap: DEFAULTS, timeout: 3600 };
  return new BatchPlan({ network, alive, resumeAt, workers, cost });
}

/** All batches that a plan still has. */
function drain(plan: BatchPlan) {
  const batches = [];
  for (let batch = plan.take(); batch !== undefined; batch = plan.take()) batches.push(batch);
  return batches;
}

Deno.test("BatchPlan deals out addresses that nothing is known of evenly, in order", () => {
  const plan = makePlan("10.0.0.0/24");
  assert.deepEqual([plan.size, plan.count, plan.position], [256, 10, 0]);
  const batches = drain(plan);
  assert.deepEqual(
    batches.map(({ addresses }) => addresses.length),
    [...Array(9).fill(26), 22],
  );
  assert.equal(batches.flatMap(({ addresses }) => addresses)[255], "10.0.0.255");
  assert.deepEqual([plan.position, plan.resumeAt], [256, 0]);
});

Deno.test("BatchPlan begins with what is known to answer, in small batches of its own", () => {
  const alive = [200, 3, 7, 7, 90, 1, 4, 8].map((host) => `10.0.0.${host}`);
  const plan = makePlan("10.0.0.0/24", { alive: [...new Set(alive), "10.0.1.1"] });
  const batches = drain(plan);
  assert.equal(batches.length, plan.count);
  assert.deepEqual(batches.slice(0, 2).map(({ addresses }) => addresses), [
    ["10.0.0.1", "10.0.0.3", "10.0.0.4", "10.0.0.7"],
    ["10.0.0.8", "10.0.0.90", "10.0.0.200"],
  ]);
  assert.deepEqual(batches[2]!.addresses.slice(0, 4), [
    "10.0.0.0",
    "10.0.0.2",
    "10.0.0.5",
    "10.0.0.6",
  ]);
  assert.deepEqual(batches.slice(2).map(({ addresses }) => addresses.length), [
    ...Array(9).fill(25),
    24,
  ]);
});

Deno.test("BatchPlan.take() hands out no more addresses than it is told", () => {
  const plan = makePlan("10.0.0.0/24", { alive: ["10.0.0.9", "10.0.0.10"] });
  assert.deepEqual([plan.take(1)!.addresses, plan.take(1)!.addresses], [
    ["10.0.0.9"],
    ["10.0.0.10"],
  ]);
  assert.deepEqual(plan.take(3)!.addresses, ["10.0.0.0", "10.0.0.1", "10.0.0.2"]);
});

Deno.test("BatchPlan goes on in plain order where the last round stopped, 1 to the size", () => {
  const plan = makePlan("10.0.0.0/29", { alive: ["10.0.0.1"], resumeAt: 6 });
  assert.deepEqual(plan.take(), {
    addresses: [6, 7, 0, 1, 2, 3, 4, 5].map((host) => `10.0.0.${host}`),
    position: 0,
    resumeAt: 6,
  });
  // the size is the first address, but not a round that begins anew
  const again = makePlan("10.0.0.0/29", { alive: ["10.0.0.1"], resumeAt: 8 }).take()!;
  assert.deepEqual([again.addresses[0], again.addresses[1], again.resumeAt], [
    "10.0.0.0",
    "10.0.0.1",
    8,
  ]);
});

Deno.test("BatchPlan works for IPv6 and for networks with more addresses than can be listed", () => {
  const six = makePlan("2001:db8::/120", { alive: ["2001:db8::80"] });
  assert.deepEqual(six.take()!.addresses, ["2001:db8::80"]);
  const huge = makePlan("0.0.0.0/0", { ports: 1 });
  assert.equal(huge.size, 2 ** 32);
  assert.equal(huge.take()!.addresses.length, 256);
});

const someCase = fc.record({
  prefix: fc.integer({ min: 23, max: 32 }),
  alive: fc.array(fc.nat(511), { maxLength: 200 }),
  allAlive: fc.boolean(),
  workers: fc.integer({ min: 1, max: 20 }),
  ports: fc.constantFrom(1, 200, 1000, 10_000, 65_535),
  resume: fc.nat(),
});

/** The parts of a random case. */
function partsOf({ prefix, alive, allAlive, workers, ports }: {
  prefix: number;
  alive: readonly number[];
  allAlive: boolean;
  workers: number;
  ports: number;
}) {
  const target = `10.0.0.0/${prefix}`;
  const { network } = parseNetwork(target);
  const size = Number(networkSize(network));
  const every = Array.from({ length: size }, (_, offset) => addressAt(network, offset));
  const some = new Set(alive.map((offset) => addressAt(network, offset % size)));
  return { target, every, size, parts: { alive: allAlive ? every : [...some], workers, ports } };
}

Deno.test("BatchPlan hands out every address once, in the batches it promised", () => {
  fc.assert(fc.property(someCase, ({ resume, ...random }) => {
    const { target, every, size, parts } = partsOf(random);
    const resumeAt = resume % (size + 1);
    const plan = makePlan(target, { ...parts, resumeAt });
    const batches = drain(plan);
    assert.equal(batches.length, plan.count);
    const addresses = batches.flatMap((batch) => batch.addresses);
    assert.deepEqual([...addresses].sort(), [...every].sort());
    let position = 0;
    for (const batch of batches) {
      assert.equal(batch.position, position);
      assert.ok(batch.addresses.length >= 1 && batch.addresses.length <= 256);
      assert.ok(batch.resumeAt >= 1 && batch.resumeAt <= size);
      position += batch.addresses.length;
    }
  }));
});

Deno.test("BatchPlan reaches every address however few batches of a round can be run", () => {
  fc.assert(fc.property(someCase, fc.array(fc.integer({ min: 1, max: 5 })), (random, rounds) => {
    const { target, every, parts } = partsOf(random);
    const waiting = new Set(every);
    let resumeAt = 0;
    // at least one batch a round, and one round more for the live ones, which are gone through twice
    for (let round = 0; waiting.size > 0; round++) {
      assert.ok(round <= every.length + 1, `${waiting.size} are never reached`);
      const plan = makePlan(target, { ...parts, resumeAt });
      for (let batch = 0; batch < (rounds[round % rounds.length] ?? 1); batch++) {
        for (const address of plan.take()?.addresses ?? []) waiting.delete(address);
      }
      ({ resumeAt } = plan);
      const rest = drain(plan).flatMap(({ addresses }) => addresses);
      if (resumeAt === 0) assert.deepEqual([waiting.size, rest.length], [0, 0]);
      else {
        // the next round begins with what was not reached in this one
        const [first] = makePlan(target, { ...parts, resumeAt }).take()!.addresses;
        assert.ok(rest.includes(first!));
      }
    }
  }));
});
