import assert from "node:assert/strict";
import { CollectedFamily, CollectedHistogram } from "../../src/prometheus/collected.ts";
import { Counter } from "../../src/prometheus/counter.ts";
import { Gauge } from "../../src/prometheus/gauge.ts";
import type { Metric } from "../../src/prometheus/metric.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { pageText } from "../support/page_text.ts";

const golden = (file: string) =>
  Deno.readTextFileSync(new URL(`../testdata/prometheus/${file}`, import.meta.url));

/** One family of every kind, every escape and special value, registered out of order. */
function samplePage(): Registry {
  const registry = new Registry();
  registry.register(
    new CollectedHistogram({
      name: "scan_duration_histogram_seconds",
      help: "How long scans took.",
      labelNames: ["target"],
      buckets: [1, 2.5, 3600],
      collect: () => [
        [["127.0.0.1/32"], { counts: [1, 0, 0, 1], sum: 7200.5 }],
        [["::1/128"], { counts: [0, 0, 0, 0], sum: 0 }],
      ],
    }),
  );
  const failed = registry.register(
    new Counter({
      name: "scans_failed_total",
      help: 'Failed scans,\nby "error_type" (\\ is kept).',
      labelNames: ["target", "error_type"],
    }),
  );
  registry.register(new Gauge({ name: "task_queue_size", help: "Tasks.", collect: () => 7 }));
  registry.register(new Gauge({ name: "absent", help: "No sample.", collect: () => undefined }));
  registry.register(new Counter({ name: "nothing_total", help: "None.", labelNames: ["a"] }));
  registry.register(
    new CollectedFamily({
      name: "odd",
      help: "",
      type: "gauge",
      labelNames: ["value"],
      collect: () => [
        [['C:\\dir "quoted"\nnext'], NaN],
        [["ünï 漢 🎉 {a=1}, #"], -Infinity],
        [[""], Infinity],
        [["1e+21"], 1e21],
      ],
    }),
  );
  registry.register(
    new CollectedFamily({
      name: "open_ports_total",
      help: "Open ports of the address.",
      type: "gauge",
      labelNames: ["ip"],
      collect: () => [[["127.0.0.1"], 2], [["2001:db8::1"], 0]],
    }),
  );
  registry.register(new Counter({ name: "requests_total", help: "Requests." }));

  failed.init({ target: "127.0.0.1/32", error_type: "timeout" });
  failed.inc({ target: "127.0.0.1/32", error_type: "other" }, 3);
  return registry;
}

Deno.test("Registry.open() gives the golden page in text", () => {
  assert.equal(pageText(samplePage()), golden("page.prom"));
});

Deno.test("Registry.open() gives the golden page in OpenMetrics", () => {
  assert.equal(pageText(samplePage(), "openmetrics"), golden("page.om"));
});

Deno.test("Registry.open() of no families is an empty page", () => {
  assert.equal(pageText(new Registry()), "");
  assert.equal(pageText(new Registry(), "openmetrics"), "# EOF\n");
});

Deno.test("Registry.open() writes HELP and TYPE once before chunks of any size", () => {
  const registry = new Registry();
  const metric: Metric = {
    name: "x",
    help: "X.",
    type: "gauge",
    labelNames: ["a"],
    write(out) {
      out.write('x{a="1"} 1\nx{a="2"} 2\n');
      out.write('x{a="3"} 3\n');
    },
  };
  assert.equal(registry.register(metric), metric);
  assert.equal(
    pageText(registry),
    '# HELP x X.\n# TYPE x gauge\nx{a="1"} 1\nx{a="2"} 2\nx{a="3"} 3\n',
  );
});

const gauge = (name: string) => new Gauge({ name, help: "", collect: () => 0 });
const counter = (name: string) => new Counter({ name, help: "" });
const histogram = (name: string) =>
  new CollectedHistogram({
    ...{ name, help: "", buckets: [1] },
    collect: () => [[[], { counts: [0, 0], sum: 0 }]],
  });

Deno.test("Registry.register() refuses names that clash in either format, in any order", () => {
  const f = (a: Metric, b: Metric, taken: string) => {
    for (const [first, second] of [[a, b], [b, a]] as const) {
      const registry = new Registry();
      registry.register(first);
      assert.throws(() => registry.register(second), {
        name: "TypeError",
        message: `Cannot register ${second.type} "${second.name}": ` +
          `the name "${taken}" is taken by "${first.name}"`,
      });
      assert.equal(pageText(registry).match(/# TYPE/g)?.length, 1);
    }
  };
  f(gauge("x"), gauge("x"), "x");
  f(gauge("x_total"), counter("x_total"), "x_total");
  f(counter("x_total"), gauge("x"), "x");
  f(counter("x_total"), histogram("x"), "x");
  f(counter("x_total"), gauge("x_created"), "x_created");
  f(histogram("x"), gauge("x_sum"), "x_sum");
  f(histogram("x"), gauge("x_count"), "x_count");
  f(histogram("x"), gauge("x_bucket"), "x_bucket");
  f(histogram("x"), counter("x_count_total"), "x_count");
});

Deno.test("Registry.register() takes names that only look alike", () => {
  const registry = new Registry();
  for (const metric of [gauge("x_total"), gauge("x"), gauge("y_sum"), counter("y_total")]) {
    registry.register(metric);
  }
});

Deno.test({
  name: "Registry.open() gives a page that promtool reads",
  ignore: !await isInstalled("promtool"),
  async fn() {
    const child = new Deno.Command("promtool", {
      args: ["check", "metrics"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(pageText(samplePage())));
    await writer.close();
    const { code, stderr } = await child.output();
    // 3 says that only names and help texts are complained of; a syntax error gives 1.
    assert.equal(code, 3, new TextDecoder().decode(stderr));
  },
});

/** Whether `command` can be run here. */
async function isInstalled(command: string): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
