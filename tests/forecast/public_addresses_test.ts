import assert from "node:assert/strict";
import { parseNetwork } from "../../src/domain/network.ts";
import { NetworkSet } from "../../src/domain/network_set.ts";
import { countAddresses, countPublic } from "../../src/forecast/public_addresses.ts";

function setOf(...texts: readonly string[]): NetworkSet {
  return NetworkSet.of(texts.map((text) => parseNetwork(text).network));
}

Deno.test("countAddresses() counts every address once", () => {
  assert.equal(countAddresses(setOf()), 0n);
  assert.equal(countAddresses(setOf("10.0.0.0/24", "10.0.0.1", "2001:db8::/127")), 258n);
  assert.equal(countAddresses(setOf("0.0.0.0/0", "::/0")), 2n ** 32n + 2n ** 128n);
});

Deno.test("countPublic() leaves out what is not of the internet", () => {
  const f = (expected: bigint, ...texts: readonly string[]) =>
    assert.equal(countPublic(setOf(...texts)), expected, texts.join());
  f(0n, "0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12");
  f(0n, "100.64.0.0/10", "192.168.0.0/16", "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24");
  f(0n, "224.0.0.0/4", "240.0.0.0/4", "::1", "fe80::/64", "fd00::/64", "ff02::1", "2001:db8::/64");
  f(256n, "8.8.8.0/24");
  f(4n, "11.0.0.0/32", "172.32.0.0/31", "9.255.255.255/32", "10.0.0.0/8");
  f(65_536n, "2a00::/112");
  f(2n ** 125n - 2n ** 96n - 2n ** 108n, "::/0");
});
