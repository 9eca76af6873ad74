import assert from "node:assert/strict";
import { App } from "../../src/app.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { createLogger } from "../../src/log/logger.ts";
import { MemoryStore } from "../../src/storage/memory_store.ts";

/** Names of the families on the page of a program that was made and never started. */
async function familiesOf(config: string): Promise<{ names: string[]; page: string }> {
  const app = new App({
    config: parseConfig(config, "config.yaml").config,
    log: createLogger({
      level: "error",
      format: "logfmt",
      write: () => {},
      date: () => new Date(0),
    }),
    telemetryPath: "/metrics",
    workingDirectory: "/",
    path: undefined,
    build: { version: "1.2.3", revision: "unknown", runtime: "deno" },
    store: new MemoryStore(),
    troubles: () => [],
    requestReload: () => Promise.resolve({ ok: true }),
    access: () => undefined,
    lastReload: () => ({ successful: true, succeededAt: 1_700_000_000 }),
  });
  const page = await (await app.fetch(new Request("http://x/metrics"))).text();
  return { names: [...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name!), page };
}

Deno.test("App serves every family from the first scrape on that can be known then", async () => {
  const { names, page } = await familiesOf(
    "scanning: { duration_metrics: true, port_range: 22, task_queue_size: 7, worker_count: 3 }\n" +
      "targets: [127.0.0.1]\n",
  );
  assert.deepEqual(names, [
    "nmap_scan_timeouts_total",
    "openport_changes_unconfirmed_total",
    "openport_config_last_reload_success_timestamp_seconds",
    "openport_config_last_reload_successful",
    "openport_exporter_build_info",
    "openport_http_requests_total",
    "openport_port_series_dropped",
    "openport_requested_scans_dropped_total",
    "openport_scans_partial_total",
    "openport_scans_skipped_total",
    "openport_schedule_lag_seconds",
    "openport_target_info",
    "openport_target_lists_failing",
    "openport_target_names_unresolved",
    "openport_task_queue_capacity",
    "openport_workers",
    "port_state_changes_total",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "scan_duration_histogram_seconds",
    "scans_failed_total",
    "scans_successful_total",
    "task_queue_size",
  ]);
  const expected = [
    'scans_successful_total{target="127.0.0.1/32",port_range="22",protocol="tcp"} 0',
    'openport_http_requests_total{route="/query",method="GET",code="200"} 0',
    'openport_workers{state="busy"} 0',
    'openport_workers{state="idle"} 3',
    "openport_task_queue_capacity 7",
  ];
  for (const sample of expected) assert.ok(page.split("\n").includes(sample), sample);
  const started = Number(/^process_start_time_seconds (.*)$/m.exec(page)?.[1]);
  assert.ok(Math.abs(started - performance.timeOrigin / 1000) < 1);
});

Deno.test("App serves duration families only when the configuration says so", async () => {
  const { names } = await familiesOf("targets: [127.0.0.1]\n");
  assert.ok(names.includes("scans_successful_total"));
  assert.deepEqual(names.filter((name) => name.startsWith("scan_duration")), []);
});
