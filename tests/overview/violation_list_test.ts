import assert from "node:assert/strict";
import fc from "fast-check";
import { parseNetwork } from "../../src/domain/network.ts";
import { PortSet } from "../../src/domain/ports.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import { policyMetrics } from "../../src/metrics/policy_metrics.ts";
import type { ViolationRow } from "../../src/overview/overview.ts";
import { MissingPorts } from "../../src/overview/missing_ports.ts";
import { ViolationList } from "../../src/overview/violation_list.ts";
import { PortPolicy } from "../../src/policy/port_policy.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { makeTarget as makePolicyTarget } from "../policy/builders.ts";
import { makeState } from "../policy/make_state.ts";
import { makeLook, makeRecords, makeSummary, makeUnit } from "../scan/builders.ts";
import { makeTarget, makeWorld, pagesOf } from "./builders.ts";
import type { World } from "./make_world.ts";

/** Series of the policy families, as violation rows and as sums. */
function metricsOf(world: World) {
  const registry = new Registry();
  for (const family of policyMetrics(world.view.policy)) registry.register(family);
  const page = registry.open("text");
  let text = "";
  for (let part = page.next(); part !== undefined; part = page.next()) {
    text += new TextDecoder().decode(part);
  }
  const rows: string[] = [];
  const sums = { violations: 0, unknown: 0 };
  for (const line of text.split("\n")) {
    const [, family, labels, value] = /^(\w+)\{(.*)\} (\d+)$/.exec(line) ?? [];
    if (family === "openport_policy_violations") sums.violations += Number(value);
    if (family === "openport_policy_unknown_ports") sums.unknown += Number(value);
    const kind = family === "openport_unexpected_open_port"
      ? "unexpected"
      : family === "openport_expected_port_missing"
      ? "missing"
      : undefined;
    if (kind === undefined) continue;
    const [, name, ip, port, protocol] = /^name="(.*)",ip="(.*)",port="(.*)",protocol="(.*)"$/.exec(
      labels!,
    )!;
    rows.push(`${kind} ${name} ${ip} ${port}/${protocol}`);
  }
  return { rows, ...sums };
}

function rowText({ kind, name, ip, port, protocol }: ViolationRow): string {
  return `${kind} ${name} ${ip} ${port}/${protocol}`;
}

/** What a scan does: it looks at TCP or UDP ports 1 to 100 and ends. */
function scan(
  world: World,
  text: string,
  { udp = false, fails = false, unit: unitText }: {
    udp?: boolean;
    fails?: boolean;
    unit?: string;
  } = {},
): void {
  world.clock.now += 10;
  const [address, ...ports] = text.split(" ");
  const open = ports.map(Number);
  const protocol = udp ? "udp" : "tcp";
  const unit = makeUnit(unitText ?? address!, { protocol });
  const record = world.records.open(unit, { configured: true });
  const startedAt = world.clock.now;
  const failure = { type: "timeout", message: "too slow" } as const;
  if (!fails) {
    world.state.apply(
      [makeLook({ address: address!, protocol, open, takenAt: startedAt })],
      "everything",
    );
    world.records.touch(record);
  }
  world.view.noteTried(record);
  world.records.finish(
    record,
    makeSummary(fails ? { end: "failed", failure, startedAt } : { startedAt }),
  );
}

Deno.test("Overview.violations() are the ports that the metrics show, one by one, as soon as they are", () => {
  const world = makeWorld(
    makeTarget("net", { networks: "10.0.0.0/24", expected: "22", allowed: "80" }),
    makeTarget("gate", { networks: "10.0.0.1 10.0.1.1", expected: "22 53/udp" }),
    makeTarget("free", { networks: "10.0.0.0/8" }),
  );
  const f = (expected: readonly string[], unknown: number) => {
    const { rows, total, atLeast } = world.overview.violations({
      search: "",
      offset: 0,
      limit: 100,
    });
    assert.deepEqual(rows.map(rowText), expected);
    assert.deepEqual([total, atLeast], [expected.length, false]);
    const metrics = metricsOf(world);
    assert.deepEqual(metrics.rows.sort(), expected.toSorted());
    const { violations, unknownPorts } = world.overview.status();
    assert.deepEqual([violations, unknownPorts], [metrics.violations, metrics.unknown]);
    assert.equal(unknownPorts, unknown);
  };
  f([], 5);
  scan(world, "10.0.0.1 80 99");
  f([
    "unexpected gate 10.0.0.1 80/tcp",
    "unexpected gate 10.0.0.1 99/tcp",
    "unexpected net 10.0.0.1 99/tcp",
    "missing gate 10.0.0.1 22/tcp",
    "missing net 10.0.0.1 22/tcp",
  ], 3);
  scan(world, "10.0.0.1", { udp: true });
  scan(world, "10.0.0.1 22");
  f(["missing gate 10.0.0.1 53/udp"], 2);
  // A failed scan leaves the expected port unknown; no port changes its state.
  scan(world, "10.0.0.1", { udp: true, fails: true });
  f([], 3);
  // The scan of a broader unit tells of an address in it.
  scan(world, "10.0.1.1", { unit: "10.0.1.0/24" });
  f(["missing gate 10.0.1.1 22/tcp"], 2);
  world.replace([makeTarget("gate", { networks: "10.0.0.1", allowed: "80" })]);
  f(["unexpected gate 10.0.0.1 22/tcp"], 0);
  world.replace([]);
  f([], 0);
});

