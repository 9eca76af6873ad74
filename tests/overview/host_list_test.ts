import assert from "node:assert/strict";
import fc from "fast-check";
import { compareAddresses, parseAddress } from "../../src/domain/address.ts";
import { networkContains } from "../../src/domain/network.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import { PORTS_IN_ROW } from "../../src/overview/host_list.ts";
import type { HostRow, PartQuery } from "../../src/overview/overview.ts";
import { parseSearch } from "../../src/overview/search.ts";
import { makeLook } from "../scan/builders.ts";
import { makeTarget, makeWorld, pagesOf } from "./builders.ts";
import type { World } from "./make_world.ts";

/** Sees these ports open and no other: `"10.0.0.1 22 53/udp"`. */
function see(world: World, text: string): void {
  const [address, ...items] = text.split(" ");
  for (const protocol of PROTOCOLS) {
    const own = items.filter((item) => item.endsWith("/udp") === (protocol === "udp"));
    const open = own.map((item) => parseInt(item)).sort((a, b) => a - b);
    const takenAt = world.clock.now;
    const look = { address: address!, protocol, covered: "1-65535", open, takenAt };
    world.state.apply([makeLook(look)], "closings");
  }
}

function rowText({ ip, name, openPorts, ports }: HostRow): string {
  const list = ports.map(({ port, protocol, verdict }) =>
    `${port}/${protocol}${verdict === undefined ? "" : `:${verdict}`}`
  );
  return `${ip} ${name} ${openPorts}: ${list.join(" ")}`;
}

const find = (world: World, search: string, query: Partial<PartQuery> = {}) =>
  world.overview.hosts({ search, offset: 0, limit: 100, ...query });

Deno.test("Overview.hosts() gives addresses with open ports, what the policy says of them, and their target", () => {
  const world = makeWorld(
    makeTarget("net", { networks: "10.0.0.0/24", allowed: "22 80 53/udp" }),
    makeTarget("gate", { networks: "10.0.0.1", expected: "22" }),
    makeTarget("free", { networks: "192.0.2.0/24" }),
  );
  see(world, "10.0.0.2 22 80 99 53/udp");
  see(world, "10.0.0.1 22 80");
  see(world, "10.0.0.3");
  see(world, "192.0.2.9 22");
  see(world, "203.0.113.1 22");
  see(world, "2001:db8::1 443");
  const { total, atLeast, rows } = find(world, "");
  assert.deepEqual(rows.map(rowText), [
    "10.0.0.1 gate 2: 22/tcp:expected 80/tcp:unexpected",
    "10.0.0.2 net 4: 22/tcp:allowed 80/tcp:allowed 99/tcp:unexpected 53/udp:allowed",
    "192.0.2.9 free 1: 22/tcp",
    "203.0.113.1 undefined 1: 22/tcp",
    "2001:db8::1 undefined 1: 443/tcp",
  ]);
  assert.deepEqual([total, atLeast], [5, false]);
  assert.equal(rows[0]!.lastSeen, world.state.views.describe("10.0.0.1")!.lastSeen);
  const { hostsWithOpenPorts, openPorts } = world.overview.status();
  assert.deepEqual([hostsWithOpenPorts, openPorts], [5, 9]);
});

Deno.test("Overview.hosts() shows the first open ports of a host, and how many there are", () => {
  const world = makeWorld();
  const many = Array.from({ length: 300 }, (_, index) => index + 1);
  see(world, `10.0.0.1 ${many.join(" ")} 53/udp`);
  const [row] = find(world, "").rows;
  assert.equal(row!.openPorts, 301);
  assert.deepEqual(row!.ports.map(({ port }) => port), many.slice(0, PORTS_IN_ROW));
});

