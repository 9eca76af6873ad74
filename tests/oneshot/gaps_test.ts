import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../src/domain/address.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import { type GapReason, Gaps, missingPorts } from "../../src/oneshot/gaps.ts";

const reason = (changes: Partial<GapReason> = {}): GapReason => ({
  protocol: "tcp",
  ports: parsePorts("1-100"),
  portRange: "1-100",
  type: "timeout",
  message: "Too slow",
  ...changes,
});

const shown = (gaps: Gaps) =>
  gaps.all().map(({ first, last, count, protocol, type }) =>
    `${first.text}-${last.text} ${count} ${protocol} ${type}`
  );

Deno.test("Gaps are the fewest ranges of addresses that have one reason", () => {
  const gaps = new Gaps();
  gaps.add(["10.0.0.9", "10.0.0.1", "10.0.0.2"], reason());
  gaps.add(["10.0.0.3", "255.255.255.255", "::"], reason());
  gaps.add(["10.0.0.2"], reason({ type: "killed" }));
  gaps.addRange({ first: parseAddress("10.0.0.4"), last: parseAddress("10.0.0.8") }, reason());
  assert.deepEqual(shown(gaps), [
    "10.0.0.1-10.0.0.9 9 tcp timeout",
    "10.0.0.2-10.0.0.2 1 tcp killed",
    "255.255.255.255-255.255.255.255 1 tcp timeout",
    "::-:: 1 tcp timeout",
  ]);
});

Deno.test("Gaps hold the addresses that were added, in whatever order, and no others", () => {
  fc.assert(fc.property(fc.array(fc.nat(60), { maxLength: 40 }), (values) => {
    const gaps = new Gaps();
    for (const value of values) gaps.add([formatAddress(4, BigInt(value))], reason());
    const held = gaps.all().flatMap(({ first, count }) =>
      Array.from({ length: count }, (_, index) => Number(first.value) + index)
    );
    assert.deepEqual(held, [...new Set(values)].sort((a, b) => a - b));
  }));
});

Deno.test("Gaps are in one order, whichever came first", () => {
  const reasons = [
    reason(),
    reason({ message: "Slower" }),
    reason({ ports: parsePorts("443"), portRange: "443" }),
    reason({ protocol: "udp" }),
    reason({ type: "killed", message: "A" }),
  ];
  const texts = [reasons, reasons.toReversed()].map((order) => {
    const gaps = new Gaps();
    for (const one of order) gaps.add(["10.0.0.1"], one);
    gaps.add(["10.0.0.2"], reasons[0]!);
    return gaps.all().map(({ last, protocol, portRange, message }) =>
      `${last.text} ${protocol} ${portRange} ${message}`
    );
  });
  assert.deepEqual(texts[0], texts[1]);
  assert.deepEqual(texts[0], [
    "10.0.0.1 tcp 1-100 A",
    "10.0.0.1 tcp 1-100 Slower",
    "10.0.0.1 tcp 443 Too slow",
    "10.0.0.2 tcp 1-100 Too slow",
    "10.0.0.1 udp 1-100 Too slow",
  ]);
});

Deno.test("missingPorts() are those of every gap of the address and protocol", () => {
  const gaps = new Gaps();
  gaps.add(["10.0.0.1", "10.0.0.2"], reason());
  gaps.add(["10.0.0.2"], reason({ ports: parsePorts("443") }));
  gaps.add(["10.0.0.2"], reason({ ports: parsePorts("53"), protocol: "udp" }));
  const of = (text: string, protocol: "tcp" | "udp") =>
    `${missingPorts(gaps.all(), { address: parseAddress(text), protocol })}`;
  assert.deepEqual(
    [of("10.0.0.1", "tcp"), of("10.0.0.2", "tcp"), of("10.0.0.2", "udp"), of("10.0.0.3", "tcp")],
    ["1-100", "1-100,443", "53", ""],
  );
});
