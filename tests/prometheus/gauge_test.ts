import assert from "node:assert/strict";
import { Gauge } from "../../src/prometheus/gauge.ts";
import { samplesOf } from "./samples.ts";

Deno.test("Gauge asks its callback at every scrape, and undefined is no sample", () => {
  let value: number | undefined = 3;
  const gauge = new Gauge({ name: "x", help: "X.", collect: () => value });
  assert.equal(samplesOf(gauge), "x 3\n");
  value = undefined;
  assert.equal(samplesOf(gauge), "");
  value = 0;
  assert.equal(samplesOf(gauge), "x 0\n");
});
