import assert from "node:assert/strict";
import { makeSmallWorld, makeWorld } from "./builders.ts";
import { pageText } from "../support/page_text.ts";

const GOLDEN = new URL("../testdata/metrics/", import.meta.url);

const SCAN_KEY = ["target", "port_range", "protocol"];

/** Names, types and labels that users' queries depend on (contract, section 4). */
const FAMILIES: Readonly<Record<string, readonly [type: string, labels: readonly string[]]>> = {
  // The seed's: they never change.
  open_port_status: ["gauge", ["ip", "port", "protocol"]],
  open_ports_total: ["gauge", ["ip"]],
  scan_duration_seconds: ["gauge", SCAN_KEY],
  scan_duration_histogram_seconds: ["histogram", SCAN_KEY],
  task_queue_size: ["gauge", []],
  nmap_scan_timeouts_total: ["counter", SCAN_KEY],
  nmap_host_up_count: ["gauge", ["target"]],
  nmap_host_down_count: ["gauge", ["target"]],
  scans_successful_total: ["counter", SCAN_KEY],
  scans_failed_total: ["counter", [...SCAN_KEY, "error_type"]],
  last_scan_timestamp_seconds: ["gauge", SCAN_KEY],
  port_state_changes_total: ["counter", ["target", "change_type"]],
  // Beyond the seed.
  openport_exporter_build_info: ["gauge", ["version", "revision", "runtime"]],
  openport_nmap_info: ["gauge", ["version", "scan_technique"]],
  openport_workers: ["gauge", ["state"]],
  openport_task_queue_capacity: ["gauge", []],
  openport_hosts_timed_out: ["gauge", SCAN_KEY],
  openport_hosts_incomplete: ["gauge", SCAN_KEY],
  openport_scans_partial_total: ["counter", SCAN_KEY],
  openport_changes_unconfirmed_total: ["counter", ["target"]],
  openport_scans_skipped_total: ["counter", SCAN_KEY],
  openport_schedule_lag_seconds: ["gauge", []],
  openport_requested_scans_dropped_total: ["counter", []],
  openport_config_last_reload_successful: ["gauge", []],
  openport_config_last_reload_success_timestamp_seconds: ["gauge", []],
  openport_http_requests_total: ["counter", ["route", "method", "code"]],
  openport_port_series_dropped: ["gauge", []],
  openport_host_port_limit_exceeded: ["gauge", ["ip"]],
  openport_unexpected_open_port: ["gauge", ["name", "ip", "port", "protocol"]],
  openport_expected_port_missing: ["gauge", ["name", "ip", "port", "protocol"]],
  openport_policy_violations: ["gauge", ["name"]],
  openport_policy_unknown_ports: ["gauge", ["name"]],
  openport_target_info: ["gauge", ["name"]],
  openport_target_lists_failing: ["gauge", []],
  openport_target_names_unresolved: ["gauge", []],
  process_resident_memory_bytes: ["gauge", []],
  process_cpu_seconds_total: ["counter", []],
  process_start_time_seconds: ["gauge", []],
};

/** Families of a page with their samples, names and labels as they are written. */
function read(page: string): Map<string, { type: string; help: string; samples: string[] }> {
  const families = new Map<string, { type: string; help: string; samples: string[] }>();
  let family = { type: "", help: "", samples: [] as string[] };
  for (const line of page.trimEnd().split("\n")) {
    const [, kind, name, rest] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "HELP") families.set(name!, family = { type: "", help: rest!, samples: [] });
    else if (kind === "TYPE") family.type = rest!;
    else family.samples.push(line);
  }
  return families;
}

Deno.test("the page of a small world is the golden one, in both formats", async () => {
  const { registry } = makeSmallWorld();
  const text = await Deno.readTextFile(new URL("small.prom", GOLDEN));
  assert.equal(pageText(registry), text);
  const openmetrics = await Deno.readTextFile(new URL("small.om", GOLDEN));
  assert.equal(pageText(registry, "openmetrics"), openmetrics);
});