Deno.test("Overview.hosts() finds addresses, networks, ports, and names of targets and hosts", () => {
  const world = makeWorld(
    makeTarget("DMZ west", { networks: "10.0.0.0/24 2001:db8::/120" }),
    makeTarget("dmz east", { networks: "10.0.1.0/24" }),
    makeTarget("10.0.2.0/24,10.0.3.0/24", { networks: "10.0.2.0/24 10.0.3.0/24" }),
    makeTarget("names", { networks: "10.0.4.1 10.0.4.2", hostNames: "db.example.org www.test" }),
  );
  world.resolve("db.example.org", "10.0.4.1");
  world.resolve("www.test", "10.0.4.2", "10.0.4.3");
  const hosts = [
    "10.0.0.1 22 443",
    "10.0.0.11 80",
    "10.0.1.1 22/udp",
    "10.0.2.1 22 80",
    "10.0.4.1 5432",
    "10.0.4.2 80",
    "10.0.22.1 8022",
    "2001:db8::1 22",
    "2001:db8::abcd 80",
  ];
  for (const host of hosts) see(world, host);
  see(world, "10.0.9.9");
  const f = (search: string, expected: string) => {
    const { rows, total, atLeast } = find(world, search);
    assert.equal(rows.map(({ ip }) => ip).join(" "), expected, search);
    assert.deepEqual([total, atLeast], [rows.length, false]);
  };
  f("10.0.0.1", "10.0.0.1");
  f("10.0.9.9", "");
  f("10.0.0.0/23", "10.0.0.1 10.0.0.11 10.0.1.1");
  f("10.0.0.0/32", "");
  f("2001:db8::/64", "2001:db8::1 2001:db8::abcd");
  f("2001:0DB8::1", "2001:db8::1");
  f("2001:db8::abcd", "2001:db8::abcd");
  f("22", "10.0.0.1 10.0.1.1 10.0.2.1 2001:db8::1");
  f("22/tcp", "10.0.0.1 10.0.2.1 2001:db8::1");
  f("22/udp", "10.0.1.1");
  f("port:80", "10.0.0.11 10.0.2.1 10.0.4.2 2001:db8::abcd");
  f("22 80", "10.0.2.1");
  f("8000-9000", "10.0.22.1");
  f("10.0.0.0/24 22", "10.0.0.1");
  f("10.0.0.0/24 10.0.1.0/24", "");
  // parts of names, however they are written
  f("dmz", "10.0.0.1 10.0.0.11 10.0.1.1 2001:db8::1");
  f("Dmz WEST", "10.0.0.1 10.0.0.11 2001:db8::1");
  f("dmz 22", "10.0.0.1 10.0.1.1 2001:db8::1");
  f("example", "10.0.4.1");
  f("www.test", "10.0.4.2");
  f("names", "10.0.4.1 10.0.4.2");
  f("nothing", "");
  // parts of addresses: of a target that is named by its addresses, nothing but those
  f("10.0.2", "10.0.2.1 10.0.22.1");
  f("0.2.", "10.0.2.1");
  f("2001:db8", "2001:db8::1 2001:db8::abcd");
  f("ABCD", "2001:db8::abcd");
  // what was searched is searched anew when targets are others
  f("dmz", "10.0.0.1 10.0.0.11 10.0.1.1 2001:db8::1");
  world.replace([makeTarget("dmz", { networks: "10.0.22.0/24" })]);
  f("dmz", "10.0.22.1");
});

Deno.test("Overview.hosts() finds by the names of very many targets", () => {
  const world = makeWorld(
    ...Array.from(
      { length: 10_050 },
      (_, index) => makeTarget(`site-${index}`, { networks: `10.0.${index >> 8}.${index & 255}` }),
    ),
    makeTarget("other", { networks: "192.0.2.1", hostNames: "site.example.org" }),
  );
  world.resolve("site.example.org", "192.0.2.1");
  for (const text of ["10.0.0.9 22", "10.0.39.9 22", "192.0.2.1 22", "192.0.2.2 22"]) {
    see(world, text);
  }
  const ips = (search: string) => find(world, search).rows.map(({ ip }) => ip);
  assert.deepEqual(ips("site"), ["10.0.0.9", "10.0.39.9", "192.0.2.1"]);
  assert.deepEqual(ips("site-9"), ["10.0.0.9", "10.0.39.9"]);
});

