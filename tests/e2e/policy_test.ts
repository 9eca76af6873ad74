import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { wrapNmap } from "../support/nmap_wrapper.ts";
import { OpenPorts } from "../support/open_ports.ts";
import { samplesOf } from "../support/samples_of.ts";

type Samples = ReadonlyMap<string, number>;

const unexpected = (samples: Samples) =>
  samplesOf(samples, "openport_unexpected_open_port", "name", "ip", "port");
const missing = (samples: Samples) =>
  samplesOf(samples, "openport_expected_port_missing", "name", "ip", "port");
const counts = (samples: Samples) => ({
  violations: samplesOf(samples, "openport_policy_violations", "name"),
  unknown: samplesOf(samples, "openport_policy_unknown_ports", "name"),
});
const status = (samples: Samples) => samplesOf(samples, "open_port_status", "ip", "port");

for (const ending of ["killed", "timed out"] as const) {
  Deno.test(`what is expected, allowed, unexpected and missing is told, and with scans ${ending} what is unknown`, async () => {
    const ip = ending === "killed" ? "127.0.71.1" : "127.0.71.2";
    await using nmap = await wrapNmap();
    using ports = new OpenPorts();
    ports.open(ip, 2101, 2102, 2103);
    await nmap.end(ending);
    await using exporter = await Exporter.start({
      pathPrefix: nmap.dir,
      config: `scanning: { interval: 1, host_timeout: 0, min_rate: 0, min_parallelism: 0 }
targets:
  - { target: ${ip}, name: web, port_range: "2101-2105", expected_ports: "2101,2102/tcp", allowed_ports: "2103" }
`,
    });
    const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
      exporter.until(check, { seconds: 30, what });
    const failures = (samples: Samples) =>
      Object.values(samplesOf(samples, "scans_failed_total", "target", "error_type"))
        .reduce((sum, value) => sum + value, 0);

    const never = await page((now) => failures(now) >= 1, "a first scan fails");
    assert.deepEqual(counts(never), { violations: { web: 0 }, unknown: { web: 2 } });
    assert.deepEqual([unexpected(never), missing(never)], [{}, {}]);

    await nmap.end("own");
    const fine = await page((now) => counts(now).unknown["web"] === 0, "everything is known");
    assert.deepEqual(counts(fine), { violations: { web: 0 }, unknown: { web: 0 } });
    assert.deepEqual([unexpected(fine), missing(fine)], [{}, {}]);
    assert.deepEqual(status(fine), { [`${ip} 2101`]: 1, [`${ip} 2102`]: 1, [`${ip} 2103`]: 1 });

    ports.close(ip, 2101);
    ports.open(ip, 2104);
    const wrong = await page((now) => counts(now).violations["web"] === 2, "both are counted");
    assert.deepEqual(missing(wrong), { [`web ${ip} 2101`]: 1 });
    assert.deepEqual(unexpected(wrong), { [`web ${ip} 2104`]: 1 });
    assert.equal(counts(wrong).unknown["web"], 0);

    await nmap.end(ending);
    const failed = failures(wrong);
    const dark = await page((now) => failures(now) >= failed + 2, "two scans fail");
    assert.deepEqual(counts(dark), { violations: { web: 1 }, unknown: { web: 2 } });
    assert.deepEqual(missing(dark), {});
    // what is known to be open is still open
    assert.deepEqual(unexpected(dark), { [`web ${ip} 2104`]: 1 });
    assert.deepEqual(status(dark), status(wrong));
    const types = Object.keys(samplesOf(dark, "scans_failed_total", "error_type"));
    assert.ok(types.includes(ending === "killed" ? "killed" : "timeout"), `${types}`);

    // what closes while nobody can look is no fine port either
    ports.open(ip, 2101);
    ports.close(ip, 2102);
    await nmap.end("own");
    const light = await page((now) => counts(now).unknown["web"] === 0, "it is known again");
    assert.deepEqual(missing(light), { [`web ${ip} 2102`]: 1 });
    ports.open(ip, 2102);
    ports.close(ip, 2104);
    const well = await page((now) => counts(now).violations["web"] === 0, "all is well again");
    assert.deepEqual([unexpected(well), missing(well)], [{}, {}]);
  });
}

Deno.test("an expected port that seems closed and cannot be looked at again is unknown", async () => {
  const ip = "127.0.71.3";
  await using nmap = await wrapNmap();
  using ports = new OpenPorts();
  ports.open(ip, 2101, 2102);
  await using exporter = await Exporter.start({
    pathPrefix: nmap.dir,
    config: `scanning: { interval: 1 }
targets: [{ target: ${ip}, name: web, port_range: "2101-2105", expected_ports: "2101,2102" }]
`,
  });
  const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
    exporter.until(check, { seconds: 20, what });
  await page((now) => Object.keys(status(now)).length === 2, "both are open");
  await nmap.end("unconfirmed");
  ports.close(ip, 2101);
  const doubted = await page((now) => counts(now).unknown["web"] === 1, "one is unknown");
  assert.deepEqual(missing(doubted), {});
  assert.deepEqual(status(doubted), { [`${ip} 2101`]: 1, [`${ip} 2102`]: 1 });
  await nmap.end("own");
  const sure = await page((now) => counts(now).unknown["web"] === 0, "it is known");
  assert.deepEqual(missing(sure), { [`web ${ip} 2101`]: 1 });
});