Deno.test("Overview.violations() finds kinds, names, addresses, networks and ports", () => {
  const world = makeWorld(
    makeTarget("DMZ west", { networks: "10.0.0.0/24", expected: "22", allowed: "80" }),
    makeTarget("dmz east", { networks: "10.0.1.0/24", expected: "22", allowed: "80" }),
  );
  for (const text of ["10.0.0.1 90 99", "10.0.0.2 22 80", "10.0.1.1 22 53", "10.0.1.2 80"]) {
    scan(world, text);
  }
  const all = [
    "unexpected DMZ west 10.0.0.1 90/tcp",
    "unexpected DMZ west 10.0.0.1 99/tcp",
    "unexpected dmz east 10.0.1.1 53/tcp",
    "missing DMZ west 10.0.0.1 22/tcp",
    "missing dmz east 10.0.1.2 22/tcp",
  ];
  const f = (search: string, ...expected: number[]) => {
    const { rows, total, atLeast } = world.overview.violations({ search, offset: 0, limit: 10 });
    assert.deepEqual(rows.map(rowText), expected.map((index) => all[index]), search);
    assert.deepEqual([total, atLeast], [expected.length, false], search);
  };
  f("", 0, 1, 2, 3, 4);
  f("missing", 3, 4);
  f("unexpected", 0, 1, 2);
  f("dmz", 0, 1, 2, 3, 4);
  f("WEST", 0, 1, 3);
  f("10.0.1", 2, 4);
  f("10.0.0.1", 0, 1, 3);
  f("10.0.0.0/23", 0, 1, 2, 3, 4);
  f("10.0.1.0/24 22", 4);
  f("22", 3, 4);
  f("90-99/tcp", 0, 1);
  f("22/udp");
  f("west 53");
});

Deno.test("Overview.violations() says that there are at least so many where not all of a host are shown", () => {
  const world = makeWorld(makeTarget("net", { networks: "10.0.0.0/24", allowed: "80" }));
  world.view.policy.replace([makePolicyTarget("net", { networks: "10.0.0.0/24", allowed: "80" })], {
    portsPerHost: 3,
  });
  scan(world, "10.0.0.1 1 2 3 4 5");
  scan(world, "10.0.0.2 1 2");
  const f = (search: string, total: number) => {
    const found = world.overview.violations({ search, offset: 0, limit: 10 });
    assert.deepEqual([found.rows.length, found.total, found.atLeast], [total, total, true]);
  };
  f("", 5);
  f("2/tcp", 2);
  assert.equal(world.overview.status().violations, 7);
  scan(world, "10.0.0.1 1 2 80");
  assert.equal(world.overview.violations({ search: "", offset: 0, limit: 10 }).atLeast, false);
});

