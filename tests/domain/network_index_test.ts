import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../src/domain/address.ts";
import { formatNetwork, networkContains, parseNetwork } from "../../src/domain/network.ts";
import { NetworkIndex } from "../../src/domain/network_index.ts";

function makeIndex(networks: readonly string[]): NetworkIndex<string> {
  const index = new NetworkIndex<string>();
  for (const text of networks) index.add(parseNetwork(text).network, text);
  return index;
}

Deno.test("NetworkIndex finds every network that contains an address", () => {
  const index = makeIndex(["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32", "10.2.0.0/16", "0.0.0.0/0"]);
  const f = (address: string) => [...index.containing(parseAddress(address))].sort();
  assert.deepEqual(f("10.1.2.3"), ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.3/32"]);
  assert.deepEqual(f("10.1.2.4"), ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16"]);
  assert.deepEqual(f("11.0.0.0"), ["0.0.0.0/0"]);
  assert.deepEqual(f("::1"), []);
});

Deno.test("NetworkIndex keeps the versions of IP apart", () => {
  const index = makeIndex(["::/0", "0.0.0.0/0", "::a00:1/128"]);
  assert.deepEqual([...index.containing(parseAddress("10.0.0.1"))], ["0.0.0.0/0"]);
  assert.deepEqual([...index.containing(parseAddress("::a00:1"))].sort(), ["::/0", "::a00:1/128"]);
});

Deno.test("NetworkIndex holds any number of values of one network, in the order in which they came", () => {
  const index = new NetworkIndex<number>();
  const { network } = parseNetwork("10.0.0.0/24");
  for (const value of [3, 1, 2]) index.add(network, value);
  assert.deepEqual([...index.containing(parseAddress("10.0.0.255"))], [3, 1, 2]);
  assert.deepEqual([...new NetworkIndex<number>().containing(parseAddress("10.0.0.1"))], []);
});

Deno.test("NetworkIndex finds what looking at each network finds", () => {
  const v4 = fc.tuple(fc.nat(0xffff), fc.integer({ min: 16, max: 32 }))
    .map(([low, prefix]) => `${formatAddress(4, BigInt(0x0a000000 + low))}/${prefix}`);
  const v6 = fc.tuple(fc.nat(0xffff), fc.integer({ min: 110, max: 128 }))
    .map(([low, prefix]) => `${formatAddress(6, BigInt(low))}/${prefix}`);
  const networks = fc.array(fc.oneof(v4, v6), { maxLength: 20 });
  const address = fc.oneof(
    fc.nat(0xffff).map((low) => ({ family: 4, value: BigInt(0x0a000000 + low) } as const)),
    fc.nat(0xffff).map((low) => ({ family: 6, value: BigInt(low) } as const)),
  );
  fc.assert(fc.property(networks, address, (texts, asked) => {
    const all = texts.map((text) => parseNetwork(text).network);
    const index = new NetworkIndex<string>();
    for (const network of all) index.add(network, formatNetwork(network));
    assert.deepEqual(
      [...index.containing(asked)].sort(),
      all.filter((network) => networkContains(network, asked)).map(formatNetwork).sort(),
    );
  }));
});
