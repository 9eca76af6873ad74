import assert from "node:assert/strict";
import { readPortRange } from "../../src/config/port_texts.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import type { Resolution } from "../../src/discovery/names.ts";
import { parseAddress } from "../../src/domain/address.ts";
import { formatNetwork } from "../../src/domain/network.ts";
import type { Protocol } from "../../src/domain/scan.ts";
import { ServiceFrequencies } from "../../src/domain/service_frequencies.ts";
import { RequestError, wantTargets } from "../../src/oneshot/wanted_targets.ts";

const NAMES: Record<string, readonly string[]> = {
  "web.test": ["192.0.2.7", "2001:db8::7"],
  "db.test": ["192.0.2.8"],
  "hidden.test": ["10.9.0.1"],
};

function resolve(name: string): Promise<Resolution> {
  const addresses = NAMES[name]?.map(parseAddress);
  const unanswered = name === "db.test" ? [6 as const] : [];
  return Promise.resolve(
    addresses === undefined
      ? { kind: "unresolved", message: `Cannot resolve ${name}` }
      : { kind: "resolved", addresses, unanswered },
  );
}

const readServices = () =>
  ServiceFrequencies.parse("a 80/tcp 0.9\nb 22/tcp 0.8\nc 1/tcp 0.1\nd 53/udp 0.5\n");

function want(
  targets: readonly string[],
  { config = "", ports, protocol }: { config?: string; ports?: string; protocol?: Protocol } = {},
) {
  const request = {
    targets,
    ports: ports === undefined ? undefined : readPortRange(ports),
    protocol,
  };
  const parsed = parseConfig(config, "config.yaml", { readServices }).config;
  return wantTargets(request, parsed, { resolve, readServices });
}

async function wanted(...args: Parameters<typeof want>): Promise<string[]> {
  const { targets } = await want(...args);
  return targets.map(({ name, networks, protocols, schedules }) => {
    const { portRange, ports } = schedules[0]!;
    assert.equal(schedules.length, 1);
    assert.ok(ports !== "known" && protocols.length === 1);
    const addresses = networks.map(({ network }) => formatNetwork(network)).join("+");
    const text = `${ports[protocols[0]!]}`;
    return `${name}: ${addresses} ${protocols} ${portRange}${text === portRange ? "" : `=${text}`}`;
  });
}

const CONFIG = `
scanning: { port_range: "1-1000", exclude: ["10.9.0.0/16"] }
targets:
  - 192.0.2.0/24
  - { target: [198.51.100.1, web.test], name: dmz, port_range: "22,80", protocol: both,
      expected_ports: "443", sweeps: [{ port_range: known, interval: 60 }] }
  - { target: 198.51.100.9, name: wide, port_range: "22", sweeps: [{ port_range: "1-100", interval: 1d }] }
`;

Deno.test("wantTargets() scans addresses, networks and names with the defaults", async () => {
  assert.deepEqual(await wanted(["127.0.0.1", "2001:db8::1/127", "web.test"]), [
    "127.0.0.1: 127.0.0.1/32 tcp 1-65535",
    "2001:db8::1/127: 2001:db8::/127 tcp 1-65535",
    "web.test: 192.0.2.7/32+2001:db8::7/128 tcp 1-65535",
  ]);
  assert.deepEqual(await wanted(["127.0.0.1", "127.0.0.1"], { ports: "22, 80", protocol: "udp" }), [
    "127.0.0.1: 127.0.0.1/32 udp 22,80",
  ]);
  assert.deepEqual(await wanted(["::1"], { ports: "top:2" }), ["::1: ::1/128 tcp top:2=22,80"]);
});

