import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../src/config/parse_config.ts";
import { parseAddress } from "../../src/domain/address.ts";
import {
  formatNetwork,
  networkContains,
  networkSize,
  parseNetwork,
} from "../../src/domain/network.ts";
import { NetworkSet } from "../../src/domain/network_set.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import { Plan, type PlannedTarget, planTargets } from "../../src/schedule/plan.ts";
import { makeConfig, makeTarget } from "./builders.ts";

function keys(target: PlannedTarget): string[] {
  return Array.from({ length: target.unitCount }, (_, index) => target.unitAt(index).key.target);
}

function plan(targets: string[], scanning: Parameters<typeof makeConfig>[1] = {}): string[] {
  return planTargets(makeConfig(targets, scanning)).flatMap(keys);
}

Deno.test("planTargets() splits what is broader than max_cidr_size", () => {
  assert.deepEqual(plan(["192.0.2.0/24"]), ["192.0.2.0/24"]);
  assert.deepEqual(plan(["192.0.2.0/23"]), ["192.0.2.0/24", "192.0.3.0/24"]);
  assert.deepEqual(plan(["192.0.2.0/30"], { maxCidrSize: 32 }), [
    "192.0.2.0/32",
    "192.0.2.1/32",
    "192.0.2.2/32",
    "192.0.2.3/32",
  ]);
  assert.deepEqual(plan(["10.0.0.0/7"], { maxCidrSize: 8 }), ["10.0.0.0/8", "11.0.0.0/8"]);
  assert.deepEqual(plan(["128.0.0.0/1"], { maxCidrSize: 1 }), ["128.0.0.0/1"]);
  assert.deepEqual(plan(["127.0.0.1"], { maxCidrSize: 0 }), ["127.0.0.1/32"]);
});

Deno.test("planTargets() leaves out what is no host's address, and means this machine", () => {
  assert.deepEqual(plan(["0.0.0.0", "0.1.2.0/24", "::"]), []);
  assert.deepEqual(plan(["0.0.0.0/7"], { maxCidrSize: 8 }), ["1.0.0.0/8"]);
  assert.deepEqual(plan(["::/127"]), ["::1/128"]);
});

Deno.test("planTargets() splits IPv6 at 96 + max_cidr_size", () => {
  assert.deepEqual(plan(["2001:db8::/119"]), ["2001:db8::/120", "2001:db8::100/120"]);
  assert.deepEqual(plan(["2001:db8::/112"], { maxCidrSize: 16 }), ["2001:db8::/112"]);
  assert.deepEqual(plan(["2001:db8::1"], { maxCidrSize: 16 }), ["2001:db8::1/128"]);
});

Deno.test("planTargets() scans equal units once, under the first of them", () => {
  assert.deepEqual(plan(["127.0.0.1", "127.0.0.1/32"]), ["127.0.0.1/32"]);
  assert.deepEqual(plan(["192.0.2.0/24", "192.0.2.77/24"]), ["192.0.2.0/24"]);
  assert.deepEqual(plan(["10.0.1.0/24", "10.0.0.0/23"]), ["10.0.0.0/24", "10.0.1.0/24"]);
  assert.deepEqual(plan(["10.0.0.0/23", "10.0.0.0/22", "10.0.3.0/24"]), [
    "10.0.0.0/24",
    "10.0.1.0/24",
    "10.0.2.0/24",
    "10.0.3.0/24",
  ]);
});

Deno.test("planTargets() keeps a network narrower than a unit, which has a label of its own", () => {
  assert.deepEqual(plan(["192.0.2.0/24", "192.0.2.1", "192.0.2.0/30", "192.0.2.1"]), [
    "192.0.2.0/24",
    "192.0.2.1/32",
    "192.0.2.0/30",
  ]);
});

Deno.test("planTargets() keeps the order of the configuration", () => {
  const targets = ["::1/128", "198.51.100.1/32", "10.0.0.0/24", "192.0.2.0/25", "9.9.9.9/32"];
  assert.deepEqual(plan(targets), targets);
});

