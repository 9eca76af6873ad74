import assert from "node:assert/strict";
import { CollectedFamily, CollectedHistogram } from "../../src/prometheus/collected.ts";
import { samplesOf } from "./samples.ts";

Deno.test("CollectedFamily shows what is there at the time of the scrape", () => {
  const hosts = new Map([["::1", 2]]);
  const family = new CollectedFamily({
    name: "open_ports",
    help: "Open ports.",
    type: "gauge",
    labelNames: ["ip"],
    collect: () => [...hosts].map(([ip, count]) => [[ip], count]),
  });
  assert.equal(samplesOf(family), 'open_ports{ip="::1"} 2\n');
  hosts.set("127.0.0.1", 0).delete("::1");
  assert.equal(samplesOf(family), 'open_ports{ip="127.0.0.1"} 0\n');
  hosts.clear();
  assert.equal(samplesOf(family), "");
});

Deno.test("CollectedFamily takes a generator, and a counter without labels", () => {
  const family = new CollectedFamily({
    name: "cpu_seconds_total",
    help: "CPU.",
    type: "counter",
    *collect() {
      yield [[], 1.5];
    },
  });
  assert.equal(samplesOf(family), "cpu_seconds_total 1.5\n");
});

Deno.test("CollectedFamily with too few values neither compiles nor runs", () => {
  const family = new CollectedFamily({
    name: "x",
    help: "X.",
    type: "gauge",
    labelNames: ["a", "b"],
    // @ts-expect-error a value is missing
    collect: () => [[["1"], 1]],
  });
  assert.throws(() => samplesOf(family), {
    name: "TypeError",
    message: 'Cannot use labels (1) with metric "x": it takes text for a, b',
  });
});

Deno.test("CollectedFamily checks its names when it is made", () => {
  const options = { help: "", collect: () => [] };
  assert.throws(() => new CollectedFamily({ ...options, name: "x", type: "counter" }), /_total/);
  assert.throws(() => new CollectedFamily({ ...options, name: "a b", type: "gauge" }), /a name/);
});

Deno.test("CollectedHistogram adds up the counts of its buckets", () => {
  const histogram = new CollectedHistogram({
    name: "x",
    help: "X.",
    labelNames: ["target"],
    buckets: [1, 5],
    collect: () => [[["a"], { counts: [1, 0, 2], sum: 20.5 }]],
  });
  assert.equal(
    samplesOf(histogram),
    [
      'x_bucket{target="a",le="1"} 1',
      'x_bucket{target="a",le="5"} 1',
      'x_bucket{target="a",le="+Inf"} 3',
      'x_sum{target="a"} 20.5',
      'x_count{target="a"} 3',
      "",
    ].join("\n"),
  );
});

Deno.test("CollectedHistogram writes le canonically in OpenMetrics", () => {
  const histogram = new CollectedHistogram({
    name: "x",
    help: "X.",
    buckets: [1, 10],
    collect: () => [[[], { counts: [0, 1, 0], sum: 3 }]],
  });
  assert.equal(
    samplesOf(histogram, "openmetrics"),
    'x_bucket{le="1.0"} 0\nx_bucket{le="10.0"} 1\nx_bucket{le="+Inf"} 1\nx_sum 3\nx_count 1\n',
  );
});

Deno.test("CollectedHistogram refuses buckets that are not ascending finite numbers of at least 0", () => {
  const f = (buckets: number[]) =>
    assert.throws(
      () => new CollectedHistogram({ name: "x", help: "X.", buckets, collect: () => [] }),
      {
        name: "RangeError",
        message: `Cannot make histogram "x" with buckets [${buckets.join(", ")}]: ` +
          "use finite bounds, 0 or more, in ascending order, without +Inf",
      },
    );
  f([]);
  f([2, 1]);
  f([1, 1]);
  f([1, NaN]);
  f([1, Infinity]);
  f([-1, 1]);
});

Deno.test("CollectedHistogram refuses a label that it writes itself", () => {
  assert.throws(
    () =>
      new CollectedHistogram({
        ...{ name: "x", help: "X.", labelNames: ["le"], buckets: [1] },
        collect: () => [],
      }),
    /a histogram writes "le" itself/,
  );
});

Deno.test("CollectedHistogram refuses counts that do not fit its buckets", () => {
  const histogram = new CollectedHistogram({
    name: "x",
    help: "X.",
    buckets: [1, 5],
    collect: () => [[[], { counts: Uint32Array.of(1, 2), sum: 3 }]],
  });
  assert.throws(() => samplesOf(histogram), {
    name: "RangeError",
    message: 'Cannot write histogram "x" from 2 counts: it has 3 buckets',
  });
});
