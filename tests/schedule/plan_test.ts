import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAddress } from "../../src/domain/address.ts";
import { formatNetwork, networkContains, networkSize } from "../../src/domain/network.ts";
import { Plan, type PlannedTarget, planTargets } from "../../src/schedule/plan.ts";
import { makeConfig, makeTarget } from "./builders.ts";

function keys(target: PlannedTarget): string[] {
  return Array.from({ length: target.unitCount }, (_, index) => target.unitAt(index).key.target);
}

function plan(targets: string[], scanning: Parameters<typeof makeConfig>[1] = {}): string[] {
  return planTargets(makeConfig(targets, scanning)).flatMap(keys);
}

Deno.test("planTargets() splits what is broader than max_cidr_size", () => {
  assert.deepEqual(plan(["192.0.2.0/24"]), ["192.0.2.0/24"]);
  assert.deepEqual(plan(["192.0.2.0/23"]), ["192.0.2.0/24", "192.0.3.0/24"]);
  assert.deepEqual(plan(["192.0.2.0/30"], { maxCidrSize: 32 }), [
    "192.0.2.0/32",
    "192.0.2.1/32",
    "192.0.2.2/32",
    "192.0.2.3/32",
  ]);
  assert.deepEqual(plan(["10.0.0.0/7"], { maxCidrSize: 8 }), ["10.0.0.0/8", "11.0.0.0/8"]);
  assert.deepEqual(plan(["0.0.0.0/0"], { maxCidrSize: 0 }), ["0.0.0.0/0"]);
  assert.deepEqual(plan(["127.0.0.1"], { maxCidrSize: 0 }), ["127.0.0.1/32"]);
});

Deno.test("planTargets() splits IPv6 at 96 + max_cidr_size", () => {
  assert.deepEqual(plan(["2001:db8::/119"]), ["2001:db8::/120", "2001:db8::100/120"]);
  assert.deepEqual(plan(["2001:db8::/112"], { maxCidrSize: 16 }), ["2001:db8::/112"]);
  assert.deepEqual(plan(["2001:db8::1"], { maxCidrSize: 16 }), ["2001:db8::1/128"]);
});

Deno.test("planTargets() scans equal units once, under the first of them", () => {
  assert.deepEqual(plan(["127.0.0.1", "127.0.0.1/32"]), ["127.0.0.1/32"]);
  assert.deepEqual(plan(["192.0.2.0/24", "192.0.2.77/24"]), ["192.0.2.0/24"]);
  assert.deepEqual(plan(["10.0.1.0/24", "10.0.0.0/23"]), ["10.0.0.0/24", "10.0.1.0/24"]);
  assert.deepEqual(plan(["10.0.0.0/23", "10.0.0.0/22", "10.0.3.0/24"]), [
    "10.0.0.0/24",
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.0.3.0/24",
  ]);
});

Deno.test("planTargets() keeps a network narrower than a unit, which has a label of its own", () => {
  assert.deepEqual(plan(["192.0.2.0/24", "192.0.2.1", "192.0.2.0/30", "192.0.2.1"]), [
    "192.0.2.0/24",
    "192.0.2.1/32",
    "192.0.2.0/30",
  ]);
});

Deno.test("planTargets() keeps the order of the configuration", () => {
  const targets = ["::1/128", "198.51.100.1/32", "10.0.0.0/24", "192.0.2.0/25", "9.9.9.9/32"];
  assert.deepEqual(plan(targets), targets);
});

Deno.test("planTargets() gives every target both protocols with udp_scan", () => {
  const targets = planTargets(makeConfig(["127.0.0.1", "::1"], { udpScan: true }));
  assert.deepEqual(
    targets.map((target) => {
      const { key } = target.unitAt(0);
      return [key.target, target.protocol, key.protocol];
    }),
    [
      ["127.0.0.1/32", "tcp", "tcp"],
      ["127.0.0.1/32", "udp", "udp"],
      ["::1/128", "tcp", "tcp"],
      ["::1/128", "udp", "udp"],
    ],
  );
});

