import assert from "node:assert/strict";
import { UnitProgress } from "../../src/scan/unit_progress.ts";

function say(
  percent: number,
  { size = 10, remaining }: { size?: number; remaining?: number } = {},
) {
  return { size, percent, remaining };
}

Deno.test("UnitProgress adds up the addresses that were looked at", () => {
  const progress = new UnitProgress<string>({ size: 40, startedAt: 0 });
  const fraction = () => progress.at(1000, { running: 2 }).fraction;
  assert.equal(fraction(), 0);
  progress.note("a", say(50));
  assert.equal(fraction(), 5 / 40);
  progress.note("b", say(20));
  assert.equal(fraction(), 7 / 40);
  progress.end("a", 10);
  assert.equal(fraction(), 12 / 40);
  progress.end("b", 10);
  assert.equal(fraction(), 20 / 40);
});

Deno.test("UnitProgress never goes back, and never beyond the end", () => {
  const progress = new UnitProgress<string>({ size: 10, startedAt: 0 });
  progress.note("a", say(90));
  assert.equal(progress.at(1000, { running: 1 }).fraction, 0.9);
  progress.note("a", say(10));
  assert.equal(progress.at(2000, { running: 1 }).fraction, 0.9);
  progress.end("a", 10);
  progress.end("again", 10);
  assert.equal(progress.at(3000, { running: 0 }).fraction, 1);
});

Deno.test("UnitProgress tells the time that is left once something can be said of it", () => {
  const cases: [string, ReturnType<typeof say>, number | undefined][] = [
    ["nothing looked at", say(0), undefined],
    ["a quarter in 30 s", say(50, { size: 5 }), 90],
    ["nmap's own word on all that is left", say(50, { size: 10, remaining: 12 }), 12],
    ["nmap's word on a part only", say(50, { size: 5, remaining: 12 }), 90],
  ];
  for (const [name, said, expected] of cases) {
    const progress = new UnitProgress<string>({ size: 10, startedAt: 0 });
    progress.note("a", said);
    assert.equal(progress.at(30_000, { running: 1 }).remaining, expected, name);
  }
});

Deno.test("UnitProgress does not tell how long second looks take once all was looked at", () => {
  const progress = new UnitProgress<string>({ size: 10, startedAt: 0 });
  progress.note("a", say(100, { remaining: 0 }));
  progress.end("a", 10);
  assert.deepEqual(progress.at(30_000, { running: 1 }), { fraction: 1, remaining: undefined });
});

Deno.test("UnitProgress of a unit without addresses is at its beginning", () => {
  const progress = new UnitProgress<string>({ size: 0, startedAt: 0 });
  assert.deepEqual(progress.at(1000, { running: 0 }), { fraction: 0, remaining: undefined });
});
