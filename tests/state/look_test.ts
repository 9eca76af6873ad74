import assert from "node:assert/strict";
import { parsePorts } from "../../src/domain/ports.ts";
import type { Protocol, ScanOutcome } from "../../src/domain/scan.ts";
import { looksOf, type LooksOfOutcome } from "../../src/state/look.ts";
import { makeHost, makeOutcome } from "../scan/builders.ts";

const ADDRESSES = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
const KILLED = { type: "killed", message: "SIGKILL ended nmap" } as const;

function read(
  outcome: ScanOutcome,
  { protocol = "tcp", clockOffset = 0 }: { protocol?: Protocol; clockOffset?: number } = {},
): LooksOfOutcome {
  return looksOf(outcome, {
    addresses: ADDRESSES,
    protocol,
    ports: parsePorts("1-100"),
    clockOffset,
  });
}

Deno.test("looksOf() makes a look of every host that was reported whole", () => {
  const { looks, up, down } = read(makeOutcome([
    makeHost("10.0.0.3", { open: [22] }),
    makeHost("10.0.0.1", { open: [80, 443] }),
    makeHost("10.0.0.2", { alive: false }),
  ]));
  assert.deepEqual(
    looks.map(({ address, covered, open, alive }) => [address, `${covered}`, open, alive]),
    [
      // 443 is outside of what the document says was scanned
      ["10.0.0.1", "1-100", [80], true],
      ["10.0.0.2", "1-100", [], false],
      ["10.0.0.3", "1-100", [22], true],
    ],
  );
  assert.deepEqual([up, down], [3, 0]);
});

Deno.test("looksOf() covers what the document says, not what was asked for", () => {
  const { looks } = read(makeOutcome([makeHost("10.0.0.1", { open: [5, 60] })], { ports: "1-50" }));
  assert.equal(`${looks[0]?.covered}`, "1-50");
  assert.deepEqual(looks[0]?.open, [5]);
});

Deno.test("looksOf() shares one set of ports among hosts that were covered whole", () => {
  const ports = parsePorts("1-100");
  const outcome = makeOutcome(ADDRESSES.map((address) => makeHost(address)));
  const context = { addresses: ADDRESSES, protocol: "tcp", ports, clockOffset: 0 } as const;
  assert.ok(looksOf(outcome, context).looks.every((look) => look.covered === ports));
});

Deno.test("looksOf() calls down what a complete process did not report, or reported down", () => {
  const outcome = makeOutcome([
    makeHost("10.0.0.1"),
    makeHost("10.0.0.2", { up: false, alive: false }),
  ]);
  const { looks, up, down } = read(outcome);
  assert.deepEqual([up, down], [1, 2]);
  assert.deepEqual(
    looks.slice(1).map(({ address, covered, open, alive, takenAt }) => ({
      address,
      covered: `${covered}`,
      open,
      alive,
      takenAt,
    })),
    ["10.0.0.2", "10.0.0.3"].map((address) => ({
      address,
      covered: "1-100",
      open: [],
      alive: false,
      takenAt: 1000,
    })),
  );
});

Deno.test("looksOf() knows nothing of what a process that ended early did not report", () => {
  const outcome = makeOutcome(
    [makeHost("10.0.0.1", { open: [22] }), makeHost("10.0.0.2", { up: false, alive: false })],
    { failure: KILLED },
  );
  const { looks, up, down } = read(outcome);
  assert.deepEqual(looks.map(({ address }) => address), ["10.0.0.1"]);
  assert.deepEqual([up, down], [1, 0]);
  const nothing = read(makeOutcome([], { failure: KILLED, ports: "" }));
  assert.deepEqual([nothing.looks, nothing.up, nothing.down], [[], 0, 0]);
});

Deno.test("looksOf() takes nothing from a host that timed out, but that it answered", () => {
  const outcome = makeOutcome([
    makeHost("10.0.0.1", { timedOut: true, open: [22] }),
    makeHost("10.0.0.2", { timedOut: true, alive: false }),
    makeHost("10.0.0.3"),
  ]);
  const { looks, timedOut, alive, up } = read(outcome);
  assert.deepEqual(looks.map(({ address }) => address), ["10.0.0.3"]);
  assert.deepEqual(timedOut, ["10.0.0.1", "10.0.0.2"]);
  assert.deepEqual(alive, ["10.0.0.1", "10.0.0.3"]);
  assert.equal(up, 3);
});

Deno.test("looksOf() leaves out ports that this machine could not reach", () => {
  const outcome = makeOutcome([
    makeHost("10.0.0.1", { open: [22, 80], unreachable: "50-100" }),
    makeHost("10.0.0.2", { alive: false, unreachable: "1-100" }),
    makeHost("10.0.0.3", { alive: false, unreachable: "1-99" }),
  ]);
  const { looks, unreachable } = read(outcome);
  assert.deepEqual(
    looks.map(({ address, covered, open }) => [address, `${covered}`, open]),
    [["10.0.0.1", "1-49", [22]], ["10.0.0.3", "100", []]],
  );
  assert.deepEqual(unreachable, ["10.0.0.2"]);
});

Deno.test("looksOf() reads the protocol it is asked for", () => {
  const outcome = makeOutcome([makeHost("10.0.0.1", { open: [22], openUdp: [53] })], {
    udp: "1-100",
  });
  assert.deepEqual(read(outcome).looks[0]?.open, [22]);
  assert.deepEqual(read(outcome, { protocol: "udp" }).looks[0]?.open, [53]);
});

Deno.test("looksOf() dates a look by its host's start, kept within the life of the process", () => {
  const f = (startTime: number | undefined, expected: number, clockOffset = 0) => {
    const outcome = makeOutcome([makeHost("10.0.0.1", { startTime })], {
      startedAt: 10_500,
      endedAt: 20_500,
    });
    assert.equal(read(outcome, { clockOffset }).looks[0]?.takenAt, expected);
  };
  f(undefined, 10_500);
  f(15, 15_000);
  // nmap cuts to whole seconds
  f(10, 10_500);
  f(20, 20_000);
  // the wall clock was set
  f(0, 10_500);
  f(1_700_000_000, 20_500);
  // on another clock
  f(1_700_000_015, 15_000, -1_700_000_000_000);
});