Deno.test("what a failed scan left unknown is unknown after a restart as well", async () => {
  const ip = "127.0.71.4";
  await using nmap = await wrapNmap();
  using ports = new OpenPorts();
  ports.open(ip, 2101);
  const directory = await Deno.makeTempDir({ prefix: "openport-policy-" });
  const options = {
    directory,
    pathPrefix: nmap.dir,
    config: `scanning: { interval: 3600 }
targets: [{ target: ${ip}, name: web, port_range: "2101-2105", expected_ports: "2101,2102" }]
`,
  };
  const scanNow = async (exporter: Exporter, verdict: ReturnType<typeof counts>) => {
    assert.match(await exporter.get(`/query?ip=${ip}&ports=2101-2105`), /success/);
    const isIt = (now: Samples) => JSON.stringify(counts(now)) === JSON.stringify(verdict);
    await exporter.until(isIt, { seconds: 20, what: JSON.stringify(verdict) });
  };
  const known = { violations: { web: 1 }, unknown: { web: 0 } };
  const unknown = { violations: { web: 0 }, unknown: { web: 2 } };
  try {
    {
      await using exporter = await Exporter.start(options);
      await exporter.until((now) => counts(now).violations["web"] === 1, {
        seconds: 20,
        what: "it is scanned",
      });
    }
    {
      await using exporter = await Exporter.start(options);
      assert.deepEqual(counts(await exporter.metrics()), known);
      await nmap.end("killed");
      await scanNow(exporter, unknown);
    }
    await using exporter = await Exporter.start(options);
    assert.deepEqual(counts(await exporter.metrics()), unknown);
    await nmap.end("own");
    await scanNow(exporter, known);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("where targets overlap, a port is one series of its address, and each target judges it", async () => {
  const ip = "127.0.72.1";
  using ports = new OpenPorts();
  ports.open(ip, 2101, 2102, 2104);
  await using exporter = await Exporter.start({
    config: `scanning: { interval: 1 }
targets:
  - { target: 127.0.72.0/30, name: wide, port_range: "2101-2103", allowed_ports: "2101" }
  - { target: ${ip}, name: narrow, port_range: "2102-2104", expected_ports: "2102" }
  - { target: ${ip}, name: narrow again, port_range: "2102-2104", allowed_ports: "1-65535" }
`,
  });
  const both = await exporter.until(
    (now) => Object.values(samplesOf(now, "scans_successful_total", "target")).every((n) => n >= 1),
    { seconds: 30, what: "all are scanned" },
  );
  assert.deepEqual(Object.keys(samplesOf(both, "scans_successful_total", "target", "port_range")), [
    "127.0.72.0/30 2101-2103",
    `${ip}/32 2102-2104`,
  ]);
  assert.deepEqual(status(both), { [`${ip} 2101`]: 1, [`${ip} 2102`]: 1, [`${ip} 2104`]: 1 });
  assert.equal(samplesOf(both, "open_ports_total", "ip")[ip], 3);
  assert.deepEqual(unexpected(both), {
    [`narrow ${ip} 2101`]: 1,
    [`narrow ${ip} 2104`]: 1,
    [`wide ${ip} 2102`]: 1,
    [`wide ${ip} 2104`]: 1,
  });
  assert.deepEqual(counts(both).violations, { narrow: 2, "narrow again": 0, wide: 2 });

  ports.close(ip, 2102);
  const closed = await exporter.until((now) => status(now)[`${ip} 2102`] === 0, {
    seconds: 20,
    what: "it is closed",
  });
  const rounds = (samples: Samples) => samplesOf(samples, "scans_successful_total", "target");
  const later = await exporter.until(
    (now) => Object.entries(rounds(now)).every(([target, n]) => n >= rounds(closed)[target]! + 2),
    { seconds: 20, what: "both have looked again" },
  );
  const closings = Object.entries(
    samplesOf(later, "port_state_changes_total", "change_type", "target"),
  ).filter(([key]) => key.startsWith("open_to_closed")).map(([, value]) => value);
  assert.equal(closings.reduce((sum, value) => sum + value, 0), 1);
  assert.deepEqual(missing(later), { [`narrow ${ip} 2102`]: 1 });
  assert.deepEqual(counts(later).violations, { narrow: 3, "narrow again": 0, wide: 1 });
});

Deno.test("the options of a target object reach nmap", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { otherwise: { tcp: [80] } } });
  await using exporter = await Exporter.start({
    pathPrefix: fake.dir,
    config: `scanning: { interval: 3600, port_range: "1-100", max_rate: 5000 }
targets:
  - 127.0.73.1
  - target: [127.0.73.2, "::1"]
    name: own
    port_range: top:10
    protocol: both
    scanning: { max_rate: 2000, scan_technique: connect, max_retries: 2, host_timeout: 40, scan_delay: 150ms }
`,
  });
  await exporter.until(
    (now) =>
      Object.values(samplesOf(now, "scans_successful_total", "target", "protocol"))
        .filter((n) => n === 1).length === 5,
    { seconds: 30, what: "all five are scanned" },
  );
  const scans = (await fake.scans()).map((args) => args.join(" ")).sort();
  const own = "-Pn --max-retries 2 --max-rate 2000 --host-timeout 40s --scan-delay 150ms";
  const tcp = "-p 21-23,25,80,110,139,443,445,3389";
  const udp = "-p 53,67,123,135,137-138,161,445,631,1434";
  const head = "-oX - --stats-every 1s";
  const plain =
    "-Pn --min-rate 1000 --min-parallelism 1000 --max-retries 6 --max-rate 5000 --host-timeout 300s";
  assert.deepEqual(
    scans,
    [
      `${head} --privileged -sS -n ${plain} -p 1-100 -- 127.0.73.1`,
      `${head} --privileged -sU -6 -n ${own} ${udp} -- ::1`,
      `${head} --privileged -sU -n ${own} ${udp} -- 127.0.73.2`,
      `${head} --unprivileged -sT -6 -n ${own} ${tcp} -- ::1`,
      `${head} --unprivileged -sT -n ${own} ${tcp} -- 127.0.73.2`,
    ].sort(),
  );
});
