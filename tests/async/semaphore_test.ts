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

Deno.test("Semaphore.resize() serves those who wait when there are more permits", async () => {
  const semaphore = new Semaphore(1);
  const holder = await semaphore.acquire(never);
  const served: number[] = [];
  const waiting = [1, 2, 3].map(async (n) => {
    const permit = await semaphore.acquire(never);
    served.push(n);
    return permit;
  });
  semaphore.resize(3);
  assert.equal(semaphore.permits, 3);
  await Promise.all(waiting.slice(0, 2));
  assert.deepEqual(served, [1, 2]);
  assert.equal(semaphore.held, 3);
  holder[Symbol.dispose]();
  await waiting[2];
  for (const permit of await Promise.all(waiting)) permit[Symbol.dispose]();
  assert.equal(semaphore.held, 0);
});

Deno.test("Semaphore.resize() takes no permit away, and hands none on above a lower number", async () => {
  const semaphore = new Semaphore(3);
  const holders = await Promise.all([1, 2, 3].map(() => semaphore.acquire(never)));
  let served = false;
  const waiting = semaphore.acquire(never).then((permit) => {
    served = true;
    return permit;
  });
  semaphore.resize(1);
  assert.deepEqual([semaphore.held, semaphore.permits], [3, 1]);
  for (const [index, holder] of holders.entries()) {
    assert.equal(served, false, `${index}`);
    holder[Symbol.dispose]();
    await Promise.resolve();
    await Promise.resolve();
  }
  (await waiting)[Symbol.dispose]();
  assert.equal(semaphore.held, 0);
});

Deno.test("Semaphore.resize() refuses anything but a positive number of permits", () => {
  const semaphore = new Semaphore(2);
  for (const permits of [0, -1, 1.5, NaN]) {
    assert.throws(() => semaphore.resize(permits), RangeError);
  }
  assert.equal(semaphore.permits, 2);
});

Deno.test("Semaphore never has more holders than the most permits since, however it is resized", async () => {
  const semaphore = new Semaphore(1);
  const held: Disposable[] = [];
  let asked = 0;
  const ask = () => {
    asked++;
    void semaphore.acquire(never).then((permit) => held.push(permit));
  };
  const turn = () => new Promise((resolve) => setTimeout(resolve, 0));
  for (const permits of [1, 4, 2, 2, 5, 1, 3, 1]) {
    for (let n = 0; n < 4; n++) ask();
    const before = held.length;
    semaphore.resize(permits);
    await turn();
    assert.equal(held.length, Math.max(before, Math.min(permits, asked)), `${permits}`);
    for (const permit of held.splice(0, 2)) {
      permit[Symbol.dispose]();
      asked--;
    }
    await turn();
    assert.ok(held.length <= Math.max(permits, before - 2));
  }
  while (held.length > 0) {
    held.pop()![Symbol.dispose]();
    await turn();
  }
  assert.equal(semaphore.held, 0);
});
