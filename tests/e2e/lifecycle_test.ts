import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { type FakeNmap, type FakeScenario, makeFakeNmap } from "../support/fake_nmap.ts";

const KEY = '{target="127.0.0.1/32",port_range="1-100",protocol="tcp"}';
const failed = (type: string) => `scans_failed_total${KEY.slice(0, -1)},error_type="${type}"}`;
const CONFIG = `scanning: { interval: 1, port_range: "1-100", timeout: 2 }
targets: ["127.0.0.1"]
`;
const GOOD: FakeScenario = { hosts: { "127.0.0.1": { tcp: [22, 80] } } };

const FAULTS: readonly [name: string, scenario: FakeScenario, type: string][] = [
  ["garbage", { ...GOOD, fault: "garbage" }, "bad_output"],
  ["no output", { ...GOOD, fault: "empty" }, "bad_output"],
  ["a truncated document", { ...GOOD, fault: "truncated" }, "bad_output"],
  ["silence", { ...GOOD, fault: "silent" }, "timeout"],
  ["silence that ignores SIGTERM", { ...GOOD, fault: "silent", ignoresSigterm: true }, "timeout"],
  ["slowness", { ...GOOD, delayMs: 30_000 }, "timeout"],
  ["a signal", { ...GOOD, fault: "dies" }, "killed"],
  ["exit code 1", { ...GOOD, exitCode: 1, stderr: "Something broke\nQUITTING!\n" }, "other"],
  ["a missing privilege", {
    ...GOOD,
    exitCode: 1,
    stderr: "You requested a scan type which requires root privileges.\nQUITTING!\n",
  }, "permission"],
  ["a host that times out", { hosts: { "127.0.0.1": { state: "timedout" } } }, "timeout"],
];

for (const [name, scenario, type] of FAULTS) {
  Deno.test(`an nmap with ${name} fails as ${type} and closes nothing`, async () => {
    await using fake = await makeFakeNmap(undefined, { scenario: GOOD });
    await using exporter = await Exporter.start({ config: CONFIG, pathPrefix: fake.dir });
    await exporter.until((samples) => samples.get('open_ports_total{ip="127.0.0.1"}') === 2, {
      seconds: 20,
      what: "the ports are open",
    });
    await fake.set(scenario);
    const samples = await exporter.until((now) => (now.get(failed(type)) ?? 0) >= 1, {
      seconds: 30,
      what: "the failure is counted",
    });
    assert.equal(samples.get('open_ports_total{ip="127.0.0.1"}'), 2);
    assert.equal(samples.get('open_port_status{ip="127.0.0.1",port="80",protocol="tcp"}'), 1);
    await fake.set(GOOD);
    const scans = samples.get(`scans_successful_total${KEY}`)!;
    const later = await exporter.until((now) => now.get(`scans_successful_total${KEY}`)! > scans, {
      seconds: 30,
      what: "scans succeed again",
    });
    const changes = [...later].filter(([sample]) => sample.startsWith("port_state_changes_total"));
    assert.deepEqual(changes.map(([, value]) => value), [0, 0]);
  });
}

Deno.test("a flood on stderr changes nothing", async () => {
  await using fake = await makeFakeNmap(undefined, {
    scenario: { ...GOOD, fault: "floods_stderr" },
  });
  await using exporter = await Exporter.start({
    config: CONFIG.replace("timeout: 2", "timeout: 60"),
    pathPrefix: fake.dir,
  });
  await exporter.until((samples) => samples.get('open_ports_total{ip="127.0.0.1"}') === 2, {
    seconds: 60,
    what: "the ports are open",
  });
});

Deno.test("the program answers while an nmap writes 300 MB", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: GOOD });
  await using exporter = await Exporter.start({
    config: CONFIG.replace("timeout: 2", "timeout: 120"),
    pathPrefix: fake.dir,
  });
  await exporter.until((samples) => samples.get('open_ports_total{ip="127.0.0.1"}') === 2, {
    seconds: 20,
    what: "the ports are open",
  });
  await fake.set({ ...GOOD, fault: "huge" });
  const samples = await exporter.until((now) => (now.get(failed("bad_output")) ?? 0) >= 1, {
    seconds: 120,
    what: "the document is refused",
  });
  assert.equal(samples.get('open_ports_total{ip="127.0.0.1"}'), 2);
  const megabytes = samples.get("process_resident_memory_bytes")! / 1e6;
  assert.ok(megabytes < 300, `${megabytes} MB`);
});

Deno.test("SIGTERM ends nmap and the program with exit code 0 and counts no failure", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { ...GOOD, delayMs: 60_000 } });
  await using exporter = await Exporter.start({
    config: CONFIG.replace("timeout: 2", "timeout: 60"),
    pathPrefix: fake.dir,
  });
  await scanBegan(fake);
  const before = performance.now();
  exporter.kill("SIGTERM");
  assert.equal((await exporter.ended()).code, 0);
  assert.ok(performance.now() - before < 10_000);
  assert.deepEqual(await processesIn(fake.dir), []);
  assert.ok(exporter.log.some((line) => line.includes('msg="Scan stopped"')));
});

