import assert from "node:assert/strict";
import { parseAddress } from "../../src/domain/address.ts";
import { parsePorts, PortSet } from "../../src/domain/ports.ts";
import { TargetIndex } from "../../src/overview/target_index.ts";
import { makeConfig, makeTarget } from "../schedule/builders.ts";

function targetsOf(list: Readonly<Record<string, string>>) {
  return Object.entries(list).map(([name, texts]) => {
    const { targets } = makeConfig(texts.split(" "));
    return { ...targets[0]!, name, networks: targets.flatMap(({ networks }) => networks) };
  });
}

Deno.test("TargetIndex knows the targets around an address, the narrowest first, then the first", () => {
  const targets = targetsOf({
    all: "10.0.0.0/8",
    office: "10.0.0.0/24 10.0.1.0/24",
    again: "10.0.0.0/24",
    gate: "10.0.0.1 10.0.0.0/31 2001:db8::1",
  });
  const index = new TargetIndex(targets);
  const f = (address: string, expected: string) => {
    const found = index.around(parseAddress(address)).map(({ name }) => name);
    assert.equal(found.join(" "), expected);
    assert.equal(index.nameAt(parseAddress(address)), found[0]);
    for (const target of targets) {
      const isWithin = index.isWithin(new Set([target]), parseAddress(address));
      assert.equal(isWithin, found.includes(target.name));
    }
  };
  f("10.0.0.1", "gate office again all");
  f("10.0.0.0", "gate office again all");
  f("10.0.0.2", "office again all");
  f("10.0.1.2", "office all");
  f("10.200.0.1", "all");
  f("192.0.2.1", "");
  f("2001:db8::1", "gate");
  f("2001:db8::2", "");
});

Deno.test("TargetIndex.nameOf() is that of a target which has such a schedule", () => {
  const [web, dns, gate] = targetsOf({ web: "10.0.0.0/24", dns: "10.0.0.0/24", gate: "10.0.0.0" });
  const udp = { tcp: PortSet.EMPTY, udp: parsePorts("53") };
  const index = new TargetIndex([
    {
      ...web!,
      schedules: [...web!.schedules, { portRange: "known", interval: 60, ports: "known" }],
    },
    { ...dns!, protocols: ["udp"], schedules: [{ portRange: "53", interval: 60, ports: udp }] },
    gate!,
  ]);
  const planned = makeTarget("10.0.0.0/24");
  const { network, protocol, portRange, ports } = planned;
  const tcp = { network, protocol, portRange, ports };
  assert.equal(index.nameOf(planned), "web");
  assert.equal(index.nameOf({ ...tcp, protocol: "udp", ports: udp.udp }), "dns");
  assert.equal(index.nameOf({ ...tcp, portRange: "known", ports: PortSet.EMPTY }), "web");
  assert.equal(index.nameOf({ ...tcp, ports: parsePorts("99") }), undefined);
  // a network may have been cut out of the target's
  assert.equal(index.nameOf(makeTarget("10.0.0.128/25")), "web");
  assert.equal(index.nameOf(makeTarget("10.0.0.0")), "gate");
  assert.equal(index.nameOf(makeTarget("10.0.0.0/23")), undefined);
});
