import assert from "node:assert/strict";
import { Line } from "../../src/queue/line.ts";

const task = (id: number, sizeClass = 0) => ({ id: `${id}`, sizeClass });

Deno.test("Line finds the first of very many at once, also after most have left", () => {
  const line = new Line<{ id: string; sizeClass: number }>();
  const count = 200_000;
  for (let id = 0; id < count; id++) line.add(task(id, id % 2));
  const began = performance.now();
  for (let id = 0; id < count; id++) assert.equal(line.take(Infinity)?.id, `${id}`);
  // a search of the front would take minutes
  assert.ok(performance.now() - began < 5000);
  assert.equal(line.size, 0);
});

Deno.test("Line keeps nothing of what left without having been the first", () => {
  const line = new Line<{ id: string; sizeClass: number }>();
  line.add(task(-1));
  for (let id = 0; id < 100_000; id++) {
    line.add(task(id));
    assert.equal(line.remove(`${id}`)?.id, `${id}`);
  }
  assert.equal(line.remove("7"), undefined);
  assert.deepEqual([...line.tasks()].map(({ id }) => id), ["-1"]);
  line.add(task(5));
  assert.equal(line.take(0)?.id, "-1");
  assert.equal(line.take(0)?.id, "5");
  assert.equal(line.take(0), undefined);
});
