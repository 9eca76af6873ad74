import assert from "node:assert/strict";
import type { LookedForSince } from "../../src/policy/expected_ports.ts";
import type { PolicyTarget } from "../../src/policy/policy_target.ts";
import { PortPolicy } from "../../src/policy/port_policy.ts";
import { makeLook } from "../scan/builders.ts";
import { makeTarget } from "./builders.ts";
import { makeState } from "./make_state.ts";
import { findings } from "./findings.ts";

/** A policy over an empty state, with short ways to feed it and to read it. */
function makePolicy(
  targets: readonly PolicyTarget[],
  { since = () => undefined, portsPerHost }: {
    since?: LookedForSince;
    portsPerHost?: number;
  } = {},
) {
  const { state } = makeState();
  const policy = new PortPolicy({ state, lookedForSince: since });
  policy.replace(targets, portsPerHost === undefined ? {} : { portsPerHost });
  return {
    policy,
    state,
    see: (...parts: Parameters<typeof makeLook>) =>
      void state.apply([makeLook(...parts)], "closings"),
    findings: () => findings(policy),
  };
}

Deno.test("PortPolicy says nothing of targets whose ports are as they should be", () => {
  const { see, findings } = makePolicy([
    makeTarget("a", { networks: "10.0.0.1", expected: "22 53/udp", allowed: "80" }),
  ]);
  see({ open: [22, 80] });
  see({ protocol: "udp", open: [53] });
  assert.deepEqual(findings(), ["a: 0 violations, 0 unknown"]);
});

Deno.test("PortPolicy finds open ports that are neither expected nor allowed, for each target", () => {
  const { see, findings } = makePolicy([
    makeTarget("wide", { networks: "10.0.0.0/24 10.0.0.1", allowed: "22" }),
    makeTarget("a", { networks: "10.0.0.1", expected: "80" }),
    makeTarget("6", { networks: "2001:db8::/120", allowed: "80" }),
  ]);
  see({ open: [22, 80, 99] });
  see({ protocol: "udp", open: [80] });
  see({ address: "10.0.1.1", open: [99] });
  assert.deepEqual(findings(), [
    "unexpected a 10.0.0.1 22/tcp",
    "unexpected a 10.0.0.1 99/tcp",
    "unexpected a 10.0.0.1 80/udp",
    "unexpected wide 10.0.0.1 80/tcp",
    "unexpected wide 10.0.0.1 99/tcp",
    "unexpected wide 10.0.0.1 80/udp",
    "6: 0 violations, 0 unknown",
    "a: 3 violations, 0 unknown",
    "wide: 3 violations, 0 unknown",
  ]);
});

Deno.test("PortPolicy finds an expected port missing when the last look says so", () => {
  const { see, findings } = makePolicy([makeTarget("a", { networks: "10.0.0.1", expected: "22" })]);
  assert.deepEqual(findings(), ["a: 0 violations, 1 unknown"]);
  see({ covered: "80" });
  assert.deepEqual(findings(), ["a: 0 violations, 1 unknown"]);
  see({ open: [] });
  assert.deepEqual(findings(), ["missing a 10.0.0.1 22/tcp", "a: 1 violations, 0 unknown"]);
  see({ open: [22], takenAt: 2000 });
  assert.deepEqual(findings(), ["a: 0 violations, 0 unknown"]);
});

Deno.test("PortPolicy finds ports missing on a single address that never answered", () => {
  const { see, findings } = makePolicy([
    makeTarget("a", { networks: "10.0.0.1", expected: "22 53/udp" }),
    makeTarget("wide", { networks: "10.0.0.0/24", expected: "22" }),
  ]);
  see({ open: [], alive: false });
  assert.deepEqual(findings(), [
    "missing a 10.0.0.1 22/tcp",
    "a: 1 violations, 1 unknown",
    "wide: 0 violations, 1 unknown",
  ]);
});

Deno.test("PortPolicy knows nothing of a network that was not looked at, and of a name without address", () => {
  const began: number[] = [];
  const { see, findings } = makePolicy([
    { ...makeTarget("name", { networks: "10.0.9.0/30", expected: "22 53/udp" }), unresolved: 2 },
    makeTarget("net", { networks: "10.0.0.0/30", expected: "22" }),
  ], { since: () => began[0] });
  assert.deepEqual(findings(), ["name: 0 violations, 6 unknown", "net: 0 violations, 1 unknown"]);
  // where nothing answers is no host, and that is known
  see({ address: "10.0.0.0", open: [], alive: false, takenAt: 1000 });
  assert.deepEqual(findings()[1], "net: 0 violations, 0 unknown");
  began.push(2000);
  assert.deepEqual(findings()[1], "net: 0 violations, 1 unknown");
});