Deno.test("/healthz says 503 while an nmap that ignores SIGTERM is being ended", async () => {
  await using fake = await makeFakeNmap(undefined, {
    scenario: { ...GOOD, fault: "silent", ignoresSigterm: true },
  });
  await using exporter = await Exporter.start({
    config: CONFIG.replace("timeout: 2", "timeout: 60"),
    pathPrefix: fake.dir,
  });
  await scanBegan(fake);
  const before = performance.now();
  exporter.kill("SIGINT");
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const health = await fetch(`${exporter.url}/healthz`);
  assert.equal(health.status, 503);
  assert.equal((await health.json()).message, "The exporter is shutting down");
  assert.equal((await exporter.ended()).code, 0);
  assert.ok(performance.now() - before < 10_000);
  assert.deepEqual(await processesIn(fake.dir), []);
});

Deno.test("a second signal ends the program and nmap at once", async () => {
  await using fake = await makeFakeNmap(undefined, {
    scenario: { ...GOOD, fault: "silent", ignoresSigterm: true },
  });
  await using exporter = await Exporter.start({
    config: CONFIG.replace("timeout: 2", "timeout: 60"),
    pathPrefix: fake.dir,
  });
  await scanBegan(fake);
  exporter.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = performance.now();
  exporter.kill("SIGTERM");
  assert.equal((await exporter.ended()).code, 1);
  assert.ok(performance.now() - before < 2000);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(await processesIn(fake.dir), []);
});

Deno.test("SIGUSR1 opens no debugger: it ends the program and nmap at once", async () => {
  await using fake = await makeFakeNmap(undefined, {
    scenario: { ...GOOD, fault: "silent", ignoresSigterm: true },
  });
  await using exporter = await Exporter.start({
    config: CONFIG.replace("timeout: 2", "timeout: 60"),
    pathPrefix: fake.dir,
  });
  await scanBegan(fake);
  // Deno itself begins to listen to the signal half a second after its start.
  await new Promise((resolve) => setTimeout(resolve, 700));
  exporter.kill("SIGUSR1");
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), 2000);
  assert.equal((await Promise.race([exporter.ended(), late.promise]))?.code, 1);
  clearTimeout(timer);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(await processesIn(fake.dir), []);
});

Deno.test("without raw sockets auto falls back to a connect scan with one warning", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { ...GOOD, raw: false } });
  await using exporter = await Exporter.start({ config: CONFIG, pathPrefix: fake.dir });
  const samples = await exporter.until(
    (now) => (now.get(`scans_successful_total${KEY}`) ?? 0) >= 2,
    {
      seconds: 20,
      what: "scans succeed",
    },
  );
  assert.equal(samples.get('openport_nmap_info{version="7.93",scan_technique="connect"}'), 1);
  assert.equal(
    exporter.log.filter((line) => line.includes("level=warn") && line.includes("raw")).length,
    1,
  );
  for (const scan of await fake.scans()) assert.ok(scan.includes("-sT"));
});

Deno.test("a privilege that is lost is noticed and the scan is repeated by connect at once", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: GOOD });
  await using exporter = await Exporter.start({
    config: CONFIG.replace("interval: 1", "interval: 3"),
    pathPrefix: fake.dir,
  });
  await exporter.until((samples) => samples.get(`scans_successful_total${KEY}`) === 1, {
    seconds: 20,
    what: "a SYN scan succeeds",
  });
  await fake.set({ ...GOOD, raw: false });
  const samples = await exporter.until((now) => now.get(`scans_successful_total${KEY}`)! >= 2, {
    seconds: 20,
    what: "a connect scan succeeds",
  });
  assert.equal(samples.get(failed("permission")), 1);
  assert.equal(samples.get('openport_nmap_info{version="7.93",scan_technique="connect"}'), 1);
});

Deno.test("UDP without the privilege fails as permission and says what to grant", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { ...GOOD, raw: false } });
  await using exporter = await Exporter.start({
    config: CONFIG.replace("timeout: 2", "timeout: 2, udp_scan: true"),
    pathPrefix: fake.dir,
  });
  await exporter.until(
    (samples) => (samples.get(failed("permission").replace("tcp", "udp")) ?? 0) >= 1,
    { seconds: 20, what: "the UDP scan fails" },
  );
  assert.ok(
    exporter.log.some((line) => line.includes("permission") && line.includes("CAP_NET_RAW")),
  );
});

/** Waits until the fake has begun a scan and obeys its scenario. */
async function scanBegan(fake: FakeNmap): Promise<void> {
  while ((await fake.scans()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 200));
}

/** Command lines of processes that run something in this directory. */
async function processesIn(directory: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("pgrep", { args: ["-af", directory] }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((line) =>
    line.includes("/nmap") && !line.includes("pgrep")
  );
}
