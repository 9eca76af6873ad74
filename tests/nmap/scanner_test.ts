import assert from "node:assert/strict";
import { ROOT } from "../support/root.ts";
import { join } from "node:path";
import type { ScanJob, ScanOutcome, Technique } from "../../src/domain/scan.ts";
import { NmapProcesses } from "../../src/nmap/process.ts";
import { createNmapScanner } from "../../src/nmap/scanner.ts";
import { looksOf } from "../../src/state/look.ts";
import { type FakeNmap, type FakeScenario, makeFakeNmap } from "../support/fake_nmap.ts";
import { makeJob } from "./builders.ts";

const TWO = makeJob({ addresses: ["127.0.0.1", "127.0.0.2"] });
const OPEN: FakeScenario = { hosts: { "127.0.0.1": { tcp: [22, 80, 500] } } };

/** A scanner that runs the fake; its clock ticks once per question. */
function scannerOf(fake: FakeNmap, technique: Technique = "syn") {
  let clock = 0;
  const scan = createNmapScanner({
    processes: new NmapProcesses({ path: `${fake.dir}:${Deno.env.get("PATH")}`, killGraceMs: 300 }),
    technique: () => technique,
    version: () => "7.93",
    isExcluded: () => false,
    now: () => ++clock,
  });
  return (job: ScanJob = TWO, signal = new AbortController().signal) => scan(job, signal);
}

/** What a scan of 127.0.0.1 and 127.0.0.2 gives when nmap behaves like this. */
async function outcomeOf(scenario: FakeScenario, job: ScanJob = TWO): Promise<ScanOutcome> {
  await using fake = await makeFakeNmap(undefined, { scenario });
  return await scannerOf(fake)(job);
}

const summary = ({ failure, hosts }: ScanOutcome) => [
  failure?.type,
  ...hosts.map(({ address, open }) => `${address}: ${open.tcp}`),
];

Deno.test("the nmap scanner gives hosts, coverage and times of a complete process", async () => {
  const outcome = await outcomeOf(OPEN);
  assert.deepEqual(summary(outcome), [undefined, "127.0.0.1: 22,80", "127.0.0.2: "]);
  assert.equal(outcome.covered.tcp, TWO.ports);
  assert.equal(outcome.covered.udp.size, 0);
  assert.deepEqual([outcome.startedAt, outcome.endedAt], [1, 2]);
});

Deno.test("the nmap scanner counts timed-out and unlisted hosts as part of a complete process", async () => {
  const outcome = await outcomeOf({
    hosts: { "127.0.0.1": { state: "timedout" }, "127.0.0.2": { state: "down" } },
  });
  assert.deepEqual(summary(outcome), [undefined, "127.0.0.1: "]);
  assert.equal(outcome.hosts[0]!.timedOut, true);
});

Deno.test("the nmap scanner tells what went wrong and keeps hosts reported whole", async () => {
  const cases: [FakeScenario, ...unknown[]][] = [
    [{ fault: "garbage" }, "bad_output"],
    [{ fault: "empty" }, "bad_output"],
    [{ fault: "truncated" }, "bad_output", "127.0.0.1: 22,80", "127.0.0.2: "],
    [{ fault: "dies" }, "killed", "127.0.0.1: 22,80"],
    [{ raw: false }, "permission"],
    [{ exitCode: 255, stderr: "nmap: unrecognized option '--x'\n" }, "other"],
    [{ exitCode: 1 }, "other"],
  ];
  for (const [scenario, ...expected] of cases) {
    const outcome = await outcomeOf({ ...OPEN, ...scenario });
    assert.deepEqual(summary(outcome), expected, JSON.stringify(scenario));
    assert.match(outcome.failure!.message, /^Cannot /);
  }
});

Deno.test("the nmap scanner is not disturbed by noise on stderr or a grandchild", async () => {
  const noisy = "Warning: Your --min-parallelism option is pretty high!\n";
  for (const scenario of [{ stderr: noisy }, { fault: "holds_pipes" }] as const) {
    assert.equal((await outcomeOf({ ...OPEN, ...scenario })).failure, undefined);
  }
});