Deno.test("wantTargets() takes names of targets with their own ports, all that any schedule looks at", async () => {
  assert.deepEqual(await wanted(["dmz", "10.0.0.1"], { config: CONFIG }), [
    "dmz: 198.51.100.1/32+192.0.2.7/32+2001:db8::7/128 tcp 22,80,443",
    "dmz: 198.51.100.1/32+192.0.2.7/32+2001:db8::7/128 udp 22,80",
    "10.0.0.1: 10.0.0.1/32 tcp 1-1000",
  ]);
  assert.deepEqual(await wanted(["wide", "192.0.2.0/24"], { config: CONFIG }), [
    "wide: 198.51.100.9/32 tcp 1-100",
    "192.0.2.0/24: 192.0.2.0/24 tcp 1-1000",
  ]);
  assert.deepEqual(await wanted(["wide"], { config: CONFIG, protocol: "udp" }), [
    "wide: 198.51.100.9/32 udp 1-1000",
  ]);
  assert.deepEqual(await wanted(["wide"], { config: CONFIG, ports: "9" }), [
    "wide: 198.51.100.9/32 tcp 9",
  ]);
  assert.equal((await wanted([], { config: CONFIG })).length, 4);
  assert.deepEqual(await wanted(["10.0.0.1"], { config: "scanning: { udp_scan: true }" }), [
    "10.0.0.1: 10.0.0.1/32 tcp 1-65535",
    "10.0.0.1: 10.0.0.1/32 udp 1-65535",
  ]);
});

Deno.test("wantTargets() says which names have no address, and which may have more", async () => {
  const { unresolved, doubtful, names, warnings } = await want(
    ["gone.test", "db.test", "10.0.0.9/9"],
    { ports: "top:1" },
  );
  assert.deepEqual(
    unresolved.map(({ target, protocol, portRange, message }) => [
      target,
      protocol,
      portRange,
      message,
    ]),
    [["gone.test", "tcp", "top:1", "Cannot resolve gone.test"]],
  );
  assert.match(doubtful.join(), /^Cannot find out the IPv6 addresses of "db\.test"/);
  assert.deepEqual([...names], [["192.0.2.8", ["db.test"]]]);
  assert.deepEqual(warnings, ['"10.0.0.9/9" has host bits set: 10.0.0.0/9 is scanned']);
});

Deno.test("wantTargets() knows every name of an address, in the order in which they were given", async () => {
  const parsed = parseConfig("", "config.yaml").config;
  const targets = ["slow.test", "web.test", "192.0.2.7"];
  const { names } = await wantTargets({ targets, ports: undefined, protocol: undefined }, parsed, {
    resolve: async (name) => {
      if (name === "slow.test") await new Promise((resolve) => setTimeout(resolve, 10));
      return await resolve("web.test");
    },
  });
  assert.deepEqual([...names], [
    ["192.0.2.7", ["slow.test", "web.test"]],
    ["2001:db8::7", ["slow.test", "web.test"]],
  ]);
});

for (
  const [targets, message, options] of [
    [["0.0.0.0"], /^TARGET: "0\.0\.0\.0" is no host's address/, {}],
    [["0.1.2.3/16"], /is no host's address/, {}],
    [["::"], /^TARGET: "::" is no host's address/, {}],
    [["10.0.0.0/7"], /^TARGET: "10\.0\.0\.0\/7" has 33554432 addresses, more than 16777216/, {}],
    [["2001:db8::/64"], /too many for IPv6 \(write a prefix length of 112 to 128\)/, {}],
    [["10.0.0.0/8", "11.0.0.1"], /^Cannot scan 16777217 addresses at once/, {}],
    [["https://web.test/"], /^TARGET: "https:\/\/web\.test\/" is a URL/, {}],
    [["10.0.0"], /^TARGET: Cannot read an IP address here/, {}],
    [["a b"], /no target of the configuration has this name$/, { config: CONFIG }],
    [[""], /^TARGET: is empty/, {}],
    [["\u001b[2J"], /^TARGET: Cannot read a host name here[ -~]*$/, {}],
    [["10.9.1.0/24"], /^Cannot scan "10\.9\.1\.0\/24": it is excluded/, { config: CONFIG }],
    [["hidden.test"], /^Cannot scan "hidden\.test": it is excluded/, { config: CONFIG }],
    [[], /^Cannot scan without targets/, {}],
  ] as const
) {
  Deno.test(`wantTargets() refuses ${JSON.stringify(targets)}`, async () => {
    await assert.rejects(want(targets, options), (error) => {
      assert.ok(error instanceof RequestError);
      assert.match(error.message, message);
      return true;
    });
  });
}
