import assert from "node:assert/strict";
import { dashboardOf } from "../../src/cli/monitoring_command.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { dashboardJson } from "../../src/monitoring/dashboard.ts";
import { interpolated, panelQueries } from "./grafana.ts";
import { knownLabels, knownMetrics, labelsIn, metricsIn } from "./metric_names.ts";
import { ROOT } from "../support/root.ts";

const dashboard = (text: string) =>
  JSON.parse(dashboardJson(parseConfig(text, "config.yaml").config));

Deno.test("deploy/grafana/dashboard.json is what the dashboard command prints for config.yaml", async () => {
  assert.equal(
    await Deno.readTextFile(`${ROOT}deploy/grafana/dashboard.json`),
    await dashboardOf(`${ROOT}config.yaml`),
    "make it again: deno task start dashboard > deploy/grafana/dashboard.json",
  );
});

Deno.test("dashboardJson() puts every panel in a place of its own", () => {
  const { panels } = dashboard("scanning: { duration_metrics: true }\ntargets: [127.0.0.1]\n");
  const ids = new Set<number>();
  const taken = new Map<string, string>();
  for (const { id, title, gridPos: { x, y, w, h } } of panels) {
    assert.ok(Number.isInteger(id) && id > 0 && !ids.has(id), `${title}: ${id}`);
    ids.add(id);
    assert.ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, title);
    for (let column = x; column < x + w; column++) {
      for (let row = y; row < y + h; row++) {
        const place = `${column} ${row}`;
        assert.equal(taken.get(place), undefined, `${title} is over ${taken.get(place)}`);
        taken.set(place, title);
      }
    }
  }
});

Deno.test("dashboardJson() explains every panel, and asks the chosen data source", () => {
  const { panels, templating } = dashboard("targets: [127.0.0.1]\n");
  const source = { type: "prometheus", uid: "${datasource}" };
  for (const { type, title, description, datasource, targets } of panels) {
    if (type === "row") continue;
    assert.ok(description.length > 10, title);
    assert.deepEqual(datasource, source);
    const letters = targets.map(({ refId }: { refId: string }) => refId);
    assert.equal(new Set(letters).size, letters.length);
    for (const target of targets) assert.deepEqual(target.datasource, source);
  }
  const variables = templating.list.map(({ name }: { name: string }) => name);
  assert.deepEqual(variables, ["datasource", "job", "instance", "target", "ip"]);
});

Deno.test("dashboardJson() has queries over time follow the scrape interval of the configuration to paste", async () => {
  const scrape = await Deno.readTextFile(`${ROOT}deploy/prometheus.yml`);
  const [, interval] = /scrape_interval: (\w+)/.exec(scrape)!;
  const { panels } = dashboard("targets: [127.0.0.1]\n");
  // deno-lint-ignore no-explicit-any
  for (const target of panels.flatMap(({ targets = [] }: any) => targets)) {
    assert.equal(target.interval, target.range ? interval : undefined, target.expr);
  }
});

Deno.test("dashboardJson() asks for no more samples, points and rows than can be had of 100,000 series", () => {
  const { panels } = dashboard("scanning: { duration_metrics: true }\ntargets: [127.0.0.1]\n");
  for (const { title, type, targets = [], maxDataPoints } of panels) {
    for (const { expr, range } of targets) {
      // Rounded steps, and a series before and after it is aggregated; see --query.max-samples.
      if (range) assert.ok(maxDataPoints * 1.5 * 2 * 100_000 <= 50_000_000, title);
      if (type === "table" && title !== "Versions") assert.match(expr, /^topk\(1000, /, title);
      if (/by \((ip|target)/.test(expr)) assert.match(expr, /topk|bottomk/, title);
      // What is on top at each of many moments can be all of them.
      if (range && expr.includes("by (target")) assert.match(expr, /@ end\(\)/, title);
    }
  }
});

Deno.test("dashboardJson() reads metrics that the program serves, with variables that there are", () => {
  const known = knownMetrics();
  const labels = knownLabels();
  const { panels, templating } = dashboard(
    "scanning: { duration_metrics: true }\ntargets: [127.0.0.1]\n",
  );
  const values = Object.fromEntries([
    ...templating.list.map(({ name }: { name: string }) => [name, ".*"]),
    ["__range", "6h"],
    ["__rate_interval", "2m"],
  ]);
  for (const { from, expr } of panelQueries({ panels })) {
    const metrics = metricsIn(interpolated(expr, values));
    assert.ok(metrics.length > 0, from);
    for (const metric of metrics) assert.ok(known.has(metric), `${from}: ${metric}`);
    for (const label of labelsIn(expr)) assert.ok(labels.has(label), `${from}: ${label}`);
    // Without `on ()` it is there beside series that have labels.
    assert.doesNotMatch(expr, /\bby \(.* or vector/s, from);
  }
  for (const { type, query } of templating.list) {
    if (type !== "query") continue;
    const [, metric] = /^label_values\((\w+)/.exec(query.query)!;
    assert.ok(known.has(metric!), query.query);
  }
});

Deno.test("dashboardJson() has durations only where they are exported", () => {
  const text = (on: boolean) =>
    JSON.stringify(dashboard(`scanning: { duration_metrics: ${on} }\ntargets: [127.0.0.1]\n`));
  assert.ok(text(true).includes("scan_duration_"));
  assert.ok(!text(false).includes("scan_duration_"));
});

Deno.test("dashboardJson() is JSON without a trace of names, and of few bytes, whatever the targets are", () => {
  const names = ["$job", "${instance}", "[[ip]]", '"quoted" \\', "{{ip}}"];
  const targets = names.map((name, n) => ({ target: `10.${n}.0.0/16`, name }));
  const plain = dashboard("targets: [10.0.0.0/24]\n");
  const named = JSON.stringify(dashboard(JSON.stringify({ targets })));
  for (const name of names.slice(2, 4)) assert.ok(!named.includes(JSON.stringify(name)));
  assert.ok(named.length < JSON.stringify(plain).length * 1.5);
});
