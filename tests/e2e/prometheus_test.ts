import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { Prometheus } from "../support/prometheus.ts";

const PORT = 19_191;
const OPENMETRICS = "application/openmetrics-text; version=1.0.0";

/** Starts a listener on each port of 127.0.0.5. */
function listenOn(ports: readonly number[]): Deno.Listener[] {
  return ports.map((port) => Deno.listen({ hostname: "127.0.0.5", port }));
}

Deno.test("the queries of the original product return what they should in a real Prometheus", async () => {
  const listeners = listenOn(Array.from({ length: 8 }, (_, n) => 20_100 + n));
  await using exporter = await Exporter.start({
    config: `scanning: { interval: 1, port_range: "20100-20200", duration_metrics: true }
auth: { basic: { username: prometheus, password: "s3cr\\"et" } }
targets: ["127.0.0.5"]
`,
  });
  await using prometheus = await Prometheus.start({
    target: exporter.url.slice("http://".length),
    scrapeInterval: 1,
    port: PORT,
    job: `    basic_auth: { username: prometheus, password: "s3cr\\"et" }\n`,
  });
  const until = async (expression: string, check: (values: number[]) => boolean) => {
    const deadline = performance.now() + 40_000;
    for (;;) {
      const values = (await prometheus.query(expression)).map(({ value }) => value);
      if (check(values)) return;
      if (performance.now() > deadline) {
        assert.fail(
          `${expression}: ${values}\n${(await prometheus.target()).lastError}\n${
            exporter.log.join("\n")
          }`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  await until("sum(open_ports_total)", ([sum]) => sum === 8);
  await until("open_ports_total > 10", (values) => values.length === 0);
  listeners.push(...listenOn(Array.from({ length: 7 }, (_, n) => 20_150 + n)));
  await until("open_ports_total > 10", ([open]) => open === 15);
  await until(
    "increase(open_ports_total[1h]) > 5",
    ([increase]) => increase !== undefined && increase > 5,
  );
  await until('open_port_status{ip="127.0.0.5"} == 1', (values) => values.length === 15);
  await until(
    "histogram_quantile(0.95, sum(rate(scan_duration_histogram_seconds_bucket[5m])) by (le, target))",
    ([seconds]) => seconds !== undefined && seconds > 0 && seconds <= 5,
  );
  await until(
    'rate(port_state_changes_total{change_type="closed_to_open"}[5m])',
    ([rate]) => rate !== undefined && rate > 0,
  );
  for (const listener of listeners) listener.close();
  await until('open_port_status{ip="127.0.0.5"} == 0', (values) => values.length === 15);
  await until("min_over_time(up[1m])", ([up]) => up === 1);
  assert.equal((await prometheus.target()).health, "up");
});

Deno.test("Prometheus reads the same series from both formats", async () => {
  using _listener = listenOn([20_300])[0]!;
  await using exporter = await Exporter.start({
    config: `scanning: { port_range: "20300-20310", duration_metrics: true, udp_scan: true }
targets: ["127.0.0.5", "::1"]
`,
  });
  await exporter.until(
    (samples) =>
      [...samples].filter(([name, n]) => name.startsWith("scans_successful") && n === 1).length ===
        4,
    { seconds: 60, what: "all four scans are complete" },
  );
  const text = await exporter.get("/metrics", { Accept: "text/plain;version=0.0.4" });
  const openMetrics = await exporter.get("/metrics", { Accept: OPENMETRICS });
  assert.ok(openMetrics.endsWith("# EOF\n"));
  // Both pages are served to a Prometheus of their own, which stores what it understands.
  const counts: number[] = [];
  for (
    const [page, type] of [[text, "text/plain; version=0.0.4"], [openMetrics, OPENMETRICS]] as const
  ) {
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(page, { headers: { "Content-Type": type } }),
    );
    await using prometheus = await Prometheus.start({
      target: `127.0.0.1:${server.addr.port}`,
      scrapeInterval: 1,
      port: PORT,
    });
    let series: { labels: Record<string, string> }[] = [];
    for (let tries = 0; series.length === 0 && tries < 50; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      series = await prometheus.query('{__name__=~".+", job="openport"}');
    }
    assert.equal((await prometheus.target()).lastError, "");
    // `up` and what Prometheus adds about each scrape is not ours.
    counts.push(
      series.filter(({ labels }) => !/^(up|scrape_.*)$/.test(labels["__name__"]!)).length,
    );
  }
  const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
  assert.deepEqual(counts, [samples, samples]);
});
