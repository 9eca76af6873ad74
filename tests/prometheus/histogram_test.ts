import assert from "node:assert/strict";
import { Histogram } from "../../src/prometheus/histogram.ts";
import { samplesOf } from "./samples.ts";

Deno.test("Histogram without labels exists with 0 at once", () => {
  const histogram = new Histogram({ name: "x", help: "X.", buckets: [1] });
  assert.equal(
    samplesOf(histogram),
    'x_bucket{le="1"} 0\nx_bucket{le="+Inf"} 0\nx_sum 0\nx_count 0\n',
  );
});

Deno.test("Histogram counts a value in its bucket and all above, bounds included", () => {
  const histogram = new Histogram({ name: "x", help: "X.", buckets: [0.5, 1, 2] });
  for (const value of [0, 0.5, 0.75, 1, 1.5, 4]) histogram.observe({}, value);
  assert.equal(
    samplesOf(histogram),
    [
      'x_bucket{le="0.5"} 2',
      'x_bucket{le="1"} 4',
      'x_bucket{le="2"} 5',
      'x_bucket{le="+Inf"} 6',
      "x_sum 7.75",
      "x_count 6",
      "",
    ].join("\n"),
  );
});

Deno.test("Histogram puts its labels before le, and writes le canonically in OpenMetrics", () => {
  const histogram = new Histogram({
    name: "x",
    help: "X.",
    labelNames: ["target"],
    buckets: [1, 10],
  });
  assert.equal(samplesOf(histogram), "");
  histogram.init({ target: "a" });
  histogram.observe({ target: "a" }, 3);
  histogram.init({ target: "a" });
  assert.equal(
    samplesOf(histogram, "openmetrics"),
    [
      'x_bucket{target="a",le="1.0"} 0',
      'x_bucket{target="a",le="10.0"} 1',
      'x_bucket{target="a",le="+Inf"} 1',
      'x_sum{target="a"} 3',
      'x_count{target="a"} 1',
      "",
    ].join("\n"),
  );
  assert.equal(histogram.remove({ target: "a" }), true);
  assert.equal(samplesOf(histogram), "");
});

Deno.test("Histogram refuses buckets that are not ascending finite numbers of at least 0", () => {
  const f = (buckets: number[]) =>
    assert.throws(() => new Histogram({ name: "x", help: "X.", buckets }), {
      name: "RangeError",
      message: `Cannot make histogram "x" with buckets [${buckets.join(", ")}]: ` +
        "use finite bounds, 0 or more, in ascending order, without +Inf",
    });
  f([]);
  f([2, 1]);
  f([1, 1]);
  f([1, NaN]);
  f([1, Infinity]);
  f([-1, 1]);
});

Deno.test("Histogram.observe() refuses what would spoil the sum", () => {
  const histogram = new Histogram({ name: "x", help: "X.", labelNames: ["a"], buckets: [1] });
  for (const value of [-1, NaN, Infinity]) {
    assert.throws(() => histogram.observe({ a: "" }, value), RangeError);
  }
  assert.equal(samplesOf(histogram), "");
});

Deno.test("Histogram with wrong labels neither compiles nor runs", () => {
  const histogram = new Histogram({ name: "x", help: "X.", labelNames: ["a"], buckets: [1] });
  // @ts-expect-error the label is missing
  assert.throws(() => histogram.observe({}, 1), TypeError);
  assert.throws(
    () => new Histogram({ name: "x", help: "X.", labelNames: ["le"], buckets: [1] }),
    /a histogram writes "le" itself/,
  );
});
