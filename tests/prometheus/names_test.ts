import assert from "node:assert/strict";
import {
  checkLabelNames,
  checkMetricName,
  type MetricType,
  namesTaken,
} from "../../src/prometheus/names.ts";

Deno.test("checkMetricName() takes what Prometheus takes", () => {
  const f = (name: string, type: MetricType = "gauge") => checkMetricName(name, type);
  f("a");
  f("_");
  f(":job:rate");
  f("open_ports_total");
  f("Az_09:");
  f("x_total", "counter");
  f("x_seconds", "histogram");
});

Deno.test("checkMetricName() refuses everything else and says what is allowed", () => {
  const f = (name: string, message: RegExp, type: MetricType = "gauge") =>
    assert.throws(() => checkMetricName(name, type), { name: "TypeError", message });
  const shape = /: a name has letters, digits, "_" and ":", and no digit first$/;
  f("", shape);
  f("9a", shape);
  f("a-b", shape);
  f("a b", shape);
  f("a\n", shape);
  f("é", shape);
  f('a"', /^Cannot make metric "a\\"": /);
  f("x", /^Cannot make counter "x": the name of a counter ends in "_total"$/, "counter");
  f("_total", /ends in "_total"$/, "counter");
  f("x_total_seconds", /ends in "_total"$/, "counter");
});

Deno.test("checkLabelNames() takes what Prometheus takes", () => {
  const f = (labels: string[], type: MetricType = "gauge") =>
    checkLabelNames(labels, { name: "x", type });
  f([]);
  f(["ip", "port", "protocol"]);
  f(["_", "_a", "A9"]);
  f(["le"]);
  f(["target"], "histogram");
});

Deno.test("checkLabelNames() refuses everything else and says what is allowed", () => {
  const f = (labels: string[], message: RegExp, type: MetricType = "gauge") =>
    assert.throws(() => checkLabelNames(labels, { name: "x", type }), {
      name: "TypeError",
      message,
    });
  const shape = /: a label name has letters, digits and "_", and no digit first$/;
  f([""], shape);
  f(["1a"], shape);
  f(["a:b"], shape);
  f(["a-b"], shape);
  f(["a\n"], shape);
  f(["__name__"], /^Cannot make metric "x" with label "__name__": names that begin with "__"/);
  f(["a", "b", "a"], /^Cannot make metric "x" with label "a": a label is named once$/);
  f(["le"], /a histogram writes "le" itself$/, "histogram");
});

Deno.test("namesTaken() has family and sample names of both formats", () => {
  const f = (name: string, type: MetricType, expected: string[]) =>
    assert.deepEqual(namesTaken({ name, type }), expected);
  f("x_total", "gauge", ["x_total"]);
  f("x_total", "counter", ["x_total", "x", "x_created"]);
  f("x", "histogram", ["x", "x_bucket", "x_sum", "x_count", "x_created"]);
});
