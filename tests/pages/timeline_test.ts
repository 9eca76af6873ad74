import assert from "node:assert/strict";
import fc from "fast-check";
import { AXIS_UNITS, axisOf, barsOf, type Stretch } from "../../src/pages/timeline.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 31, 12);

const stretches = fc.array(fc.nat(100 * DAY), { minLength: 2, maxLength: 200 }).map((ages) => {
  const times = [...new Set(ages)].sort((a, b) => b - a).map((age) => NOW - age);
  const found: Stretch[] = [];
  for (let i = 0; i < times.length; i += 2) found.push({ from: times[i]!, to: times[i + 1] });
  return found;
});

Deno.test("axisOf() covers everything until now, an hour at least", () => {
  fc.assert(fc.property(stretches, (all) => {
    const { from, to } = axisOf(all, NOW);
    const first = Math.min(NOW - HOUR, ...all.map(({ from }) => from));
    assert(from <= first && to >= NOW);
    // Rounding takes no more than little.
    assert(to - from <= (NOW - first) * 1.06, `${to - from} for ${NOW - first}`);
  }));
});

Deno.test("axisOf() stays the same for a while", () => {
  const axes = (from: number, seconds: number) =>
    new Set(
      Array.from({ length: seconds }, (_, i) =>
        JSON.stringify(axisOf([{ from, to: undefined }], NOW + i * 1000))),
    ).size;
  assert(axes(NOW - 60 * DAY, 3600) <= 2);
  assert(axes(NOW - HOUR, 60) <= 8);
});

Deno.test("barsOf() draws in order, apart, on the axis, and nothing too small to see", () => {
  fc.assert(fc.property(stretches, (all) => {
    const bars = barsOf(all, axisOf(all, NOW));
    let end = -Infinity;
    for (const { from, to } of bars) {
      assert(from > end && to - from >= 5, JSON.stringify(bars));
      end = to;
    }
    assert(bars[0]!.from >= 0 && end <= AXIS_UNITS);
    assert(bars.length <= AXIS_UNITS / 5);
  }));
});

Deno.test("barsOf() draws where it was open", () => {
  const axis = { from: 0, to: 1000 };
  const f = (all: Stretch[], expected: [number, number][]) =>
    assert.deepEqual(barsOf(all, axis).map(({ from, to }) => [from, to]), expected);
  f([], []);
  f([{ from: 100, to: 300 }, { from: 500, to: undefined }], [[100, 300], [500, 1000]]);
  f([{ from: 999, to: undefined }], [[995, 1000]]);
  f([{ from: 100, to: 101 }, { from: 103, to: 104 }], [[100, 108]]);
  f([{ from: -500, to: 2000 }], [[0, 1000]]);
});
