import assert from "node:assert/strict";
import fc from "fast-check";
import { formatNetwork, networkContains, parseNetwork } from "../../src/domain/network.ts";
import { disjoint, lastOf } from "../../src/policy/policy_target.ts";

const networksOf = (texts: readonly string[]) => texts.map((text) => parseNetwork(text).network);

Deno.test("disjoint() drops what lies in another network and orders the rest", () => {
  const check = (given: string[], kept: string[]) =>
    assert.deepEqual(disjoint(networksOf(given)).map(formatNetwork), kept);
  check([], []);
  check(["10.0.0.2/32", "10.0.0.1/32", "10.0.0.2/32"], ["10.0.0.1/32", "10.0.0.2/32"]);
  check(["10.0.0.255", "10.0.1.0", "10.0.0.0/24", "10.0.0.0/25"], ["10.0.0.0/24", "10.0.1.0/32"]);
  check(["10.0.1.0/24", "10.1.0.0/16", "10.0.0.0/16"], ["10.0.0.0/16", "10.1.0.0/16"]);
  check(["255.255.255.255", "0.0.0.0/0"], ["0.0.0.0/0"]);
  // The same number in another family is another address.
  check(["::a00:1", "10.0.0.1"], ["10.0.0.1/32", "::a00:1/128"]);
  check(["::1", "0.0.0.1", "::/112", "255.0.0.0/8"], ["0.0.0.1/32", "255.0.0.0/8", "::/112"]);
});

Deno.test("disjoint() keeps every address, once", () => {
  const someNetwork = fc.tuple(fc.nat(15), fc.integer({ min: 28, max: 32 }))
    .map(([last, prefix]) => parseNetwork(`10.0.0.${last}/${prefix}`).network);
  fc.assert(fc.property(fc.array(someNetwork), (networks) => {
    const kept = disjoint(networks);
    for (let value = 0x0a000000n; value < 0x0a000010n; value++) {
      const address = { family: 4 as const, value };
      const count = kept.filter((network) => networkContains(network, address)).length;
      assert.equal(count, networks.some((network) => networkContains(network, address)) ? 1 : 0);
    }
  }));
});

Deno.test("lastOf() is the last address of a network", () => {
  const [a, b, c] = networksOf(["10.0.0.0/24", "10.0.0.7", "::/120"]);
  assert.deepEqual([a!, b!, c!].map(lastOf), [0x0a0000ffn, 0x0a000007n, 0xffn]);
});
