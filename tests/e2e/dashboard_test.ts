import assert from "node:assert/strict";
import { dashboardOf } from "../../src/cli/monitoring_command.ts";
import { Exporter } from "../support/exporter.ts";
import { interpolated, panelQueries, type PanelQuery } from "../monitoring/grafana.ts";
import { OpenPorts } from "../support/open_ports.ts";
import { Prometheus } from "../support/prometheus.ts";
import { samplesOf } from "../support/samples_of.ts";

const PORT = 19_196;
const IP = "127.0.94.1";

/** What is chosen above the dashboard, and what Grafana knows itself. */
const ALL = {
  datasource: "prometheus",
  job: ".*",
  instance: ".*",
  target: ".*",
  ip: ".*",
  __rate_interval: "5s",
  __range: "600s",
};
const ONE = { ...ALL, job: "openport", ip: IP.replaceAll(".", "\\\\."), target: `${IP}/32` };

async function api(path: string, parameters: Record<string, string>): Promise<string[]> {
  const response = await fetch(
    `http://127.0.0.1:${PORT}/api/v1/${path}?${new URLSearchParams(parameters)}`,
  );
  const { status, error, data } = await response.json();
  if (status !== "success") throw new Error(`${error}: ${Object.values(parameters)}`);
  if (Array.isArray(data)) return data;
  return data.result.flatMap((
    { value, values }: { value: [number, string]; values?: [number, string][] },
  ) => (values ?? [value]).map(([, text]) => text)).filter((text: string) => text !== "NaN");
}

/** Which queries have no data. */
async function empty(
  queries: readonly PanelQuery[],
  variables: Readonly<Record<string, string>>,
): Promise<string[]> {
  const found: string[] = [];
  const now = Date.now() / 1000;
  for (const { from, expr, instant } of queries) {
    const query = interpolated(expr, variables);
    const values = instant
      ? await api("query", { query, time: `${now}` })
      : await api("query_range", { query, start: `${now - 30}`, end: `${now}`, step: "1" });
    if (values.length === 0) found.push(`${from}: ${query}`);
  }
  return found;
}

for (const durations of [true, false]) {
  Deno.test(`every query of the dashboard returns data${durations ? "" : ", without durations too"}`, async () => {
    const directory = await Deno.makeTempDir({ prefix: "openport-dashboard-" });
    using ports = new OpenPorts();
    ports.open(IP, 20_601, 20_602, 20_603);
    const config = `scanning: { interval: 1, duration_metrics: ${durations} }
targets:
  - target: ${IP}
    name: web
    port_range: "20600-20610"
    expected_ports: "20601,20609"
    sweeps: [{ port_range: known, interval: 2 }]
  - { target: 127.0.94.2, port_range: "20600" }
  - { target: nowhere.invalid, port_range: "20600" }
`;
    try {
      await using exporter = await Exporter.start({ config, directory });
      await using _prometheus = await Prometheus.start({
        target: exporter.url.slice("http://".length),
        scrapeInterval: 1,
        port: PORT,
      });
      const until = (check: (samples: Map<string, number>) => boolean, what: string) =>
        exporter.until(check, { seconds: 40, what });
      await until(
        (now) =>
          Object.values(samplesOf(now, "scans_successful_total", "target", "port_range"))
            .filter((count) => count >= 2).length === 3,
        "all are scanned",
      );
      const seen = { query: 'open_port_status{port="20603"} == 1' };
      while ((await api("query", seen)).length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      ports.close(IP, 20_603);
      await until(
        (now) => samplesOf(now, "open_port_status", "port")["20603"] === 0,
        "a port is closed",
      );
      const dashboard = JSON.parse(await dashboardOf(`${directory}/config.yaml`));
      const queries = panelQueries(dashboard);
      assert.ok(queries.length >= 40);
      assert.equal(queries.some(({ expr }) => expr.includes("scan_duration_")), durations);
      // Scrapes, and evaluations of what they saw, take a moment.
      for (let tries = 0;; tries++) {
        const missing = await empty(queries, ALL);
        if (missing.length === 0) break;
        if (tries === 20) assert.deepEqual(missing, []);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      // The one address that is chosen has no failed scan.
      assert.deepEqual(
        (await empty(queries, ONE)).map((text) => text.split(":")[0]),
        ["Scans that failed A"],
      );
      for (const { name, type, query } of dashboard.templating.list) {
        if (type !== "query") continue;
        const [, match, label] = /^label_values\((.*), (\w+)\)$/.exec(query.query)!;
        const values = await api(`label/${label}/values`, {
          "match[]": interpolated(match!, ALL),
        });
        assert.ok(values.length > 0, `${name}: ${query.query}`);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