Deno.test("planTargets() gives every target both protocols with udp_scan", () => {
  const targets = planTargets(makeConfig(["127.0.0.1", "::1"], { udpScan: true }));
  assert.deepEqual(
    targets.map((target) => {
      const { key } = target.unitAt(0);
      return [key.target, target.protocol, key.protocol];
    }),
    [
      ["127.0.0.1/32", "tcp", "tcp"],
      ["127.0.0.1/32", "udp", "udp"],
      ["::1/128", "tcp", "tcp"],
      ["::1/128", "udp", "udp"],
    ],
  );
});

Deno.test("planTargets() makes no unit of a huge target before it is asked for", () => {
  const target = makeTarget("10.0.0.0/8");
  assert.equal(target.unitCount, 65_536);
  assert.equal(target.unitAt(0).key.target, "10.0.0.0/24");
  assert.equal(target.unitAt(65_535).key.target, "10.255.255.0/24");
  // a thousand of them, each with every unit made, would be 65 million objects
  const before = performance.now();
  const many = planTargets(
    makeConfig(Array.from({ length: 200 }, (_, n) => `${n + 1}.0.0.0/8`), { maxCidrSize: 32 }),
  );
  assert.equal(many.length, 200);
  assert.equal(many[0]!.unitCount, 2 ** 24);
  assert.ok(performance.now() - before < 1000);
});

Deno.test("planTargets() hands the options and the text of the ports to every unit", () => {
  const target = makeTarget("10.0.0.0/23", { ports: "22,80", timeout: 7, interval: 9 });
  const unit = target.unitAt(1);
  assert.equal(target.interval, 9);
  assert.deepEqual(unit.key, { target: "10.0.1.0/24", portRange: "22,80", protocol: "tcp" });
  assert.deepEqual([...unit.ports], [22, 80]);
  assert.equal(unit.timeout, 7);
});

Deno.test("planTargets() covers every configured address, none broader than allowed, no unit twice", () => {
  const network = fc.tuple(fc.nat(255), fc.integer({ min: 22, max: 32 }))
    .map(([low, prefix]) => `10.0.${low & 3}.${low}/${prefix}`);
  const targets = fc.array(network, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(targets, fc.integer({ min: 24, max: 32 }), (texts, maxCidrSize) => {
      const config = makeConfig(texts, { maxCidrSize });
      const units = planTargets(config).flatMap((target) =>
        Array.from({ length: target.unitCount }, (_, index) => target.unitAt(index))
      );
      assert.equal(new Set(units.map(({ key }) => key.target)).size, units.length);
      for (const { network, key } of units) {
        assert.ok(network.prefix >= maxCidrSize);
        assert.equal(key.target, formatNetwork(network));
      }
      for (const { network } of config.targets.flatMap(({ networks }) => networks)) {
        const inside = units.filter((unit) =>
          networkContains(network, { family: 4, value: unit.network.base }) &&
          unit.network.prefix === Math.max(network.prefix, maxCidrSize)
        );
        const size = inside.reduce((sum, unit) => sum + networkSize(unit.network), 0n);
        assert.equal(size, networkSize(network));
      }
      const outside = units.filter((unit) =>
        !config.targets.some(({ networks: [part] }) =>
          networkContains(part!.network, parseAddress(unit.key.target.split("/")[0]!))
        )
      );
      assert.deepEqual(outside, []);
    }),
  );
});

/** Networks, ports, protocols and intervals that a file with these targets comes to. */
function planned(targets: string, scanning = ""): string[] {
  const text = `scanning: { port_range: "1-9", interval: 1d, ${scanning} }\ntargets: [${targets}]`;
  return planTargets(parseConfig(text, "c").config).map(
    (target) =>
      `${formatNetwork(target.network)} ${target.unitAt(0).key.portRange} ` +
      `${target.protocol} ${target.interval}`,
  );
}

