import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatNetwork,
  type Network,
  parseNetwork,
  subnetworkAt,
  subnetworkCount,
} from "../../src/domain/network.ts";
import { unitPattern } from "../../src/monitoring/unit_pattern.ts";

const network = (text: string): Network => parseNetwork(text).network;

function matches(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})$`).test(text);
}

Deno.test("unitPattern() is short, however many units there are", () => {
  const any = "(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])";
  const cases: [network: string, unitPrefix: number, pattern: string][] = [
    ["127.0.0.1", 32, "127[.]0[.]0[.]1/32"],
    ["192.0.2.0/24", 24, "192[.]0[.]2[.]0/24"],
    ["10.16.0.0/12", 24, `10[.](?:1[6-9]|2[0-9]|3[0-1])[.]${any}[.]0/24`],
    ["2001:db8::1", 128, "2001:db8::1/128"],
    ["2001:db8::/119", 120, "(?:2001:db8::|2001:db8::(?:[1-9a-f]|[1-9a-f][0-9a-f]|100))/120"],
  ];
  for (const [text, unitPrefix, pattern] of cases) {
    assert.equal(unitPattern(network(text), unitPrefix), pattern);
  }
});

Deno.test("unitPattern() matches every unit of a network, and none of another", () => {
  const bits = fc.oneof(fc.bigInt(0n, (1n << 128n) - 1n), fc.constantFrom(0n, 1n, 1n << 16n));
  fc.assert(
    fc.property(
      fc.constantFrom(4 as const, 6 as const),
      fc.array(bits, { minLength: 30, maxLength: 30 }),
      fc.nat(16),
      fc.nat(16),
      fc.nat(65_535),
      (family, [value, ...others], narrower, wider, at) => {
        const size = family === 4 ? 32 : 128;
        const unitPrefix = size - narrower;
        const prefix = Math.max(family === 4 ? 8 : 112, unitPrefix - wider);
        const clear = (value: bigint, prefix: number) => {
          const rest = BigInt(size - prefix);
          return ((value & ((1n << BigInt(size)) - 1n)) >> rest) << rest;
        };
        const whole: Network = { family, base: clear(value!, prefix), prefix };
        const pattern = unitPattern(whole, unitPrefix);
        const count = subnetworkCount(whole, unitPrefix);
        for (const index of [0, count - 1, at % count]) {
          const text = formatNetwork(subnetworkAt(whole, unitPrefix, index));
          assert.ok(matches(pattern, text), `${pattern} ${text}`);
        }
        for (const other of others) {
          // Near by, and anywhere.
          for (const near of [other, whole.base ^ (other & 0x3ffffn)]) {
            const base = clear(near, unitPrefix);
            if (clear(base, prefix) === whole.base) continue;
            const text = formatNetwork({ family, base, prefix: unitPrefix });
            assert.ok(!matches(pattern, text), `${pattern} ${text}`);
          }
        }
      },
    ),
  );
});
