import assert from "node:assert/strict";
import { parseAddress } from "../../src/domain/address.ts";
import { KNOWN_PORTS } from "../../src/domain/scan.ts";
import { CHANGES_READ, CHANGES_SHOWN, PORTS_SHOWN } from "../../src/overview/host_view.ts";
import type { SavedChange } from "../../src/state/saved_state.ts";
import { historyOf } from "../../src/storage/history.ts";
import { makeLook, makeSummary, makeUnit } from "../scan/builders.ts";
import { makeTarget, makeWorld } from "./builders.ts";
import { WALL, type World } from "./make_world.ts";

/** Sees these TCP ports of 10.0.0.1 open and no other, and keeps what changed. */
function see(world: World, at: number, ...open: number[]): void {
  world.clock.now = at;
  const look = makeLook({ covered: "1-65535", open, takenAt: at });
  const { changes } = world.state.apply([look], "closings");
  world.store.save({ changes: historyOf(changes, "10.0.0.0/24") });
}

Deno.test("Overview.status() says how the program is", () => {
  const world = makeWorld(
    makeTarget("a", { networks: "10.0.0.0/24", expected: "22 23", allowed: "80" }),
    makeTarget("b", { networks: "192.0.2.1", expected: "22" }),
  );
  see(world, 1000, 22, 80, 99);
  const { lag, ...status } = world.overview.status();
  assert.equal(lag, 0);
  assert.deepEqual(status, {
    status: "ok",
    reasons: [],
    version: "1.2.3",
    startedAt: WALL,
    nmap: { version: "7.95", technique: "connect" },
    queueSize: 3,
    queueCapacity: 100,
    workersBusy: 1,
    workers: 10,
    targets: 2,
    hostsWithOpenPorts: 1,
    openPorts: 3,
    violations: 2,
    unknownPorts: 1,
    scans: 0,
    scansFailing: 0,
    failure: undefined,
  });
});

Deno.test("Overview.status() counts scans whose last one failed, but for those outside the configuration", () => {
  const world = makeWorld(makeTarget("a", { networks: "10.0.0.0/22" }));
  const failure = { type: "no_route", message: "no route" } as const;
  const finish = (network: string, end: "complete" | "partial" | "failed", configured = true) => {
    const record = world.records.open(makeUnit(network), { configured });
    world.records.finish(record, makeSummary(end === "complete" ? {} : { end, failure }));
    const { scans, scansFailing, failure: why } = world.overview.status();
    return [scans, scansFailing, why];
  };
  world.records.open(makeUnit("10.0.3.0/24"), { configured: true });
  assert.deepEqual(finish("10.0.0.0/24", "complete"), [1, 0, undefined]);
  assert.deepEqual(finish("10.0.1.0/24", "partial"), [2, 1, "no route"]);
  assert.deepEqual(finish("192.0.2.1", "failed", false), [2, 1, "no route"]);
  assert.deepEqual(finish("10.0.0.0/24", "failed"), [2, 2, "no route"]);
  assert.deepEqual(finish("10.0.1.0/24", "complete"), [2, 1, "no route"]);
  assert.deepEqual(finish("10.0.0.0/24", "complete"), [2, 0, undefined]);
});

Deno.test("Overview.running() says what is being scanned, how far it is and when it should end", () => {
  const world = makeWorld(makeTarget("dmz", { networks: "10.0.0.0/23" }));
  const [target] = world.plan.targets;
  const planned = { key: target!.unitAt(1).key, target, addresses: 256 };
  const requested = makeUnit("192.0.2.1", { ports: "22", protocol: "udp" });
  world.clock.now = 9000;
  world.running = [
    { ...planned, startedAt: 8000, fraction: 0.25, remaining: 3.5 },
    { key: requested.key, startedAt: 7000, addresses: 1, fraction: 1.2, remaining: undefined },
  ];
  assert.deepEqual(world.overview.running(), [
    {
      network: "192.0.2.1/32",
      portRange: "22",
      protocol: "udp",
      name: undefined,
      startedAt: WALL + 7000,
      addresses: 1,
      fraction: 1,
      endsAt: undefined,
    },
    {
      network: "10.0.1.0/24",
      portRange: "1-100",
      protocol: "tcp",
      name: "dmz",
      startedAt: WALL + 8000,
      addresses: 256,
      fraction: 0.25,
      endsAt: WALL + 12_500,
    },
  ]);
});