Deno.test("the nmap scanner says after how long it gave up, and which key decides", async () => {
  const outcome = await outcomeOf({ fault: "silent" }, { ...TWO, timeoutMs: 500 });
  assert.equal(outcome.failure?.type, "timeout");
  assert.match(outcome.failure.message, /within 0\.5 s \(scanning\.timeout\)/);
  assert.equal(outcome.covered.tcp, TWO.ports);
});

Deno.test("the nmap scanner stops when told to, before or during a scan", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { fault: "silent" } });
  const scan = scannerOf(fake);
  assert.equal((await scan(TWO, AbortSignal.abort())).failure?.type, "stopped");
  assert.deepEqual(await fake.calls(), []);
  assert.equal((await scan(TWO, AbortSignal.timeout(300))).failure?.type, "stopped");
});

Deno.test("the nmap scanner tells ports that answered as closed", async () => {
  const { hosts } = await outcomeOf({ ...OPEN, otherwise: { rest: "filtered" } });
  assert.deepEqual(hosts.map(({ closed }) => `${closed.tcp}`), ["1-21,23-79,81-100", ""]);
});

const NOT_SENT =
  "sendto in send_ip_packet_sd: sendto(4, packet, 44, 0, 127.0.0.2, 16) => Network is unreachable\n";
const covers = ({ hosts, covered }: ScanOutcome) =>
  hosts.map(({ address, up, unreachable }) =>
    `${address}${up ? "" : " down"}: ${covered.tcp.subtract(unreachable.tcp)}`
  );

Deno.test("the nmap scanner believes answers only where packets could not be sent, and finds nothing wrong with the process", async () => {
  const outcome = await outcomeOf({
    hosts: {
      "127.0.0.1": { tcp: [22, 80], rest: "filtered" },
      "127.0.0.2": { tcp: [443] },
      "127.0.0.3": { rest: "filtered" },
    },
    stderr: NOT_SENT,
  }, makeJob({ addresses: ["127.0.0.1", "127.0.0.2", "127.0.0.3"] }));
  assert.deepEqual(summary(outcome), [
    undefined,
    "127.0.0.1: 22,80",
    "127.0.0.2: ",
    "127.0.0.3: ",
  ]);
  // what was open or closed answered
  assert.deepEqual(covers(outcome), [
    "127.0.0.1: 22,80",
    "127.0.0.2: 1-100",
    "127.0.0.3: ",
  ]);
  assert.equal(`${outcome.covered.tcp}`, "1-100");
});

Deno.test("the nmap scanner believes of no address that it is down where packets could not be sent", async () => {
  const hosts = { "127.0.0.1": { tcp: [22], rest: "filtered" }, "127.0.0.2": { state: "down" } };
  const outcome = await outcomeOf({ hosts, stderr: NOT_SENT } as FakeScenario);
  assert.equal(outcome.failure, undefined);
  assert.deepEqual(covers(outcome), ["127.0.0.1: 22", "127.0.0.2: "]);
  const { looks, down, unreachable } = looksOf(outcome, {
    addresses: TWO.addresses,
    protocol: "tcp",
    ports: TWO.ports,
    clockOffset: 0,
  });
  assert.deepEqual([looks.length, down, unreachable], [1, 0, ["127.0.0.2"]]);
});

Deno.test("the nmap scanner keeps what went wrong beside packets that could not be sent", async () => {
  const outcome = await outcomeOf({ ...OPEN, fault: "dies", stderr: NOT_SENT });
  assert.deepEqual(summary(outcome), ["killed", "127.0.0.1: 22,80"]);
  assert.deepEqual(covers(outcome), ["127.0.0.1: 1-100"]);
});

Deno.test("the nmap scanner tells ports that this machine could not reach for", async () => {
  const job = makeJob({ nmap: { technique: "connect" } });
  const { hosts } = await outcomeOf({ otherwise: { tcp: [5], rest: "unreachable" } }, job);
  assert.equal(hosts[0]!.unreachable.tcp.toString(), "1-4,6-100");
});

