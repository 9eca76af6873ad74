import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../src/domain/address.ts";
import {
  addressAt,
  compareNetworks,
  disjoint,
  formatNetwork,
  lastOf,
  type Network,
  networkContains,
  networkOf,
  networkSize,
  parseNetwork,
  subnetworkAt,
  subnetworkCount,
  totalSize,
} from "../../src/domain/network.ts";

function network(text: string): Network {
  return parseNetwork(text).network;
}

Deno.test("parseNetwork() masks host bits and says so", () => {
  const f = (text: string, canonical: string, masked = false) => {
    const parsed = parseNetwork(text);
    assert.equal(formatNetwork(parsed.network), canonical);
    assert.equal(parsed.masked, masked, text);
    assert.deepEqual(parseNetwork(canonical), { network: parsed.network, masked: false });
  };
  f("127.0.0.1", "127.0.0.1/32");
  f("127.0.0.1/32", "127.0.0.1/32");
  f("192.0.2.0/24", "192.0.2.0/24");
  f("192.0.2.77/24", "192.0.2.0/24", true);
  f("192.0.2.77/31", "192.0.2.76/31", true);
  f("255.255.255.255/1", "128.0.0.0/1", true);
  f("0.0.0.0/0", "0.0.0.0/0");
  f("1.2.3.4/0", "0.0.0.0/0", true);
  f("2001:db8::1", "2001:db8::1/128");
  f("2001:db8::ffff/112", "2001:db8::/112", true);
  f("2001:db8::/112", "2001:db8::/112");
  f("::/0", "::/0");
});

Deno.test("parseNetwork() refuses other prefix lengths", () => {
  const f = (text: string, error: typeof SyntaxError | typeof RangeError) =>
    assert.throws(() => parseNetwork(text), error, JSON.stringify(text));
  f("127.0.0.1/33", RangeError);
  f("127.0.0.1/999", RangeError);
  f("::1/129", RangeError);
  f("127.0.0.1/", SyntaxError);
  f("127.0.0.1/08", SyntaxError);
  f("127.0.0.1/-1", SyntaxError);
  f("127.0.0.1/+8", SyntaxError);
  f("127.0.0.1/8 ", SyntaxError);
  f("127.0.0.1/ 8", SyntaxError);
  f("127.0.0.1 /8", SyntaxError);
  f("127.0.0.1/8/8", SyntaxError);
  f("127.0.0.1/8.0", SyntaxError);
  f("127.0.0.1/0x8", SyntaxError);
  f("127.0.0.1/1e1", SyntaxError);
  f("127.0.0.1/255.0.0.0", SyntaxError);
  f("127.0.0.1/1000", SyntaxError);
  f("/24", SyntaxError);
  f("0/0", SyntaxError);
  f("10.0/16", SyntaxError);
});

Deno.test("networkContains() goes by family and mask", () => {
  const f = (net: string, address: string, expected: boolean) =>
    assert.equal(
      networkContains(network(net), parseAddress(address)),
      expected,
      `${net} ${address}`,
    );
  f("192.0.2.0/24", "192.0.2.0", true);
  f("192.0.2.0/24", "192.0.2.255", true);
  f("192.0.2.0/24", "192.0.3.0", false);
  f("192.0.2.0/24", "192.0.1.255", false);
  f("192.0.2.1/32", "192.0.2.1", true);
  f("192.0.2.1/32", "192.0.2.2", false);
  f("0.0.0.0/0", "255.255.255.255", true);
  f("0.0.0.0/0", "::1", false);
  f("::/0", "1.2.3.4", false);
  f("::/96", "::102:304", true);
  f("2001:db8::/112", "2001:db8::ffff", true);
  f("2001:db8::/112", "2001:db8::1:0", false);
});

Deno.test("networkSize() and addressAt() count addresses from the base", () => {
  assert.equal(networkSize(network("1.2.3.4")), 1n);
  assert.equal(networkSize(network("10.0.0.0/8")), 2n ** 24n);
  assert.equal(networkSize(network("::/0")), 2n ** 128n);
  assert.equal(addressAt(network("192.0.2.0/24"), 255), "192.0.2.255");
  assert.equal(addressAt(network("0.0.0.0/0"), 2 ** 32 - 1), "255.255.255.255");
  assert.equal(addressAt(network("2001:db8::/112"), 65_535), "2001:db8::ffff");
});

Deno.test("subnetworkAt() leaves a network alone that is as narrow", () => {
  const f = (text: string, prefix: number) => {
    assert.equal(subnetworkCount(network(text), prefix), 1);
    assert.deepEqual(subnetworkAt(network(text), prefix, 0), network(text));
  };
  f("192.0.2.0/24", 24);
  f("192.0.2.0/28", 24);
  f("192.0.2.1/32", 0);
});

Deno.test("sub-networks are ordered and disjoint and cover the network exactly", () => {
  const cases = fc.record({
    family: fc.constantFrom(4 as const, 6 as const),
    prefix: fc.nat(128),
    narrower: fc.nat(9),
    value: fc.bigInt(0n, 2n ** 128n - 1n),
  });
  fc.assert(fc.property(cases, ({ family, prefix, narrower, value }) => {
    const bits = family === 4 ? 32 : 128;
    const own = prefix % (bits + 1);
    const split = Math.min(bits, own + narrower);
    const hostBits = BigInt(bits - own);
    const base = ((value % (1n << BigInt(bits))) >> hostBits) << hostBits;
    const whole: Network = { family, base, prefix: own };
    let next = base;
    const count = subnetworkCount(whole, split);
    for (let index = 0; index < count; index++) {
      const part = subnetworkAt(whole, split, index);
      assert.equal(part.base, next);
      assert.equal(part.prefix, split);
      assert.deepEqual(parseNetwork(formatNetwork(part)), { network: part, masked: false });
      next += networkSize(part);
    }
    assert.equal(next, base + networkSize(whole));
    const last = { family, value: next - 1n, text: formatAddress(family, next - 1n) };
    assert.ok(networkContains(whole, last));
  }));
});

Deno.test("networkOf() is the network of one address", () => {
  const f = (text: string, network: string) =>
    assert.equal(formatNetwork(networkOf(parseAddress(text))), network);
  f("192.0.2.1", "192.0.2.1/32");
  f("2001:db8::1", "2001:db8::1/128");
});

Deno.test("compareNetworks() orders by address, the broader first", () => {
  const sorted = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.0.0.0/32", "10.0.1.0/24", "::/112"];
  const networks = sorted.map((text) => parseNetwork(text).network);
  assert.deepEqual(networks.toReversed().sort(compareNetworks).map(formatNetwork), sorted);
});

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

Deno.test("totalSize() counts every address once", () => {
  const check = (given: string[], size: bigint) => assert.equal(totalSize(networksOf(given)), size);
  check([], 0n);
  check(["10.0.0.0/24", "10.0.0.7", "10.0.1.0/31", "::/120"], 514n);
});