Deno.test("PortPolicy expects ports of an address that showed life, even with another protocol", () => {
  const { see, findings } = makePolicy([
    makeTarget("wide", { networks: "10.0.0.0/24", expected: "22" }),
  ]);
  see({ protocol: "udp", open: [] });
  assert.deepEqual(findings(), ["wide: 0 violations, 1 unknown"]);
});

Deno.test("PortPolicy does not know what the last scan could not look at", () => {
  let since: number | undefined;
  const asked: string[] = [];
  const { see, findings } = makePolicy(
    [makeTarget("a", { networks: "10.0.0.1", expected: "22 23" })],
    {
      since: ({ text }, protocol, port) => {
        asked.push(`${text} ${port}/${protocol}`);
        return since;
      },
    },
  );
  see({ open: [22], takenAt: 1000 });
  const known = ["missing a 10.0.0.1 23/tcp", "a: 1 violations, 0 unknown"];
  assert.deepEqual(findings(), known);
  assert.deepEqual(asked, ["10.0.0.1 22/tcp", "10.0.0.1 23/tcp"]);
  since = 1000;
  assert.deepEqual(findings(), known);
  since = 1001;
  assert.deepEqual(findings(), ["a: 0 violations, 2 unknown"]);
  see({ covered: "23", takenAt: 1500 });
  assert.deepEqual(findings(), ["missing a 10.0.0.1 23/tcp", "a: 1 violations, 1 unknown"]);
});

Deno.test("PortPolicy judges an address once that is in a target more than once, in order", () => {
  const { see, findings } = makePolicy([
    makeTarget("a", { networks: "10.0.0.3 10.0.0.0/24 10.0.0.0/25 10.0.0.3 ::1", expected: "22" }),
  ]);
  for (const last of [2, 3, 4]) see({ address: `10.0.0.${last}`, open: [] });
  assert.deepEqual(findings(), [
    "missing a 10.0.0.2 22/tcp",
    "missing a 10.0.0.3 22/tcp",
    "missing a 10.0.0.4 22/tcp",
    "a: 3 violations, 1 unknown",
  ]);
});

Deno.test("PortPolicy counts all unexpected ports of a host that answers on every port, and gives some", () => {
  const { see, findings, policy } = makePolicy(
    [makeTarget("a", { networks: "10.0.0.1", allowed: "3" })],
    { portsPerHost: 4 },
  );
  see({ open: [1, 2, 3] });
  see({ protocol: "udp", open: [1, 2, 3] });
  assert.deepEqual(findings(), [
    "unexpected a 10.0.0.1 1/tcp",
    "unexpected a 10.0.0.1 2/tcp",
    "unexpected a 10.0.0.1 1/udp",
    "unexpected a 10.0.0.1 2/udp",
    "a: 5 violations, 0 unknown",
  ]);
  assert.equal(policy.unexpected()[0]!.items[0]!.count, 5);
});

Deno.test("PortPolicy judges a block again only when it changed or the targets were replaced", () => {
  const targets = [makeTarget("a", { networks: "10.0.0.0/16", allowed: "80" })];
  const { see, policy, state } = makePolicy(targets);
  for (let n = 0; n < 300; n++) see({ address: `10.0.${n >> 8}.${n & 255}`, open: [22] });
  const before = policy.unexpected();
  assert.equal(before.length, state.blocks.length);
  assert.deepEqual(policy.unexpected().map((block, n) => block === before[n]), [true, true, true]);
  // a look that changes nothing that can be seen
  see({ address: "10.0.0.0", open: [22], takenAt: 2000 });
  assert.equal(policy.unexpected()[0], before[0]);
  let told = 0;
  for (const block of before) block.beforeNextChange(() => void told++);
  see({ address: "10.0.0.0", open: [], takenAt: 3000 });
  assert.equal(told, 1);
  assert.deepEqual(policy.unexpected().map((block, n) => block === before[n]), [false, true, true]);
  policy.replace(targets);
  assert.equal(told, 3);
  assert.ok(policy.unexpected().every((block) => !before.includes(block)));
});

Deno.test("PortPolicy without targets finds nothing", () => {
  const { see, policy, findings } = makePolicy([makeTarget("a", { networks: "10.0.0.1" })]);
  see({ open: [22] });
  policy.replace([]);
  assert.deepEqual(findings(), []);
});

Deno.test("PortPolicy is told once by a block, however often the targets were replaced", () => {
  const { see, policy, state } = makePolicy([]);
  see({ open: [22] });
  const block = state.blocks[0]!;
  let watchers = 0;
  const watch = block.beforeNextChange.bind(block);
  block.beforeNextChange = (capture) => {
    watchers++;
    watch(capture);
  };
  for (let n = 0; n < 3; n++) {
    policy.replace([makeTarget("a", { networks: "10.0.0.1" })]);
    assert.equal(policy.unexpected().length, 1);
  }
  assert.equal(watchers, 1);
});
