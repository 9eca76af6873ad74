import assert from "node:assert/strict";
import { Bell } from "../../src/async/bell.ts";

/** Whether a promise settles before all that is already due has run. */
async function settles(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  void promise.then(() => settled = true);
  await new Promise((resolve) => setTimeout(resolve, 0));
  return settled;
}

Deno.test("Bell wakes everyone who waits, once", async () => {
  const bell = new Bell();
  const { signal } = new AbortController();
  const waiting = [bell.next(signal), bell.next(signal)];
  assert.equal(await settles(Promise.any(waiting)), false);
  bell.ring();
  assert.equal(await settles(Promise.all(waiting)), true);
  const later = bell.next(signal);
  assert.equal(await settles(later), false);
  bell.ring();
  await later;
});

Deno.test("Bell does not remember a ring that nobody heard", async () => {
  const bell = new Bell();
  bell.ring();
  const stop = new AbortController();
  const waiting = bell.next(stop.signal);
  assert.equal(await settles(waiting), false);
  stop.abort();
  await waiting;
});

Deno.test("Bell hears a ring right after next() was called", async () => {
  const bell = new Bell();
  const waiting = bell.next(new AbortController().signal);
  bell.ring();
  await waiting;
});

Deno.test("Bell wakes only those whose signal is aborted", async () => {
  const bell = new Bell();
  const stop = new AbortController();
  const stopped = bell.next(stop.signal);
  const other = bell.next(new AbortController().signal);
  stop.abort();
  await stopped;
  await bell.next(stop.signal);
  assert.equal(await settles(other), false);
  bell.ring();
  await other;
});