Deno.test("every family has exactly the name, type and labels that users know", () => {
  const { families, registry } = makeSmallWorld();
  const made = families.map(({ name, type, labelNames }) => [name, [type, [...labelNames]]]);
  assert.deepEqual(Object.fromEntries(made), FAMILIES);
  const page = read(pageText(registry));
  assert.deepEqual([...page.keys()].sort(), Object.keys(FAMILIES).sort());
  for (const [name, [type, labels]] of Object.entries(FAMILIES)) {
    const { type: written, help, samples } = page.get(name)!;
    assert.equal(written, type);
    assert.match(help, /^[A-Z1][^]*\.$/, name);
    for (const sample of samples) {
      const names = [...sample.matchAll(/[{,](\w+)="/g)].map(([, label]) => label);
      // What a list labels its targets with is the list's.
      if (name === "openport_target_info") names.splice(1);
      const expected = sample.startsWith(`${name}_bucket`) ? [...labels, "le"] : labels;
      assert.deepEqual(names, expected, sample);
    }
  }
});

Deno.test("counters exist with 0 before anything has happened, and nothing else claims to know", () => {
  const { registry } = makeWorld({ targets: ["127.0.0.1"] });
  const page = read(pageText(registry));
  const keys = ["tcp", "udp"].map((protocol) =>
    `target="127.0.0.1/32",port_range="22,80",protocol="${protocol}"`
  );
  const perScan = [
    "scans_successful_total",
    "nmap_scan_timeouts_total",
    "openport_scans_partial_total",
    "openport_scans_skipped_total",
  ];
  for (const name of perScan) {
    assert.deepEqual(page.get(name)?.samples, keys.map((key) => `${name}{${key}} 0`));
  }
  assert.deepEqual(
    page.get("scans_failed_total")?.samples,
    keys.map((key) => `scans_failed_total{${key},error_type="timeout"} 0`),
  );
  assert.deepEqual(page.get("port_state_changes_total")?.samples, [
    'port_state_changes_total{target="127.0.0.1/32",change_type="closed_to_open"} 0',
    'port_state_changes_total{target="127.0.0.1/32",change_type="open_to_closed"} 0',
  ]);
  const histogram = page.get("scan_duration_histogram_seconds")!.samples;
  assert.equal(histogram.length, 2 * (12 + 2));
  assert.ok(histogram.every((sample) => sample.endsWith(" 0")));
  const bounds = histogram.slice(0, 12).map((sample) => /le="([^"]*)"/.exec(sample)?.[1]);
  assert.equal(bounds.join(" "), "1 2 5 10 30 60 120 300 600 1800 3600 +Inf");
  const absent = [
    "open_port_status",
    "open_ports_total",
    "scan_duration_seconds",
    "last_scan_timestamp_seconds",
    "nmap_host_up_count",
    "nmap_host_down_count",
    "openport_hosts_timed_out",
    "openport_hosts_incomplete",
    "openport_nmap_info",
  ];
  for (const name of absent) assert.equal(page.has(name), false, name);
});

Deno.test("the duration families are absent when they are off, and only they", () => {
  const { registry } = makeSmallWorld({ durationMetrics: false });
  const names = ["scan_duration_seconds", "scan_duration_histogram_seconds"];
  const expected = Object.keys(FAMILIES).filter((name) => !names.includes(name));
  const page = pageText(registry);
  assert.deepEqual([...read(page).keys()].sort(), expected.sort());
  assert.ok(!page.includes("scan_duration"));
});

Deno.test("the page shows what is, at the moment it is asked for", () => {
  const world = makeSmallWorld();
  const sample = (name: string) => read(pageText(world.registry)).get(name)?.samples;
  assert.deepEqual(sample("openport_nmap_info"), [
    'openport_nmap_info{version="7.93",scan_technique="syn"} 1',
  ]);
  world.nmap = { version: "7.94", technique: "connect" };
  assert.deepEqual(sample("openport_nmap_info"), [
    'openport_nmap_info{version="7.94",scan_technique="connect"} 1',
  ]);
  world.nmap = undefined;
  assert.equal(sample("openport_nmap_info"), undefined);
});

Deno.test("promtool reads the page and complains of nothing but the names that the seed gave", async () => {
  const page = pageText(makeSmallWorld().registry);
  const { code, output } = await checkMetrics(page);
  assert.deepEqual(output, [
    'nmap_host_down_count non-histogram and non-summary metrics should not have "_count" suffix',
    'nmap_host_up_count non-histogram and non-summary metrics should not have "_count" suffix',
    'open_ports_total non-counter metrics should not have "_total" suffix',
    "scan_duration_histogram_seconds metric name should not include type 'histogram'",
  ]);
  // 3 is for complaints, 1 for what it cannot read.
  assert.equal(code, 3);
});

/** What `promtool check metrics` says, line by line. */
async function checkMetrics(page: string): Promise<{ code: number; output: string[] }> {
  const promtool = new Deno.Command("promtool", {
    args: ["check", "metrics"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  let child: Deno.ChildProcess;
  try {
    child = promtool.spawn();
  } catch (error) {
    assert.fail(
      `Cannot run promtool: install Prometheus (Debian: apt install prometheus): ${error}`,
    );
  }
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(page));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return { code, output: text.split("\n").filter((line) => line !== "").sort() };
}