Deno.test("Overview.upcoming() gives what is due the soonest, late or not", () => {
  const world = makeWorld(
    makeTarget("one", { networks: "10.0.0.1" }),
    makeTarget("two", { networks: "10.0.0.2", sweeps: KNOWN_PORTS }),
  );
  assert.deepEqual(world.overview.upcoming(0), []);
  const all = world.overview.upcoming(10);
  assert.deepEqual(
    all.map(({ name, network, portRange, dueAt }) => [name, network, portRange, dueAt! - WALL])
      .sort(),
    [
      ["one", "10.0.0.1/32", "1-100", 1000],
      ["two", "10.0.0.2/32", "1-100", 1000],
      ["two", "10.0.0.2/32", "known", 1000],
    ],
  );
  assert.deepEqual(world.overview.upcoming(2), all.slice(0, 2));
});

Deno.test("Overview.upcoming() gives what waits for a worker before what is due", () => {
  const world = makeWorld(makeTarget("dmz", { networks: "10.0.0.0/23" }));
  const [target] = world.plan.targets;
  const requested = makeUnit("192.0.2.1", { ports: "22", protocol: "udp" });
  world.waiting = [{ key: requested.key }, { key: target!.unitAt(1).key, target }];
  const all = world.overview.upcoming(10);
  assert.deepEqual(all, [
    {
      network: "192.0.2.1/32",
      name: undefined,
      portRange: "22",
      protocol: "udp",
      dueAt: undefined,
    },
    {
      network: "10.0.1.0/24",
      name: "dmz",
      portRange: "1-100",
      protocol: "tcp",
      dueAt: undefined,
    },
    {
      network: "10.0.0.0/23",
      name: "dmz",
      portRange: "1-100",
      protocol: "tcp",
      dueAt: WALL + 1000,
    },
  ]);
  for (const limit of [0, 1, 2]) {
    assert.deepEqual(world.overview.upcoming(limit), all.slice(0, limit));
  }
});

Deno.test("Overview.upcoming() stays the same while clocks are read a little apart, and follows one that is set", () => {
  const world = makeWorld(makeTarget("one", { networks: "10.0.0.1" }));
  const dueAt = () => world.overview.upcoming(1)[0]!.dueAt! - WALL;
  assert.equal(dueAt(), 1000);
  world.wallAhead = 3;
  assert.equal(dueAt(), 1000);
  world.wallAhead = 3_600_000;
  assert.equal(dueAt(), 3_601_000);
});

Deno.test("Overview.changes() are the newest of the history, with the target they belong to", () => {
  const world = makeWorld(
    makeTarget("net", { networks: "10.0.0.0/24" }),
    makeTarget("gate", { networks: "10.0.0.1" }),
  );
  see(world, 1000, 22);
  see(world, 2000, 80);
  const change = (port: number, to: string) => ({
    time: WALL + 2000,
    ip: "10.0.0.1",
    port,
    protocol: "tcp",
    to,
    name: "gate",
  });
  const all = world.overview.changes({ limit: 10 });
  assert.deepEqual(all.toSorted((a, b) => a.port - b.port), [
    change(22, "closed"),
    change(80, "open"),
  ]);
  assert.deepEqual(world.overview.changes({ limit: 1 }), all.slice(0, 1));
  world.replace([]);
  assert.equal(world.overview.changes({ limit: 1 })[0]!.name, undefined);
});

