import assert from "node:assert/strict";
import { Counter } from "../../src/prometheus/counter.ts";
import { samplesOf } from "./samples.ts";

const labelled = () =>
  new Counter({ name: "scans_total", help: "Scans.", labelNames: ["target", "result"] });

Deno.test("Counter without labels exists with 0 at once", () => {
  const counter = new Counter({ name: "x_total", help: "X." });
  assert.equal(samplesOf(counter), "x_total 0\n");
  counter.inc({});
  counter.inc({}, 0.5);
  assert.equal(samplesOf(counter), "x_total 1.5\n");
});

Deno.test("Counter with labels exists from init() or the first inc() on", () => {
  const counter = labelled();
  assert.equal(samplesOf(counter), "");
  counter.init({ target: "a", result: "ok" });
  counter.inc({ result: "ok", target: "b" }, 2);
  counter.inc({ target: "b", result: "ok" });
  assert.equal(
    samplesOf(counter),
    'scans_total{target="a",result="ok"} 0\nscans_total{target="b",result="ok"} 3\n',
  );
});

Deno.test("Counter.init() leaves a value alone", () => {
  const counter = labelled();
  counter.inc({ target: "a", result: "ok" });
  counter.init({ target: "a", result: "ok" });
  assert.equal(samplesOf(counter), 'scans_total{target="a",result="ok"} 1\n');
});

Deno.test("Counter.inc() refuses what would take it down or spoil it", () => {
  const counter = labelled();
  for (const by of [-1, NaN, Infinity, -Infinity]) {
    assert.throws(() => counter.inc({ target: "a", result: "ok" }, by), {
      name: "RangeError",
      message: `Cannot increase counter "scans_total" by ${by}: use a finite number, 0 or more`,
    });
  }
  assert.equal(samplesOf(counter), "");
});

Deno.test("Counter with wrong labels neither compiles nor runs", () => {
  const counter = labelled();
  // @ts-expect-error a label is missing
  assert.throws(() => counter.inc({ target: "a" }), TypeError);
  // @ts-expect-error a label is unknown
  assert.throws(() => counter.init({ target: "a", result: "ok", port: "1" }), TypeError);
  // @ts-expect-error a label is not text
  assert.throws(() => counter.inc({ target: "a", result: 1 }), TypeError);
  const plain = new Counter({ name: "x_total", help: "X." });
  // @ts-expect-error this counter has no labels
  assert.throws(() => plain.inc({ target: "a" }), TypeError);
});

Deno.test("Counter checks its names when it is made", () => {
  assert.throws(() => new Counter({ name: "scans", help: "" }), /ends in "_total"/);
  assert.throws(() => new Counter({ name: "x_total", help: "", labelNames: ["a-b"] }), /label/);
});
