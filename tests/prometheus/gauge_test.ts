import assert from "node:assert/strict";
import { Gauge } from "../../src/prometheus/gauge.ts";
import { samplesOf } from "./samples.ts";

Deno.test("Gauge without labels exists with 0 at once", () => {
  const gauge = new Gauge({ name: "x", help: "X." });
  assert.equal(samplesOf(gauge), "x 0\n");
  gauge.set({}, -2.5);
  assert.equal(samplesOf(gauge), "x -2.5\n");
});

Deno.test("Gauge with labels has what was set last, until it is removed", () => {
  const gauge = new Gauge({ name: "x", help: "X.", labelNames: ["target"] });
  gauge.set({ target: "a" }, 1);
  gauge.set({ target: "b" }, NaN);
  gauge.set({ target: "a" }, Infinity);
  assert.equal(samplesOf(gauge), 'x{target="a"} +Inf\nx{target="b"} NaN\n');
  assert.equal(gauge.remove({ target: "a" }), true);
  assert.equal(gauge.remove({ target: "a" }), false);
  assert.equal(samplesOf(gauge), 'x{target="b"} NaN\n');
});

Deno.test("Gauge with a callback asks it at every scrape, and undefined is no sample", () => {
  let value: number | undefined = 3;
  const gauge = new Gauge({ name: "x", help: "X.", collect: () => value });
  assert.equal(samplesOf(gauge), "x 3\n");
  value = undefined;
  assert.equal(samplesOf(gauge), "");
  value = 0;
  assert.equal(samplesOf(gauge), "x 0\n");
});

Deno.test("Gauge with a callback can neither be set nor have labels", () => {
  const gauge = new Gauge({ name: "x", help: "X.", collect: () => 1 });
  assert.throws(() => gauge.set({}, 1), {
    name: "TypeError",
    message: 'Cannot set gauge "x": its callback gives the value',
  });
  assert.throws(
    // @ts-expect-error labels and a callback exclude each other
    () => new Gauge({ name: "x", help: "X.", labelNames: ["a"], collect: () => 1 }),
    { name: "TypeError", message: 'Cannot make gauge "x": a callback gauge has no labels' },
  );
});

Deno.test("Gauge with wrong labels neither compiles nor runs", () => {
  const gauge = new Gauge({ name: "x", help: "X.", labelNames: ["target"] });
  // @ts-expect-error the label is missing
  assert.throws(() => gauge.set({}, 1), TypeError);
  // @ts-expect-error the label is unknown
  assert.throws(() => gauge.remove({ ip: "a" }), TypeError);
});