Deno.test("planTargets() plans every network, protocol and schedule of a target, but names", () => {
  assert.deepEqual(
    planned(
      "{ target: [10.0.0.1, a.example.com, ::1], name: a, protocol: both, sweeps: [" +
        '{ port_range: known, interval: 1m }, { port_range: "22, 80", interval: 15m }] }, b.example.com, 10.0.0.2',
    ),
    [
      "10.0.0.1/32 1-9 tcp 86400",
      "10.0.0.1/32 known tcp 60",
      "10.0.0.1/32 22,80 tcp 900",
      "10.0.0.1/32 1-9 udp 86400",
      "10.0.0.1/32 known udp 60",
      "10.0.0.1/32 22,80 udp 900",
      "::1/128 1-9 tcp 86400",
      "::1/128 known tcp 60",
      "::1/128 22,80 tcp 900",
      "::1/128 1-9 udp 86400",
      "::1/128 known udp 60",
      "::1/128 22,80 udp 900",
      "10.0.0.2/32 1-9 tcp 86400",
    ],
  );
});

Deno.test("planTargets() makes sweeps of known ports one, with the ports that any of them expects", () => {
  const targets = planTargets(
    parseConfig(
      "targets:\n" +
        '  - { target: 10.0.0.0/24, expected_ports: "22", sweeps: [{ port_range: known, interval: 1m }] }\n' +
        '  - { target: 10.0.0.0/24, name: b, expected_ports: "80", sweeps: [{ port_range: known, interval: 30s }] }\n',
      "config.yaml",
    ).config,
  ).filter(({ portRange }) => portRange === "known");
  assert.deepEqual(targets.map(({ ports, interval }) => `${ports} ${interval}`), ["22,80 30"]);
  assert.equal(targets[0]!.id, "10.0.0.0/24 tcp known /24");
  assert.equal(new Plan(targets).targetOf(targets[0]!.unitAt(0)), targets[0]);
});

Deno.test("planTargets() makes equal units of several targets one, under the first text, with the shortest interval", () => {
  assert.deepEqual(
    planned('10.0.0.1, { target: 10.0.0.1/32, port_range: "1-4,5-9", interval: 1h }'),
    ["10.0.0.1/32 1-9 tcp 3600"],
  );
  assert.deepEqual(
    planned('{ target: 10.0.0.1/32, port_range: "1-4,5-9", interval: 1h }, 10.0.0.1'),
    ["10.0.0.1/32 1-4,5-9 tcp 3600"],
  );
  // other ports or another protocol are other units
  assert.deepEqual(
    planned(
      '10.0.0.1, { target: 10.0.0.1/32, port_range: "1-8" }, { target: 10.0.0.1, name: u, protocol: udp }',
    ),
    ["10.0.0.1/32 1-9 tcp 86400", "10.0.0.1/32 1-8 tcp 86400", "10.0.0.1/32 1-9 udp 86400"],
  );
});

Deno.test("planTargets() takes the text of the first though a broader target has it as well", () => {
  assert.deepEqual(
    planned(
      '{ target: 10.0.0.0/21, port_range: "1-4,5-9" }, { target: 10.0.0.0/22, port_range: "1-9" }, ' +
        '{ target: 10.0.0.0/20, port_range: "1-4,5-9" }',
    ),
    ["10.0.0.0/20 1-4,5-9 tcp 86400"],
  );
});