Deno.test("Overview.host() tells when each port was open, by the history and the state", () => {
  const world = makeWorld(
    makeTarget("net", { networks: "10.0.0.0/24", expected: "23", allowed: "22" }),
    makeTarget("gate", { networks: "10.0.0.1", expected: "443" }),
  );
  assert.equal(world.overview.host("10.0.0.1"), undefined);
  see(world, 1000, 22, 80);
  see(world, 2000, 22);
  see(world, 3000, 22, 80, 99);
  see(world, 4000, 22, 80);
  const host = world.overview.host("10.0.0.1")!;
  const { ports, changes, ...rest } = host;
  assert.deepEqual(rest, {
    ip: "10.0.0.1",
    names: ["gate", "net"],
    firstSeen: WALL + 1000,
    lastSeen: WALL + 4000,
    openPorts: 2,
    portsLeftOut: 0,
    missing: [{ port: 23, protocol: "tcp" }, { port: 443, protocol: "tcp" }],
  });
  const since = (from: number, to?: number) => ({
    from: WALL + from,
    to: to === undefined ? undefined : WALL + to,
  });
  assert.deepEqual(
    ports.map(({ port, state, verdict, open }) => ({ port, state, verdict, open })),
    [
      { port: 22, state: "open", verdict: "unexpected", open: [since(1000)] },
      { port: 80, state: "open", verdict: "unexpected", open: [since(1000, 2000), since(3000)] },
      { port: 99, state: "closed", verdict: undefined, open: [since(3000, 4000)] },
    ],
  );
  assert.deepEqual(
    changes.map(({ time, port, to, name }) => [time - WALL, port, to, name]),
    [[4000, 99, "closed", "gate"], [3000, 99, "open", "gate"], [3000, 80, "open", "gate"], [
      2000,
      80,
      "closed",
      "gate",
    ]],
  );
});

Deno.test("Overview.host() knows addresses that never answered, and what should be open there", () => {
  const world = makeWorld(makeTarget("gate", { networks: "10.0.0.1", expected: "22" }));
  world.state.apply([makeLook({ alive: false })], "closings");
  assert.deepEqual(world.overview.host("10.0.0.1"), {
    ip: "10.0.0.1",
    names: ["gate"],
    firstSeen: undefined,
    lastSeen: undefined,
    openPorts: 0,
    ports: [],
    portsLeftOut: 0,
    missing: [{ port: 22, protocol: "tcp" }],
    changes: [],
  });
});

Deno.test("Overview.host() names a port once that several targets expect", () => {
  const world = makeWorld(
    makeTarget("a", { networks: "10.0.0.1", expected: "22 1/udp" }),
    makeTarget("b", { networks: "10.0.0.0/24", expected: "22 9" }),
  );
  see(world, 1000);
  world.state.apply([makeLook({ protocol: "udp" })], "closings");
  assert.deepEqual(world.overview.host("10.0.0.1")!.missing, [
    { port: 9, protocol: "tcp" },
    { port: 22, protocol: "tcp" },
    { port: 1, protocol: "udp" },
  ]);
});

Deno.test("Overview.host() shows a bounded part of a host that has everything open", () => {
  const world = makeWorld();
  const all = Array.from({ length: 65_535 }, (_, index) => index + 1);
  see(world, 1000, ...all);
  see(world, 2000, ...all.slice(1));
  const { ports, portsLeftOut, openPorts } = world.overview.host("10.0.0.1")!;
  assert.equal(openPorts, 65_534);
  assert.equal(ports.length, PORTS_SHOWN);
  assert.equal(portsLeftOut, 65_535 - PORTS_SHOWN);
  assert.ok(ports.every(({ state }) => state === "open"));
});

Deno.test("Overview.host() concludes nothing from before the changes that it reads", () => {
  const world = makeWorld();
  see(world, 1000, 80);
  // A port that closes and opens all the time, of which only the newest changes are read.
  const changes: SavedChange[] = [];
  for (let at = 2000; changes.length < CHANGES_READ + 1; at++) {
    const to = changes.length % 2 === 0 ? "closed" : "open";
    const from = to === "closed" ? "open" : "closed";
    const change = { time: WALL + at, address: "10.0.0.1", protocol: "tcp", port: 80 } as const;
    changes.push({ ...change, from, to, target: "10.0.0.0/24" });
  }
  // The first that is read closes it; that it opened just before is cut off.
  changes.unshift({ ...changes[0]!, time: WALL + 1500, from: "closed", to: "open" });
  changes.pop();
  world.store.save({ changes });
  const host = world.overview.host("10.0.0.1")!;
  assert.equal(host.changes.length, CHANGES_SHOWN);
  const [first] = host.ports[0]!.open;
  assert.ok(first!.from >= WALL + 2000, `${first!.from - WALL}`);
});

Deno.test("Overview.host() takes addresses as the state writes them", () => {
  const world = makeWorld(makeTarget("six", { networks: "2001:db8::/120" }));
  world.state.apply(
    [makeLook({ address: parseAddress("2001:DB8::1").text, open: [22] })],
    "closings",
  );
  assert.deepEqual(world.overview.host("2001:db8::1")!.names, ["six"]);
});
