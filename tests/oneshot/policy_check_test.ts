import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse_config.ts";
import { formatNetwork } from "../../src/domain/network.ts";
import { checkPolicy } from "../../src/oneshot/policy_check.ts";
import { makeHost, makeUnit } from "../scan/builders.ts";
import { failedOutcome, FakeNetwork } from "../scan/network.ts";
import { type FakeScan, scanFake } from "./builders.ts";

const NETWORK = { "10.0.0.1": [22, 80], "10.0.0.2": [22, 8080], "10.0.1.1": [22] };

/** What deviates, in short texts, after one scan of ports 1 to 100 unless told otherwise. */
async function judge(
  targets: string,
  { scan = ["10.0.0.0/30"], ports = "1-100", ...fake }: FakeScan & {
    readonly scan?: readonly string[];
    readonly ports?: string;
  } = {},
) {
  const { config } = parseConfig(`targets: [${targets}]`, "config.yaml");
  const units = scan.map((target) => makeUnit(target, { ports }));
  const scanned = await scanFake(units, { network: new FakeNetwork(NETWORK), ...fake });
  const check = checkPolicy({
    targets: config.targets.filter(({ hasPolicy }) => hasPolicy),
    units,
    ...scanned,
  });
  const port = ({ name, address, port, protocol }: typeof check.missing[number]) =>
    `${name} ${address} ${port}/${protocol}`;
  const places = ({ name, place, protocol, ports }: typeof check.unknown[number]) =>
    `${name} ${place} ${ports}/${protocol}`;
  const all = {
    unexpected: check.unexpected.map(port),
    missing: check.missing.map(port),
    unknown: check.unknown.map(places),
    notChecked: check.notChecked.map(places),
    withoutPolicy: check.withoutPolicy.map(formatNetwork),
  };
  return Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0));
}

const NET = "target: 10.0.0.0/30, name: net";
const dead = { type: "killed", message: "SIGKILL ended nmap" } as const;

Deno.test("checkPolicy() finds nothing where everything is as expected", async () => {
  assert.deepEqual(await judge(`{${NET}, expected_ports: "22", allowed_ports: "80"}`), {});
});

Deno.test("checkPolicy() finds what is open and neither expected nor allowed, for each target that says so", async () => {
  assert.deepEqual(
    await judge(
      `{${NET}, expected_ports: "22"}, {target: 10.0.0.2, name: one, allowed_ports: "8080"}`,
      { ports: "1-9000" },
    ),
    {
      unexpected: ["net 10.0.0.1 80/tcp", "net 10.0.0.2 8080/tcp", "one 10.0.0.2 22/tcp"],
    },
  );
});

Deno.test("checkPolicy() expects ports of every host of a network that answers, and of every address on its own", async () => {
  assert.deepEqual(await judge(`{${NET}, expected_ports: "22,80"}`), {
    missing: ["net 10.0.0.2 80/tcp"],
  });
  assert.deepEqual(
    await judge(`{target: [10.0.0.3, 10.0.0.1], name: two, expected_ports: "22,80"}`, {
      scan: ["10.0.0.3", "10.0.0.1"],
    }),
    { missing: ["two 10.0.0.3 22/tcp", "two 10.0.0.3 80/tcp"] },
  );
});

Deno.test("checkPolicy() does not take silence of a whole network for compliance", async () => {
  assert.deepEqual(
    await judge(`{${NET}, expected_ports: "22,443"}`, { network: new FakeNetwork() }),
    { unknown: ["net 10.0.0.0/30 22/tcp"], notChecked: ["net 10.0.0.0/30 443/tcp"] },
  );
  assert.deepEqual(
    await judge(`{target: 10.0.0.0/16, name: net, expected_ports: "22"}`, { scan: ["10.0.0.3"] }),
    { unknown: ["net 10.0.0.3/32 22/tcp"] },
  );
});

Deno.test("checkPolicy() does not call what was not looked at missing", async () => {
  assert.deepEqual(
    await judge(`{${NET}, expected_ports: "22,443,53/udp", protocol: both, allowed_ports: "80"}`, {
      scan: ["10.0.0.1"],
    }),
    { notChecked: ["net 10.0.0.1 443/tcp", "net 10.0.0.1 53/udp"] },
  );
});

Deno.test("checkPolicy() does not know what a scan that failed did not report", async () => {
  const one = `{target: 10.0.0.1, name: one, expected_ports: "22,80"}`;
  assert.deepEqual(
    await judge(one, { scan: ["10.0.0.1"], change: () => failedOutcome(dead) }),
    { unknown: ["one 10.0.0.1 22,80/tcp"] },
  );
  assert.deepEqual(
    await judge(one, {
      scan: ["10.0.0.1"],
      change: (outcome) => ({
        ...outcome,
        hosts: [makeHost("10.0.0.1", { open: [22], unreachable: "50-100" })],
      }),
    }),
    { unknown: ["one 10.0.0.1 80/tcp"] },
  );
});

Deno.test("checkPolicy() says which addresses nobody judges", async () => {
  assert.deepEqual(
    await judge(`{target: 10.0.0.1, allowed_ports: "22,80"}, 10.0.1.0/24`, {
      scan: ["10.0.0.0/30", "10.0.1.1"],
    }),
    { withoutPolicy: ["10.0.0.0/32", "10.0.0.2/31", "10.0.1.1/32"] },
  );
});
