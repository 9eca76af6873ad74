import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatNetwork,
  type Network,
  networkSize,
  parseNetwork,
} from "../../src/domain/network.ts";
import { NetworkSet } from "../../src/domain/network_set.ts";
import { distinctNetworks, totalSize } from "../../src/tasks/distinct_networks.ts";

Deno.test("distinctNetworks() drops what lies in another network, and sorts the rest", () => {
  const f = (texts: string, expected: string) => {
    const networks = texts.split(" ").map((text) => parseNetwork(text).network);
    assert.equal(distinctNetworks(networks).map(formatNetwork).join(" "), expected);
  };
  f("10.0.0.1", "10.0.0.1/32");
  f("10.0.0.1 10.0.0.1 10.0.0.1/32", "10.0.0.1/32");
  f("10.0.0.77 10.0.0.0/24 10.0.0.128/25", "10.0.0.0/24");
  f("10.0.0.128/25 10.0.0.0/25", "10.0.0.0/25 10.0.0.128/25");
  f("10.0.1.0/24 10.0.0.0/16 10.1.0.0/16 10.0.255.255", "10.0.0.0/16 10.1.0.0/16");
  f("0.0.0.0/0 255.255.255.255", "0.0.0.0/0");
  f("::1 ::/112 2001:db8::1 0.0.0.1", "0.0.0.1/32 ::/112 2001:db8::1/128");
  // The same number in another family is another address.
  f("::a00:1 10.0.0.1", "10.0.0.1/32 ::a00:1/128");
});

Deno.test("distinctNetworks() has the same addresses, each once", () => {
  const network = fc.record({
    family: fc.constant(4 as const),
    base: fc.nat(63),
    prefix: fc.integer({ min: 26, max: 32 }),
  })
    .map(({ family, base, prefix }): Network => {
      const size = 1 << (32 - prefix);
      return { family, prefix, base: BigInt(base - base % size) };
    });
  fc.assert(fc.property(fc.array(network), (networks) => {
    const distinct = distinctNetworks(networks);
    const all = NetworkSet.of(networks);
    assert.ok(distinct.every((one) => all.covers(one)));
    const rest = NetworkSet.of(distinct);
    assert.ok(networks.every((one) => rest.covers(one)));
    const whole = { family: 4, base: 0n, prefix: 24 } as const;
    assert.equal(totalSize(distinct), all.countIn(whole));
    assert.equal(distinct.reduce((sum, one) => sum + networkSize(one), 0n), all.countIn(whole));
  }));
});