Deno.test("planTargets() makes no unit of a huge target before it is asked for", () => {
  const target = makeTarget("10.0.0.0/8");
  assert.equal(target.unitCount, 65_536);
  assert.equal(target.unitAt(0).key.target, "10.0.0.0/24");
  assert.equal(target.unitAt(65_535).key.target, "10.255.255.0/24");
  // a thousand of them, each with every unit made, would be 65 million objects
  const before = performance.now();
  const many = planTargets(
    makeConfig(Array.from({ length: 200 }, (_, n) => `${n + 1}.0.0.0/8`), { maxCidrSize: 32 }),
  );
  assert.equal(many.length, 200);
  assert.equal(many[0]!.unitCount, 2 ** 24);
  assert.ok(performance.now() - before < 1000);
});

Deno.test("planTargets() hands the options and the text of the ports to every unit", () => {
  const target = makeTarget("10.0.0.0/23", { ports: "22,80", timeout: 7, interval: 9 });
  const unit = target.unitAt(1);
  assert.equal(target.interval, 9);
  assert.deepEqual(unit.key, { target: "10.0.1.0/24", portRange: "22,80", protocol: "tcp" });
  assert.deepEqual([...unit.ports], [22, 80]);
  assert.equal(unit.timeout, 7);
});

Deno.test("planTargets() covers every configured address, none broader than allowed, no unit twice", () => {
  const network = fc.tuple(fc.nat(255), fc.integer({ min: 22, max: 32 }))
    .map(([low, prefix]) => `10.0.${low & 3}.${low}/${prefix}`);
  const targets = fc.array(network, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(targets, fc.integer({ min: 24, max: 32 }), (texts, maxCidrSize) => {
      const config = makeConfig(texts, { maxCidrSize });
      const units = planTargets(config).flatMap((target) =>
        Array.from({ length: target.unitCount }, (_, index) => target.unitAt(index))
      );
      assert.equal(new Set(units.map(({ key }) => key.target)).size, units.length);
      for (const { network, key } of units) {
        assert.ok(network.prefix >= maxCidrSize);
        assert.equal(key.target, formatNetwork(network));
      }
      for (const { network } of config.targets) {
        const inside = units.filter((unit) =>
          networkContains(network, { family: 4, value: unit.network.base }) &&
          unit.network.prefix === Math.max(network.prefix, maxCidrSize)
        );
        const size = inside.reduce((sum, unit) => sum + networkSize(unit.network), 0n);
        assert.equal(size, networkSize(network));
      }
      const outside = units.filter((unit) =>
        !config.targets.some(({ network }) =>
          networkContains(network, parseAddress(unit.key.target.split("/")[0]!))
        )
      );
      assert.deepEqual(outside, []);
    }),
  );
});

Deno.test("Plan.successorOf() finds the target with the same units in another configuration", () => {
  const plan = new Plan(planTargets(makeConfig(["10.0.0.0/8", "10.0.0.1"], { timeout: 7 })));
  const before = planTargets(makeConfig(["10.0.0.1", "10.0.0.0/8", "10.0.0.2"]));
  const found = before.map((target) => plan.successorOf(target));
  assert.deepEqual(found, [plan.targets[1], plan.targets[0], undefined]);
  const [other] = planTargets(makeConfig(["10.0.0.0/8"], { maxCidrSize: 25 }));
  assert.equal(plan.successorOf(other!), undefined);
  const [ports] = planTargets(makeConfig(["10.0.0.0/8"], { ports: "80" }));
  assert.equal(plan.successorOf(ports!), undefined);
});

Deno.test("Plan.portsAt() gives the ports of every target that has the address", () => {
  const plan = new Plan(planTargets(makeConfig(["10.0.0.0/24", "10.0.0.1"], { ports: "22,80" })));
  const at = (text: string) => `${plan.portsAt(parseAddress(text), "tcp")}`;
  assert.equal(at("10.0.0.1"), "22,80");
  assert.equal(at("10.0.1.1"), "");
  assert.equal(`${plan.portsAt(parseAddress("10.0.0.1"), "udp")}`, "");
});