Deno.test("planTargets() cuts a target where one inside it is scanned more often", () => {
  assert.deepEqual(
    planned("10.0.0.0/22, { target: 10.0.1.0/24, interval: 1h }").sort(),
    ["10.0.0.0/24 1-9 tcp 86400", "10.0.1.0/24 1-9 tcp 3600", "10.0.2.0/23 1-9 tcp 86400"],
  );
  // one that is scanned less often changes nothing
  assert.deepEqual(
    planned("{ target: 10.0.0.0/22, interval: 1h }, 10.0.1.0/24"),
    ["10.0.0.0/22 1-9 tcp 3600"],
  );
  // narrower than a unit: a unit of its own, with its own turn
  assert.deepEqual(
    planned("10.0.0.0/24, { target: 10.0.0.1, interval: 1h }"),
    ["10.0.0.0/24 1-9 tcp 86400", "10.0.0.1/32 1-9 tcp 3600"],
  );
  assert.deepEqual(
    planned(
      "{ target: 10.0.0.0/23, interval: 1h }, { target: 10.0.0.0/22, interval: 2h }, { target: 10.0.0.0/21, interval: 3h }",
    ).sort(),
    ["10.0.0.0/23 1-9 tcp 3600", "10.0.2.0/23 1-9 tcp 7200", "10.0.4.0/22 1-9 tcp 10800"],
  );
});

Deno.test("planTargets() gives a unit the options of the narrowest target that has its own", () => {
  const rates = (targets: string) =>
    planTargets(parseConfig(`targets: [${targets}]`, "c").config)
      .map((target) => `${formatNetwork(target.network)} ${target.unitAt(0).nmap.maxRate}`).sort();
  assert.deepEqual(rates("10.0.0.0/23, { target: 10.0.1.0/24, scanning: { max_rate: 9 } }"), [
    "10.0.0.0/24 0",
    "10.0.1.0/24 9",
  ]);
  assert.deepEqual(rates("10.0.1.0/24, { target: 10.0.0.0/23, scanning: { max_rate: 9 } }"), [
    "10.0.0.0/23 9",
  ]);
  assert.deepEqual(
    rates(
      "{ target: 10.0.0.0/24, name: a, scanning: { max_rate: 8 } }, " +
        "{ target: 10.0.0.0/24, name: b, scanning: { max_rate: 9 } }",
    ),
    ["10.0.0.0/24 8"],
  );
});

const overlapping = fc.array(
  fc.record({
    text: fc.tuple(fc.nat(255), fc.integer({ min: 20, max: 28 }))
      .map(([n, prefix]) => `10.0.${n & 15}.${(n >> 4) << 4}/${prefix}`),
    interval: fc.integer({ min: 60, max: 63 }),
    ports: fc.constantFrom("1-9", "1-4,5-9", "22"),
    rate: fc.constantFrom(0, 0, 7, 8),
  }),
  { minLength: 1, maxLength: 8 },
);

Deno.test("planTargets() has every unit of every target once, as often as the most frequent asks for", () => {
  fc.assert(
    fc.property(overlapping, fc.integer({ min: 22, max: 26 }), (targets, maxCidrSize) => {
      const items = targets.map(({ text, interval, ports, rate }, n) =>
        `{ target: ${text}, name: t${n}, port_range: "${ports}", interval: ${interval}` +
        `${rate === 0 ? "" : `, scanning: { max_rate: ${rate} }`} }`
      );
      const text = `scanning: { max_cidr_size: ${maxCidrSize} }\ntargets: [${items.join(", ")}]`;
      const { config } = parseConfig(text, "c");
      const wanted = new Map<
        string,
        { interval: number; portRange: string; rate: number; prefix: number }
      >();
      for (const { networks: [part], schedules: [main], nmap } of config.targets) {
        const { network } = part!;
        const alone = planTargets({
          ...config,
          targets: [config.targets.find(({ networks }) => networks[0] === part)!],
        });
        const own = nmap !== config.scanning.nmap;
        for (const target of alone) {
          for (let index = 0; index < target.unitCount; index++) {
            const id = `${target.unitAt(index).key.target} ${target.ports}`;
            const before = wanted.get(id);
            const closer = own && network.prefix > (before?.prefix ?? -1);
            wanted.set(id, {
              interval: Math.min(main!.interval, before?.interval ?? Infinity),
              portRange: before?.portRange ?? main!.portRange,
              rate: closer ? nmap.maxRate : before?.rate ?? 0,
              prefix: closer ? network.prefix : before?.prefix ?? -1,
            });
          }
        }
      }
      const all = planTargets(config);
      const plan = new Plan(all);
      assert.equal(plan.ids().size, all.length);
      let units = 0;
      for (const target of all) {
        for (let index = 0; index < target.unitCount; index++) {
          units++;
          const unit = target.unitAt(index);
          const { prefix: _, ...expected } = wanted.get(`${unit.key.target} ${target.ports}`)!;
          const { interval } = target;
          const { nmap: { maxRate: rate }, key: { portRange } } = unit;
          assert.deepEqual({ interval, portRange, rate }, expected);
          assert.equal(plan.targetOf(unit), target);
        }
      }
      assert.equal(units, wanted.size);
    }),
    { numRuns: 300 },
  );
});

