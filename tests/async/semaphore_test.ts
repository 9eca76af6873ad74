import assert from "node:assert/strict";
import { Semaphore } from "../../src/async/semaphore.ts";

const never = new AbortController().signal;

Deno.test("Semaphore refuses anything but a positive number of permits", () => {
  for (const permits of [0, -1, 1.5, NaN, Infinity]) {
    assert.throws(() => new Semaphore(permits), RangeError);
  }
});

Deno.test("Semaphore lets in at most its permits, first come, first served", async () => {
  const semaphore = new Semaphore(2);
  assert.equal(semaphore.permits, 2);
  const served: number[] = [];
  let inside = 0;
  let most = 0;
  await Promise.all(Array.from({ length: 9 }, async (_, index) => {
    using _permit = await semaphore.acquire(never);
    served.push(index);
    most = Math.max(most, ++inside);
    await new Promise((resolve) => setTimeout(resolve, (index * 7) % 3));
    inside--;
  }));
  assert.deepEqual(served, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(most, 2);
  assert.equal(semaphore.held, 0);
});

Deno.test("Semaphore takes a permit back once, however often it is given back", async () => {
  const semaphore = new Semaphore(2);
  const first = await semaphore.acquire(never);
  await semaphore.acquire(never);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.equal(semaphore.held, 1);
});

Deno.test("Semaphore lets a waiter give up, and serves the next instead", async () => {
  const semaphore = new Semaphore(1);
  const holder = await semaphore.acquire(never);
  const giveUp = new AbortController();
  const waiting = semaphore.acquire(giveUp.signal);
  const next = semaphore.acquire(never);
  giveUp.abort(new Error("gone"));
  await assert.rejects(waiting, { message: "gone" });
  assert.equal(semaphore.held, 1);
  holder[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  assert.equal(semaphore.held, 0);
  await assert.rejects(semaphore.acquire(giveUp.signal), { message: "gone" });
  assert.equal(semaphore.held, 0);
});

Deno.test("Semaphore keeps a permit that was granted before the waiter was aborted", async () => {
  const semaphore = new Semaphore(1);
  const holder = await semaphore.acquire(never);
  const late = new AbortController();
  const waiting = semaphore.acquire(late.signal);
  holder[Symbol.dispose]();
  late.abort();
  (await waiting)[Symbol.dispose]();
  assert.equal(semaphore.held, 0);
});