const ADDRESSES = [
  ...Array.from({ length: 300 }, (_, n) => `10.0.${n >> 7}.${n & 127}`),
  ...Array.from({ length: 8 }, (_, n) => `2001:db8::${n + 1}`),
].map(parseAddress).sort(compareAddresses);

/** What should be found, said host by host. */
function expectedIps(open: ReadonlyMap<string, ReadonlySet<string>>, world: World, typed: string) {
  const { networks, ports, text } = parseSearch(typed);
  return ADDRESSES.filter((address) => {
    const own = open.get(address.text) ?? new Set();
    if (own.size === 0) return false;
    const fitsPorts = ports.every((wanted) =>
      [...own].some((item) => {
        const [port, protocol] = item.split("/");
        return (wanted.protocol ?? protocol) === protocol && wanted.ports.has(Number(port));
      })
    );
    const isNamed = world.targets.some(({ name, networks }) =>
      name.includes(text) && networks.some(({ network }) => networkContains(network, address))
    );
    return fitsPorts && networks.every((network) => networkContains(network, address)) &&
      (address.text.includes(text) || isNamed);
  }).map(({ text }) => text);
}

Deno.test("Overview.hosts() gives each host that fits once, in order, on pages of any size, whatever changes", () => {
  const PORTS = ["22/tcp", "53/udp", "80/tcp", "80/udp"];
  const someStep = fc.record({
    from: fc.nat(ADDRESSES.length - 1),
    count: fc.oneof(fc.nat(5), fc.nat(300)),
    step: fc.integer({ min: 1, max: 7 }),
    open: fc.subarray(PORTS),
    isGone: fc.boolean(),
  });
  const someSearch = fc.constantFrom(
    "",
    "22",
    "80/udp",
    "80 22",
    "10.0.1.0/24",
    "10.0.0.7",
    "2001:db8::/126 22",
    "one",
    "tw",
    "10.0.2",
    "8::",
    "nothing",
  );
  fc.assert(
    fc.property(
      fc.array(someStep, { maxLength: 8 }),
      fc.array(someSearch, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 60 }),
      (steps, searches, limit) => {
        const world = makeWorld(
          makeTarget("one", { networks: "10.0.0.0/25 2001:db8::1" }),
          makeTarget("two", { networks: "10.0.1.0/26" }),
        );
        const open = new Map<string, ReadonlySet<string>>();
        for (const { from, count, step, open: ports, isGone } of steps) {
          world.clock.now++;
          const some = ADDRESSES.slice(from, from + count).filter((_, index) => index % step === 0);
          for (const { text } of some) {
            see(world, [text, ...ports.map((port) => port.replace("/tcp", ""))].join(" "));
            open.set(text, new Set(ports));
          }
          if (isGone) {
            const gone = new Set(some.map(({ text }) => text));
            world.state.retain(
              ({ text }) => gone.has(text),
              () => makeLook({ covered: "" }).covered,
            );
            for (const text of gone) open.delete(text);
          }
          for (const search of searches) {
            const pages = pagesOf((query) => world.overview.hosts(query), { search, limit });
            const expected = expectedIps(open, world, search);
            assert.deepEqual(pages.flatMap(({ rows }) => rows.map(({ ip }) => ip)), expected);
            for (const { total, atLeast } of pages) {
              assert.deepEqual([total, atLeast], [expected.length, false]);
            }
          }
          const status = world.overview.status();
          const counts = [...open.values()].map(({ size }) => size).filter((size) => size > 0);
          assert.equal(status.hostsWithOpenPorts, counts.length);
          assert.equal(status.openPorts, counts.reduce((sum, size) => sum + size, 0));
        }
      },
    ),
    { numRuns: 150 },
  );
});