Deno.test("Plan.successorOf() finds the target with the same units in another configuration", () => {
  const plan = new Plan(planTargets(makeConfig(["10.0.0.0/8", "10.0.0.1"], { timeout: 7 })));
  const before = planTargets(makeConfig(["10.0.0.1", "10.0.0.0/8", "10.0.0.2"]));
  const found = before.map((target) => plan.successorOf(target));
  assert.deepEqual(found, [plan.targets[1], plan.targets[0], undefined]);
  const [other] = planTargets(makeConfig(["10.0.0.0/8"], { maxCidrSize: 25 }));
  assert.equal(plan.successorOf(other!), undefined);
  const [ports] = planTargets(makeConfig(["10.0.0.0/8"], { ports: "80" }));
  assert.equal(plan.successorOf(ports!), undefined);
});

Deno.test("Plan.portsAt() gives the ports of every target that has the address", () => {
  const plan = new Plan(planTargets(makeConfig(["10.0.0.0/24", "10.0.0.1"], { ports: "22,80" })));
  const at = (text: string) => `${plan.portsAt(parseAddress(text), "tcp")}`;
  assert.equal(at("10.0.0.1"), "22,80");
  assert.equal(at("10.0.1.1"), "");
  assert.equal(`${plan.portsAt(parseAddress("10.0.0.1"), "udp")}`, "");
});

Deno.test("planTargets() leaves out what is excluded, and cuts as little as can be", () => {
  const exclude = (networks: string) => `exclude: [${networks}]`;
  assert.deepEqual(
    planned("10.0.0.0/22, 10.1.0.1, 10.2.0.1", exclude("10.0.1.0/24, 10.1.0.0/16, '::/0'")),
    ["10.0.0.0/24 1-9 tcp 86400", "10.0.2.0/23 1-9 tcp 86400", "10.2.0.1/32 1-9 tcp 86400"],
  );
  assert.deepEqual(planned("10.0.0.0/22", exclude("10.0.4.0/24")), ["10.0.0.0/22 1-9 tcp 86400"]);
  assert.deepEqual(planned("10.0.0.0/22", exclude("10.0.0.0/23, 10.0.2.0/23")), []);
  // pieces that several targets come to are scanned once, as the narrowest of them says
  assert.deepEqual(
    planned("10.0.0.0/28, { target: 10.0.0.0/30, interval: 1h }", exclude("10.0.0.3, 10.0.0.8/29"))
      .sort(),
    [
      "10.0.0.0/31 1-9 tcp 3600",
      "10.0.0.2/32 1-9 tcp 3600",
      "10.0.0.4/30 1-9 tcp 86400",
    ],
  );
  const text = "scanning: { exclude: [10.0.0.3] }\ntargets: [" +
    "{ target: 10.0.0.0/28, scanning: { max_rate: 8 } }, { target: 10.0.0.0/30, scanning: { max_rate: 9 } }]";
  assert.deepEqual(
    planTargets(parseConfig(text, "c").config)
      .map(({ network, nmap }) => `${formatNetwork(network)} ${nmap.maxRate}`).sort(),
    ["10.0.0.0/31 9", "10.0.0.2/32 9", "10.0.0.4/30 8", "10.0.0.8/29 8"],
  );
});