Deno.test("the nmap scanner resolves auto at each scan and obeys what is written", async () => {
  await using fake = await makeFakeNmap();
  let technique: Technique = "syn";
  const scan = createNmapScanner({
    processes: new NmapProcesses({ path: `${fake.dir}:${Deno.env.get("PATH")}` }),
    technique: () => technique,
    version: () => "7.93",
    isExcluded: () => false,
    now: () => 0,
  });
  const { signal } = new AbortController();
  await scan(makeJob(), signal);
  technique = "connect";
  await scan(makeJob(), signal);
  await scan(makeJob({ nmap: { technique: "syn" } }), signal);
  await scan(makeJob({ protocol: "udp" }), signal);
  assert.deepEqual(
    (await fake.scans()).map((args) => args.find((arg) => /^-s[STU]$/.test(arg))),
    ["-sS", "-sT", "-sS", "-sU"],
  );
});

Deno.test("the nmap scanner starts nothing for a job that is no job", async () => {
  await using fake = await makeFakeNmap();
  const outcome = await scannerOf(fake)(makeJob({ addresses: ["-iL/etc/passwd"] }));
  assert.equal(outcome.failure?.type, "other");
  assert.deepEqual(await fake.calls(), []);
});

Deno.test("the nmap scanner starts nothing for a job that has an excluded address", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: OPEN });
  const scan = createNmapScanner({
    processes: new NmapProcesses({ path: `${fake.dir}:${Deno.env.get("PATH")}` }),
    technique: () => "syn",
    version: () => "7.93",
    isExcluded: (address) => address === "127.0.0.2",
    now: () => 0,
  });
  const { signal } = new AbortController();
  const { failure, hosts } = await scan(TWO, signal);
  const message = "Cannot scan 127.0.0.2: it is excluded (scanning.exclude)";
  assert.deepEqual([failure, hosts], [{ type: "other", message }, []]);
  assert.deepEqual(await fake.calls(), []);
  assert.equal((await scan(makeJob(), signal)).failure, undefined);
});

Deno.test("the nmap scanner says that nmap is missing, and recovers when it appears", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: OPEN });
  const path = join(fake.dir, "nmap");
  const processes = new NmapProcesses({
    path: Deno.env.get("PATH"),
    candidates: ["/nonexistent/nmap", path],
  });
  const scan = createNmapScanner({
    processes,
    technique: () => "syn",
    version: () => "7.93",
    isExcluded: () => false,
    now: () => 0,
  });
  const { signal } = new AbortController();
  await Deno.chmod(path, 0o644);
  const failed = await scan(TWO, signal);
  assert.equal(failed.failure?.type, "nmap_missing");
  assert.match(failed.failure.message, /apt-get install nmap/);
  await Deno.chmod(path, 0o755);
  assert.equal((await scan(TWO, signal)).failure, undefined);
});

Deno.test("the nmap scanner reads replayed bytes in pieces of any size", async () => {
  const file = `${ROOT}tests/testdata/nmap/host-timeout-partial.xml`;
  const job = makeJob({ addresses: ["10.77.0.2", "10.77.0.4"] });
  for (const chunk of [7, 100_000]) {
    const outcome = await outcomeOf({ replay: { file, chunk } }, job);
    assert.deepEqual(summary(outcome), [undefined, "10.77.0.2: 1,21,22,80", "10.77.0.4: "]);
  }
});

Deno.test("the nmap scanner reads 60 MB of hosts nobody asked for in little memory", async () => {
  const before = Deno.memoryUsage().rss;
  const outcome = await outcomeOf({ ...OPEN, fault: "huge", hugeBytes: 60e6 });
  assert.deepEqual(summary(outcome), ["bad_output", "127.0.0.1: 22,80", "127.0.0.2: "]);
  assert.ok(Deno.memoryUsage().rss - before < 200e6);
});
