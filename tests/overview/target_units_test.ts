import assert from "node:assert/strict";
import fc from "fast-check";
import { parseAddress } from "../../src/domain/address.ts";
import { parseNetwork } from "../../src/domain/network.ts";
import { neverScanned } from "../../src/domain/network_set.ts";
import { TargetUnits } from "../../src/overview/target_units.ts";
import { planTargets } from "../../src/schedule/plan.ts";
import { makeConfig } from "../schedule/builders.ts";

const TEXTS = [
  "10.0.0.0/22",
  "10.0.1.0/24",
  "10.0.1.0/25",
  "10.0.1.0/30",
  "10.0.1.1/32",
  "10.0.1.200/32",
  "10.0.3.0/28",
  "10.0.3.15/32",
  "10.0.4.0/23",
  "2001:db8::/118",
  "2001:db8::100/120",
  "2001:db8::1/128",
];

const someTexts = fc.subarray(TEXTS, { minLength: 1 });

function unitsOf(texts: readonly string[], exclude: readonly string[], maxCidrSize: number) {
  const excluded = exclude.map((text) => parseNetwork(text).network);
  const config = makeConfig(texts, { exclude: excluded, maxCidrSize });
  // One target of several networks.
  const target = {
    ...config.targets[0]!,
    networks: config.targets.flatMap(({ networks }) => networks),
  };
  const planned = planTargets({ ...config, targets: [target] });
  const rules = { exclude: neverScanned(excluded), maxCidrSize, addressesOf: () => [] };
  return { planned, units: new TargetUnits(target, rules) };
}

Deno.test("TargetUnits are those that are planned for the target", () => {
  const excluded = fc.subarray(TEXTS, { maxLength: 3 });
  fc.assert(
    fc.property(someTexts, excluded, fc.integer({ min: 22, max: 32 }), (texts, exclude, max) => {
      const { planned, units } = unitsOf(texts, exclude, max);
      const expected = planned.flatMap((target) =>
        Array.from({ length: target.unitCount }, (_, index) => target.unitAt(index).key.target)
      );
      assert.deepEqual([...units.labels()].sort(), expected.sort());
      assert.equal(units.count, expected.length);
      for (const network of units.firsts()) assert.ok(units.has(network, ""));
      const labels = new Set(expected);
      for (const text of TEXTS) {
        assert.equal(units.has(parseNetwork(text).network, text), labels.has(text), text);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("TargetUnits have a unit for each host name that no address is known of", () => {
  const [target] = makeConfig(["10.0.0.1"]).targets;
  const hostNames = ["a.example.org", "b.example.org"];
  const units = new TargetUnits({ ...target!, hostNames }, {
    exclude: neverScanned([]),
    maxCidrSize: 24,
    addressesOf: (name) => name === "a.example.org" ? [parseAddress("10.0.0.1")] : [],
  });
  assert.deepEqual([...units.labels()], ["10.0.0.1/32", "b.example.org"]);
  assert.equal(units.count, 2);
  assert.ok(units.has(parseNetwork("0.0.0.0").network, "b.example.org"));
  assert.ok(!units.has(parseNetwork("0.0.0.0").network, "a.example.org"));
});