Deno.test("MissingPorts finds what judging everything finds, whatever was scanned, failed or left", () => {
  const PORTS = [1, 2, 3];
  const NETWORKS = [
    "10.0.0.0/24",
    "10.0.0.0/30",
    "10.0.0.1/32",
    "10.0.0.2/32",
    "10.0.1.0/24",
    "10.0.1.7/32",
    "10.0.0.0/22",
    "2001:db8::/120",
    "2001:db8::1/128",
  ];
  const ADDRESSES = ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.1.0", "10.0.1.7", "2001:db8::1"];
  const somePorts = fc.subarray(PORTS).map(PortSet.of);
  const someTargets = fc.uniqueArray(
    fc.record({
      name: fc.constantFrom("a", "b", "c", "d"),
      networks: fc.subarray(NETWORKS).map((texts) =>
        texts.map((text) => parseNetwork(text).network)
      ),
      unresolved: fc.nat(1),
      expected: fc.record({ tcp: somePorts, udp: somePorts }),
      allowed: fc.record({ tcp: somePorts, udp: somePorts }),
    }),
    { selector: ({ name }) => name },
  );
  const someStep = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant("scan" as const),
        unit: fc.constantFrom(...NETWORKS),
        protocol: fc.constantFrom(...PROTOCOLS),
        open: fc.subarray(PORTS),
        alive: fc.boolean(),
        fails: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), nth: fc.nat(4) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant("reload" as const), targets: someTargets }),
    },
  );
  fc.assert(
    fc.property(someTargets, fc.array(someStep, { maxLength: 25 }), (targets, steps) => {
      const { state, clock } = makeState();
      const records = makeRecords();
      const since = new Map<string, number>();
      const policy = new PortPolicy({
        state,
        lookedForSince: ({ text }, protocol, port) => since.get(`${text} ${protocol} ${port}`),
      });
      policy.replace(targets);
      const missing = new MissingPorts({ policy, records, now: () => clock.now });
      const list = new ViolationList({ policy, missing });
      for (const step of steps) {
        clock.now++;
        if (step.kind === "reload") policy.replace(step.targets);
        else if (step.kind === "forget") {
          // A record leaves, with what was found by it.
          const record = [...records.values()][step.nth];
          if (record !== undefined) {
            records.dropUnwanted((other) => other !== record);
            state.retain(
              ({ text }) => parseNetwork(text).network.base >= record.network.base,
              () => PortSet.EMPTY,
            );
          }
        } else {
          const { unit: text, protocol, open, alive, fails } = step;
          const unit = makeUnit(text, { protocol, ports: "1-3" });
          const record = records.open(unit, { configured: true });
          const { network } = unit;
          for (const address of ADDRESSES) {
            const { network: own } = parseNetwork(address);
            const isIn = own.family === network.family && own.base >= network.base &&
              own.base <
                network.base + (1n << BigInt((own.family === 4 ? 32 : 128) - network.prefix));
            if (!isIn) continue;
            const look = { address, protocol, covered: "1-3", takenAt: clock.now };
            if (!fails) {
              state.apply([makeLook({ ...look, open: alive ? open : [], alive })], "everything");
            }
            for (const port of PORTS) since.set(`${address} ${protocol} ${port}`, clock.now);
          }
          records.touch(record);
        }
        const judged = policy.judge();
        const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0);
        assert.deepEqual(list.totals(), {
          violations: sum(judged.targets.map(({ violations }) => violations)),
          unknown: sum(judged.targets.map(({ unknown }) => unknown)),
        });
        assert.deepEqual(missing.chunks().flatMap(({ items }) => items), judged.missing);
        const pages = pagesOf((query) => list.find(query), { search: "", limit: 4 });
        const rows = pages.flatMap(({ rows }) => rows);
        const unexpected = policy.unexpected().flatMap(({ items }) =>
          items.flatMap(({ name, ip, ports }) =>
            PROTOCOLS.flatMap((protocol) =>
              ports[protocol].map((port) => ({ name, ip, port, protocol, kind: "unexpected" }))
            )
          )
        );
        assert.deepEqual(rows, [
          ...unexpected,
          ...judged.missing.map((port) => ({ ...port, kind: "missing" })),
        ]);
        for (const { total } of pages) assert.equal(total, rows.length);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("MissingPorts judges a target again only when a scan near it has done something, and not all the time", () => {
  const { state } = makeState();
  const records = makeRecords();
  const policy = new PortPolicy({ state, lookedForSince: () => undefined });
  const names = Array.from({ length: 600 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  policy.replace(
    names.map((networks) => makePolicyTarget(networks, { networks, expected: "22" })),
  );
  const opened = names.map((name) => records.open(makeUnit(name), { configured: true }));
  let judged = 0;
  for (const expected of policy.expected) {
    const judge = expected.judge.bind(expected);
    expected.judge = (missing) => {
      judged++;
      return judge(missing);
    };
  }
  const clock = { now: 0, step: 0 };
  const missing = new MissingPorts({ policy, records, now: () => clock.now += clock.step });
  missing.totals();
  missing.totals();
  assert.equal(judged, 600);
  records.touch(opened[0]!);
  missing.totals();
  // the record may be any of its block
  assert.equal(judged, 600 + 256);
  // what takes a millisecond is not done again for twenty
  clock.step = 1;
  records.touch(opened[0]!);
  missing.totals();
  assert.equal(judged, 600 + 2 * 256);
  clock.step = 0;
  records.touch(opened[0]!);
  clock.now = 0;
  missing.totals();
  assert.equal(judged, 600 + 2 * 256);
  clock.now = 1e6;
  missing.totals();
  assert.equal(judged, 600 + 3 * 256);
});
