import assert from "node:assert/strict";
import fc from "fast-check";
import { parseNetwork } from "../../src/domain/network.ts";
import { parsePorts, PortSet } from "../../src/domain/ports.ts";
import type { KnownAddress } from "../../src/domain/known_address.ts";
import { KnownPlan } from "../../src/scan/known_plan.ts";

const { network } = parseNetwork("10.0.0.0/24");
const known = (hosts: Readonly<Record<number, string>>): KnownAddress[] =>
  Object.entries(hosts).map(([last, ports]) => ({
    address: `10.0.0.${last}`,
    ports: parsePorts(ports),
  }));

/** `addresses ports` of every batch. */
function batchesOf(plan: KnownPlan): string[] {
  const batches: string[] = [];
  for (let batch = plan.take(); batch !== undefined; batch = plan.take()) {
    batches.push(`${batch.addresses.map((address) => address.slice(7)).join(" ")}: ${batch.ports}`);
  }
  return batches;
}

Deno.test("KnownPlan gives neighbours with much the same ports to one process, and others to another", () => {
  const f = (hosts: Readonly<Record<number, string>>, batches: string[]) =>
    assert.deepEqual(batchesOf(new KnownPlan(known(hosts), { network, resumeAt: 0 })), batches);
  f({}, []);
  f({ 1: "22" }, ["1: 22"]);
  f({ 1: "22", 2: "22,80", 9: "443" }, ["1 2 9: 22,80,443"]);
  f({ 1: "1-1000", 2: "2000-3000", 3: "2000-3000" }, ["1: 1-1000", "2 3: 2000-3000"]);
});

Deno.test("KnownPlan looks at every known port once a round, wherever the round goes on", () => {
  const someHosts = fc.uniqueArray(
    fc.record({
      last: fc.nat(255),
      ports: fc.uniqueArray(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 80 }),
    }),
    { selector: ({ last }) => last },
  ).map((hosts) => hosts.sort((a, b) => a.last - b.last));
  fc.assert(
    fc.property(someHosts, fc.nat(256), fc.nat(20), (hosts, resumeAt, taken) => {
      const all = hosts.map(({ last, ports }) => ({
        address: `10.0.0.${last}`,
        ports: PortSet.of(ports),
      }));
      const plan = new KnownPlan(all, { network, resumeAt });
      const seen = new Map<string, PortSet>();
      let probes = 0;
      for (let batch = plan.take(); batch !== undefined; batch = plan.take()) {
        assert.ok(batch.addresses.length <= 64);
        for (const address of batch.addresses) {
          assert.ok(!seen.has(address));
          seen.set(address, batch.ports!);
          probes += batch.ports!.size;
        }
      }
      for (const { address, ports } of all) assert.ok(seen.get(address)!.covers(ports));
      assert.equal(seen.size, plan.size);
      const wanted = all.reduce((sum, { ports }) => sum + ports.size, 0);
      assert.ok(probes <= 1.5 * wanted + 64 * plan.count, `${probes} for ${wanted}`);

      // A round that is cut short is gone on with by the next one, with the address after.
      const cut = new KnownPlan(all, { network, resumeAt });
      for (let batch = 0; batch < taken % (cut.count + 1); batch++) cut.take();
      const next = cut.position < cut.size
        ? new KnownPlan(all, { network, resumeAt: cut.resumeAt }).take()
        : undefined;
      assert.equal(next?.addresses[0], cut.take()?.addresses[0]);
      if (cut.position === cut.size && next === undefined) assert.equal(cut.resumeAt, 0);
    }),
  );
});