Deno.test("planTargets() scans every address that is not excluded and no other", () => {
  const block = fc.tuple(fc.nat(255), fc.integer({ min: 20, max: 32 }))
    .map(([n, prefix]) => `10.0.${n & 15}.${n}/${prefix}`);
  const blocks = fc.array(block, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      blocks,
      blocks,
      fc.integer({ min: 22, max: 26 }),
      (targets, exclude, maxCidrSize) => {
        const network = (text: string) => parseNetwork(text).network;
        const without = { maxCidrSize, exclude: exclude.map(network) };
        const all = planTargets(makeConfig(targets, without));
        assert.equal(new Plan(all).ids().size, all.length);
        const scanned = NetworkSet.of(all.map((target) => target.network));
        const out = NetworkSet.of(without.exclude);
        const left = targets.flatMap((text) => [...out.outside(network(text))]);
        assert.ok(all.every((target) => !out.overlaps(target.network)));
        assert.ok(left.every((part) => scanned.covers(part)));
        assert.ok(all.every((target) => NetworkSet.of(left).covers(target.network)));
      },
    ),
  );
});

Deno.test("planTargets() shares one rule among targets that are alike, and gives long port lists a short id", () => {
  const many = Array.from({ length: 30 }, (_, n) => 2 * n + 1).join(",");
  const [a, b] = planTargets(makeConfig(["10.0.0.1", "10.0.0.2"], { ports: many }));
  assert.match(a!.id, /^10\.0\.0\.1\/32 tcp sha256:[0-9a-f]{32} \/32$/);
  assert.equal(a!.unitAt(0).ports, b!.unitAt(0).ports);
  assert.equal(a!.nmap, b!.nmap);
});

Deno.test("Plan.optionsOf() runs a request as the target that has it, or the narrowest one around it with options of its own", () => {
  const text = `
targets:
  - { target: 10.0.0.0/16, port_range: "22", scanning: { max_retries: 1 } }
  - { target: 10.0.1.0/24, port_range: "22", scanning: { max_retries: 2, timeout: 20s } }
  - { target: 10.0.1.1, port_range: "80" }
  - { target: 10.0.1.1, name: web, port_range: "443", scanning: { max_retries: 3 } }
  - { target: 10.1.0.0/24, port_range: "22" }
  - { target: 10.2.0.0/24, name: t, protocol: tcp, port_range: "22", scanning: { max_retries: 4 } }
  - { target: 10.2.0.0/24, name: u, protocol: udp, port_range: "53", scanning: { max_retries: 5 } }
`;
  const { config } = parseConfig(text, "c");
  const plan = new Plan(planTargets(config));
  const cases: [target: string, ports: string, retries: number, timeout: number, udp?: "udp"][] = [
    ["10.0.1.1/32", "443", 3, 3600],
    // A target of its own, which has the options of all.
    ["10.0.1.1/32", "80", 6, 3600],
    ["10.0.1.1/32", "1-10", 3, 3600],
    ["10.0.1.2/32", "1-10", 2, 20],
    ["10.0.1.0/24", "1-10", 2, 20],
    ["10.0.2.0/24", "1-10", 1, 3600],
    ["10.0.0.0/15", "1-10", 6, 3600],
    ["10.1.0.1/32", "1-10", 6, 3600],
    ["2001:db8::1/128", "1-10", 6, 3600],
    ["10.2.0.1/32", "1-10", 4, 3600],
    ["10.2.0.1/32", "1-10", 5, 3600, "udp"],
    // Those of another protocol are closer than none.
    ["10.0.1.2/32", "1-10", 2, 20, "udp"],
  ];
  for (const [target, ports, retries, timeout, protocol = "tcp"] of cases) {
    const { network } = parseNetwork(target);
    const key = { target, portRange: ports, protocol } as const;
    const options = plan.optionsOf({ key, network, ports: parsePorts(ports) }, config.scanning);
    assert.deepEqual([options.nmap.maxRetries, options.timeout], [retries, timeout], target);
  }
});
