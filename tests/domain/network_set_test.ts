import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatNetwork,
  type Network,
  networkContains,
  parseNetwork,
} from "../../src/domain/network.ts";
import { parseAddress } from "../../src/domain/address.ts";
import { NetworkSet } from "../../src/domain/network_set.ts";

const network = (text: string) => parseNetwork(text).network;
const makeSet = (...texts: string[]) => NetworkSet.of(texts.map(network));

Deno.test("NetworkSet has the addresses of its networks, of each version of IP its own", () => {
  const set = makeSet("10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32", "::a00:1/128");
  const f = (text: string, expected: boolean) =>
    assert.equal(set.has(parseAddress(text)), expected, text);
  f("10.0.0.0", true);
  f("10.255.255.255", true);
  f("9.255.255.255", false);
  f("11.0.0.0", false);
  f("192.0.2.1", true);
  f("192.0.2.2", false);
  f("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true);
  f("2001:db9::", false);
  f("::a00:1", true);
  f("::a00:2", false);
});

Deno.test("NetworkSet covers a network that only several of its networks cover together", () => {
  const set = makeSet("10.0.0.0/9", "10.128.0.0/9", "10.1.0.0/16", "192.0.2.0/25");
  assert.ok(set.covers(network("10.0.0.0/8")));
  assert.ok(!set.covers(network("10.0.0.0/7")));
  assert.ok(!set.covers(network("192.0.2.0/24")));
  assert.ok(set.overlaps(network("192.0.2.0/24")));
  assert.ok(!set.overlaps(network("192.0.2.128/25")));
  assert.ok(!set.overlaps(network("::/0")));
});

Deno.test("NetworkSet counts and lists what is left of a network, without counting addresses one by one", () => {
  const f = (text: string, excluded: string[], left: string[], count: bigint) => {
    const set = makeSet(...excluded);
    assert.deepEqual([...set.outside(network(text))].map(formatNetwork), left);
    assert.equal(set.countIn(network(text)), count);
  };
  f("10.0.0.0/8", ["10.0.0.0/9"], ["10.128.0.0/9"], 2n ** 23n);
  f("10.0.0.0/30", ["10.0.0.1/32"], ["10.0.0.0/32", "10.0.0.2/31"], 1n);
  f("10.0.0.0/30", ["10.0.0.0/8"], [], 4n);
  f("10.0.0.0/30", ["11.0.0.0/8", "::/0"], ["10.0.0.0/30"], 0n);
  f("::/0", ["8000::/1"], ["::/1"], 2n ** 127n);
  f("0.0.0.0/0", [], ["0.0.0.0/0"], 0n);
});

Deno.test("NetworkSet.EMPTY has nothing", () => {
  assert.ok(NetworkSet.EMPTY.isEmpty && NetworkSet.of([]).isEmpty);
  assert.ok(!makeSet("0.0.0.0/0").isEmpty && !makeSet("::/128").isEmpty);
  assert.ok(!NetworkSet.EMPTY.has(parseAddress("0.0.0.0")));
});

Deno.test("NetworkSet says what looking at each address says", () => {
  const inV4 = fc.tuple(fc.nat(255), fc.integer({ min: 24, max: 32 }))
    .map(([low, prefix]) => network(`192.0.2.${low}/${prefix}`));
  const inV6 = fc.tuple(fc.nat(255), fc.integer({ min: 120, max: 128 }))
    .map(([low, prefix]) => network(`2001:db8::${low.toString(16)}/${prefix}`));
  const any = fc.oneof(inV4, inV6);
  const values = ({ family, base, prefix }: Network) =>
    Array.from({ length: 2 ** ((family === 4 ? 32 : 128) - prefix) }, (_, i) => ({
      family,
      value: base + BigInt(i),
    }));
  fc.assert(fc.property(fc.array(any, { maxLength: 12 }), any, (networks, asked) => {
    const set = NetworkSet.of(networks);
    const all = values(asked);
    const isIn = (address: typeof all[number]) =>
      networks.some((network) => networkContains(network, address));
    const inside = all.filter(isIn);
    assert.deepEqual(all.map((address) => set.has(address)), all.map(isIn));
    assert.equal(set.covers(asked), inside.length === all.length);
    assert.equal(set.overlaps(asked), inside.length > 0);
    assert.equal(set.countIn(asked), BigInt(inside.length));
    const outside = [...set.outside(asked)];
    assert.deepEqual(outside.flatMap(values), all.filter((address) => !isIn(address)));
    // As few as possible: no two neighbours are the halves of one network.
    outside.forEach((half, i) => {
      const next = outside[i + 1];
      if (next === undefined || next.prefix !== half.prefix) return;
      const whole = network(formatNetwork({ ...half, prefix: half.prefix - 1 }));
      assert.ok(whole.base !== half.base || !networkContains(whole, { ...next, value: next.base }));
    });
  }));
});

Deno.test("NetworkSet answers among thousands of networks in a few steps", () => {
  const every = Array.from({ length: 50_000 }, (_, i): Network => ({
    family: 4,
    base: BigInt(0x0a000000 + 2 * i),
    prefix: 32,
  }));
  const set = NetworkSet.of(every);
  assert.equal(set.countIn(network("10.0.0.0/8")), 50_000n);
  assert.ok(
    every.every(({ family, base }) =>
      set.has({ family, value: base }) && !set.has({ family, value: base + 1n })
    ),
  );
});
