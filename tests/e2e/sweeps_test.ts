import assert from "node:assert/strict";
import { parsePorts, PortSet } from "../../src/domain/ports.ts";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { lab } from "../support/lab.ts";
import { wrapNmap } from "../support/nmap_wrapper.ts";
import { samplesOf } from "../support/samples_of.ts";

type Samples = ReadonlyMap<string, number>;

const IP = "10.77.0.2";
const FULL = "1-65535";
/** Open from the beginning, in order; 22, 80, 5000 and 8080 are among the top 100. */
const OPEN = [1, 21, 22, 80, 5000, 8080, 40000, 65535];

const rounds = (samples: Samples) => samplesOf(samples, "scans_successful_total", "port_range");
const lastScans = (samples: Samples) =>
  samplesOf(samples, "last_scan_timestamp_seconds", "port_range");
const openPorts = (samples: Samples) =>
  Object.entries(samplesOf(samples, "open_port_status", "port"))
    .filter(([, value]) => value === 1).map(([port]) => Number(port)).sort((a, b) => a - b);

const portsOf = (args: readonly string[]) => parsePorts(args[args.indexOf("-p") + 1]!);
const isTop = (ports: PortSet) => ports.size === 100;

/** Changes in the log, oldest first, each with the sweep that saw it: with one worker, the next to end. */
function seenBy(log: readonly string[]): string[] {
  const seen: string[] = [];
  let waiting: string[] = [];
  for (const line of log) {
    const change = /msg="Port (opened|closed)" .*port=(\d+)/.exec(line);
    if (change !== null) waiting.push(`${change[2]} ${change[1]}`);
    const range = /msg="Scan \w+" .*port_range=(\S+)/.exec(line)?.[1];
    if (range === undefined) continue;
    seen.push(...waiting.map((what) => `${what} by ${range}`));
    waiting = [];
  }
  return seen;
}

Deno.test("in a network of namespaces, sweeps see what opens and closes long before the next full scan", async () => {
  await lab("up", "--delay", "0");
  try {
    await using nmap = await wrapNmap();
    await using exporter = await Exporter.start({
      through: ["ip", "netns", "exec", "cx-scan"],
      pathPrefix: nmap.dir,
      config: `scanning: { worker_count: 1, interval: 1h, min_rate: 5000 }
targets:
  - target: ${IP}
    name: host
    expected_ports: "22,443,3389"
    sweeps:
      - { port_range: known, interval: 1s }
      - { port_range: "top:100", interval: 1s }
`,
    });
    const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
      exporter.until(check, { seconds: 60, what });
    const first = await page(
      (now) =>
        ["known", "top:100", FULL].every((range) => rounds(now)[range]! >= 2 - +(range === FULL)),
      "every sweep is done",
    );
    assert.deepEqual(openPorts(first), OPEN);
    // what is expected is looked at as well, though it never was open
    const missing = (samples: Samples) =>
      Object.keys(samplesOf(samples, "openport_expected_port_missing", "port"));
    assert.deepEqual(missing(first), ["443", "3389"]);
    const scans = (await nmap.scans()).length;

    // in the top 100 (9100), expected (3389), and neither (40001)
    const pid = Number(
      await lab("serve", "h2", "tcp:9100:silent", "tcp:3389:silent", "tcp:40001:silent"),
    );
    const opened = await page(
      (now) => openPorts(now).includes(9100) && openPorts(now).includes(3389),
      "both are seen",
    );
    const steps = async (from: Samples, count: number) =>
      await page(
        (now) =>
          ["known", "top:100"].every((range) =>
            rounds(now)[range]! >= rounds(from)[range]! + count
          ),
        `${count} more of each sweep`,
      );
    const steady = await steps(opened, 2);
    const open = [...OPEN, 9100, 3389].sort((a, b) => a - b);
    assert.deepEqual(openPorts(steady), open);
    assert.deepEqual(missing(steady), ["443"]);

    // the process that the lab started ends, and what it listened on closes
    Deno.kill(pid, "SIGTERM");
    const closed = await page((now) => openPorts(now).length === OPEN.length, "both are closed");
    const end = await steps(closed, 2);
    assert.deepEqual(openPorts(end), OPEN);

    // nothing but that has changed, and the full scan had no part in it
    const seen = seenBy(exporter.log);
    assert.equal(seen.length, 4, seen.join("\n"));
    assert.ok(seen.includes("9100 opened by top:100"), seen.join("\n"));
    assert.ok(seen.every((what) => /^(9100|3389) (opened|closed) by (known|top:100)$/.test(what)));
    assert.equal(rounds(end)[FULL], 1);
    assert.equal(lastScans(end)[FULL], lastScans(first)[FULL]);
    assert.ok(lastScans(end)["known"]! > lastScans(first)["known"]!);
    assert.ok(lastScans(end)["top:100"]! > lastScans(first)["top:100"]!);

    // what nmap was asked for since: never more than what was known or the top 100
    const asked = (await nmap.scans()).slice(scans).map(portsOf).filter((ports) => !isTop(ports));
    const always = PortSet.of([...OPEN, 22, 443, 3389]);
    const most = PortSet.of([9100]).union(always);
    // second looks are at a port or two
    const sweeps = asked.filter((ports) => ports.size > 2);
    assert.ok(sweeps.length >= 6);
    for (const ports of sweeps) assert.ok(ports.covers(always), ports.toString());
    for (const ports of asked) assert.ok(most.covers(ports), ports.toString());
  } finally {
    await lab("down");
  }
});

