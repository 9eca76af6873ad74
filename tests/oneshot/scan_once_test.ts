import assert from "node:assert/strict";
import type { ScanOutcome } from "../../src/domain/scan.ts";
import { makeHost, makeUnit } from "../scan/builders.ts";
import { failedOutcome, FakeNetwork } from "../scan/network.ts";
import { scanFake } from "./builders.ts";

const gapsOf = ({ findings }: Awaited<ReturnType<typeof scanFake>>) =>
  findings.gaps().map(({ first, last, type, portRange }) =>
    `${first.text}-${last.text} ${type} ${portRange}`
  );

Deno.test("scanOnce() looks at every address of every unit once", async () => {
  const network = new FakeNetwork({ "10.0.0.7": [22, 80], "10.0.3.1": [1], "::1": [2, 200] });
  const units = [makeUnit("10.0.0.0/24"), makeUnit("10.0.3.0/24"), makeUnit("::1")];
  const asked: string[] = [];
  const scanned = await scanFake(units, {
    network,
    change: (outcome, addresses) => {
      asked.push(...addresses);
      return outcome;
    },
  });
  assert.deepEqual([asked.length, new Set(asked).size], [513, 513]);
  assert.deepEqual(scanned.findings.count(), {
    up: 3,
    down: 510,
    timedOut: 0,
    unknown: 0,
    answered: 3,
    known: 513,
  });
  assert.deepEqual(gapsOf(scanned), []);
  const open = scanned.state.blocks.flatMap(({ items }) =>
    items.map(({ address, tcp }) => `${address.text} ${tcp!.open}`)
  );
  assert.deepEqual(open, ["10.0.0.7 22,80", "10.0.3.1 1", "::1 2"]);
});

Deno.test("scanOnce() resolves at once when there is nothing to scan", async () => {
  const scanned = await scanFake([]);
  assert.deepEqual([scanned.findings.table.size, gapsOf(scanned)], [0, []]);
});

const host = makeHost;
const dead = { type: "killed", message: "SIGKILL ended nmap" } as const;

for (
  const [what, change, expected, counts] of [
    ["a crash before anything was reported", () => failedOutcome(dead), [
      "10.0.0.0-10.0.0.3 killed 1-100",
    ], { up: 0, unknown: 4 }],
    [
      "a crash after some were reported",
      (outcome: ScanOutcome) => ({ ...outcome, failure: dead, hosts: [host("10.0.0.1")] }),
      ["10.0.0.0-10.0.0.0 killed 1-100", "10.0.0.2-10.0.0.3 killed 1-100"],
      { up: 1, unknown: 3 },
    ],
    [
      "hosts that timed out",
      (outcome: ScanOutcome) => ({
        ...outcome,
        hosts: [host("10.0.0.1", { timedOut: true }), host("10.0.0.2", { timedOut: true })],
      }),
      ["10.0.0.1-10.0.0.2 timeout 1-100"],
      { up: 0, down: 2, timedOut: 2, answered: 2 },
    ],
    [
      "ports that cannot be reached",
      (outcome: ScanOutcome) => ({
        ...outcome,
        hosts: [
          host("10.0.0.1", { unreachable: "1-100", alive: false }),
          host("10.0.0.2", { unreachable: "50-100" }),
        ],
      }),
      ["10.0.0.1-10.0.0.1 no_route 1-100", "10.0.0.2-10.0.0.2 no_route 50-100"],
      { up: 1, down: 2, unknown: 1 },
    ],
  ] as const
) {
  Deno.test(`scanOnce() says what is unknown after ${what}`, async () => {
    const scanned = await scanFake([makeUnit("10.0.0.0/30")], { change });
    assert.deepEqual(gapsOf(scanned), expected);
    const all = { up: 0, down: 0, timedOut: 0, unknown: 0 };
    const { up, down, timedOut, unknown } = scanned.findings.count();
    const { answered: _, ...wanted } = { ...all, ...counts, answered: 0 };
    assert.deepEqual({ up, down, timedOut, unknown }, wanted);
  });
}

Deno.test("scanOnce() keeps what finished when it is stopped, and names the rest", async () => {
  const stop = new AbortController();
  const network = new FakeNetwork({ "10.0.0.1": [22] });
  let processes = 0;
  const scanned = await scanFake([makeUnit("10.0.0.0/26"), makeUnit("10.9.0.0/26")], {
    workers: 1,
    signal: stop.signal,
    scanner: async (job, signal) => {
      if (processes++ === 0) return network.scan(job, { startedAt: 1, endedAt: 2 });
      stop.abort();
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      return failedOutcome({ type: "stopped", message: "stopped" });
    },
  });
  assert.equal(processes, 2);
  const { up, unknown } = scanned.findings.count();
  assert.deepEqual([up > 0, up + unknown], [true, 128]);
  assert.deepEqual(
    new Set(scanned.findings.gaps().map(({ type }) => type)),
    new Set(["stopped"]),
  );
  assert.equal(scanned.findings.gaps().reduce((sum, { count }) => sum + count, 0), unknown);
  assert.deepEqual(scanned.state.openPorts({ address: "10.0.0.1", protocol: "tcp" }), [22]);
});

Deno.test("scanOnce() names what scanning.timeout left no time for", async () => {
  const unit = makeUnit("10.0.0.0/24", { timeout: 1, nmap: { minRate: 100 } });
  const scanned = await scanFake([unit], {
    workers: 1,
    // Each process takes longer than the whole unit may.
    scanner: async (job, signal) => {
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      const { hosts } = new FakeNetwork().scan(job, { startedAt: 1, endedAt: 2 });
      assert.ok(hosts.length > 0);
      return failedOutcome({ type: "stopped", message: "stopped" });
    },
  });
  assert.deepEqual(new Set(scanned.findings.gaps().map(({ type }) => type)), new Set(["timeout"]));
  assert.deepEqual(scanned.findings.count().unknown, 256);
});
