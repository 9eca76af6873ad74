import assert from "node:assert/strict";
import { ChangeRing } from "../../src/storage/change_ring.ts";
import { change } from "./builders.ts";

const at = (...times: number[]) => times.map((time) => change({ time, port: time }));

Deno.test("ChangeRing lists newest first, by time, then by arrival", () => {
  const ring = new ChangeRing(10);
  ring.push([...at(5, 1, 9), change({ time: 5, port: 7 })]);
  const ports = (query: { since?: number; address?: string; limit: number }) =>
    ring.list(query).map(({ port }) => port);
  assert.deepEqual(ports({ limit: 9 }), [9, 7, 5, 1]);
  assert.deepEqual(ports({ limit: 1 }), [9]);
  assert.deepEqual(ports({ limit: 0 }), []);
  assert.deepEqual(ports({ since: 5, limit: 9 }), [9, 7, 5]);
  assert.deepEqual(ports({ address: "192.0.2.9", limit: 9 }), []);
});

Deno.test("ChangeRing drops the oldest arrivals and counts them", () => {
  const ring = new ChangeRing(20);
  ring.push(at(...Array.from({ length: 25 }, (_, i) => i + 1)));
  assert.ok(ring.size <= 20 && ring.size >= 18);
  assert.equal(ring.dropped, 25 - ring.size);
  assert.equal(ring.list({ limit: 1 })[0]?.time, 25);
});

Deno.test("ChangeRing.prune() deletes what is older, up to a limit", () => {
  const ring = new ChangeRing(10);
  ring.push(at(1, 2, 3, 4));
  assert.equal(ring.prune(4, 2), 2);
  assert.deepEqual(ring.all().map(({ time }) => time), [3, 4]);
  assert.equal(ring.prune(4, 2), 1);
  assert.equal(ring.prune(4, 2), 0);
});