Deno.test("what closes outside of the top ports is seen by the sweep of known ports, and then left to the full scan", async () => {
  await lab("up", "--delay", "0");
  try {
    const pid = Number(await lab("serve", "h2", "tcp:40001:silent"));
    await using exporter = await Exporter.start({
      through: ["ip", "netns", "exec", "cx-scan"],
      config: `scanning: { worker_count: 1, interval: 1h, min_rate: 5000 }
targets:
  - { target: ${IP}, sweeps: [{ port_range: known, interval: 1s }, { port_range: "top:100", interval: 1s }] }
`,
    });
    const page = (check: (samples: Map<string, number>) => boolean, what: string) =>
      exporter.until(check, { seconds: 60, what });
    const first = await page((now) => rounds(now)[FULL] === 1, "the full scan is done");
    const open = [...OPEN, 40001].sort((a, b) => a - b);
    assert.deepEqual(openPorts(first), open);
    const later = await page(
      (now) => ["known", "top:100"].every((range) => rounds(now)[range]! >= 4),
      "sweeps are done four times",
    );
    assert.deepEqual(openPorts(later), open);
    assert.deepEqual(seenBy(exporter.log), []);

    Deno.kill(pid, "SIGTERM");
    const closed = await page((now) => openPorts(now).length === OPEN.length, "it is closed");
    assert.deepEqual(openPorts(closed), OPEN);
    assert.deepEqual(seenBy(exporter.log), ["40001 closed by known"]);
    assert.equal(lastScans(closed)[FULL], lastScans(first)[FULL]);

    await lab("serve", "h2", "tcp:40001:silent");
    const after = await page(
      (now) =>
        ["known", "top:100"].every((range) => rounds(now)[range]! >= rounds(closed)[range]! + 3),
      "sweeps are done three more times",
    );
    assert.deepEqual(openPorts(after), OPEN);
    assert.match(await exporter.get(`/query?ip=${IP}&ports=${FULL}`), /success/);
    await page((now) => openPorts(now).includes(40001), "the full scan sees it");
    assert.deepEqual(seenBy(exporter.log), ["40001 closed by known", `40001 opened by ${FULL}`]);
  } finally {
    await lab("down");
  }
});

Deno.test("the sweep of known ports asks for known ports alone, of addresses that answered alone", async () => {
  const silent = { rest: "filtered", reason: "user-set" } as const;
  await using fake = await makeFakeNmap(undefined, {
    scenario: {
      hosts: {
        "127.0.86.1": { tcp: [22, 8080] },
        "127.0.86.2": { tcp: [22] },
        "127.0.86.5": { tcp: [9999] },
      },
      otherwise: silent,
    },
  });
  await using exporter = await Exporter.start({
    pathPrefix: fake.dir,
    config: `scanning: { interval: 1h, port_range: "1-20000" }
targets:
  - { target: 127.0.86.0/24, name: net, expected_ports: "443", sweeps: [{ port_range: known, interval: 1s }] }
  - { target: 127.0.87.1, name: one, expected_ports: "25", sweeps: [{ port_range: known, interval: 1s }] }
`,
  });
  const known = async () =>
    (await fake.scans()).map((args) => [
      portsOf(args).toString(),
      ...args.slice(args.indexOf("--") + 1),
    ])
      .filter(([ports]) => ports !== "1-20000");
  const sweeps = (samples: Samples) =>
    samplesOf(samples, "scans_successful_total", "target", "port_range");
  await exporter.until(
    (now) =>
      sweeps(now)["127.0.86.0/24 1-20000"] === 1 && sweeps(now)["127.0.87.1/32 1-20000"] === 1,
    { seconds: 30, what: "the full scans are done" },
  );
  const before = (await known()).length;
  const now = sweeps(await exporter.metrics());
  await exporter.until(
    (later) =>
      ["127.0.86.0/24 known", "127.0.87.1/32 known"].every((key) =>
        sweeps(later)[key]! >= now[key]! + 3
      ),
    { seconds: 20, what: "three more sweeps" },
  );
  const later = (await known()).slice(before);
  assert.ok(later.length >= 6);
  assert.deepEqual(
    [...new Set(later.map((words) => words.join(" ")))].sort(),
    ["22,443,8080,9999 127.0.86.1 127.0.86.2 127.0.86.5", "25 127.0.87.1"],
  );
});
