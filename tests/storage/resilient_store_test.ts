import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { SavedState, StateBatch, StateStore } from "../../src/state/saved_state.ts";
import { MemoryStore } from "../../src/storage/memory_store.ts";
import { ResilientStore, type ResilientStoreOptions } from "../../src/storage/resilient_store.ts";
import { StoreError, type StoreErrorCode } from "../../src/storage/store_error.ts";
import { arrays, change, host, record, target } from "./builders.ts";

/** A store that fails on demand and remembers the batches that it took. */
class FlakyStore extends MemoryStore implements StateStore {
  failing: StoreErrorCode | "bug" | undefined;
  tries = 0;
  closed = 0;
  readonly batches: StateBatch[] = [];

  override load(): SavedState {
    return { ...super.load(), hosts: this.#hosts() };
  }

  *#hosts() {
    yield host();
    this.#trip();
  }

  override save(batch: StateBatch): void {
    this.tries++;
    this.#trip();
    this.batches.push(structuredClone(batch));
    super.save(batch);
  }

  override changes(query: Parameters<StateStore["changes"]>[0]) {
    this.#trip("corrupt");
    return super.changes(query);
  }

  override pruneChanges(before: number, limit: number): number {
    this.#trip();
    return super.pruneChanges(before, limit);
  }

  override close(): void {
    this.closed++;
    this.#trip();
  }

  #trip(only?: StoreErrorCode): void {
    if (this.failing === undefined || (only !== undefined && this.failing !== only)) return;
    if (this.failing === "bug") throw new TypeError("a bug");
    throw new StoreError(this.failing, `failing: ${this.failing}`);
  }
}

function setUp(options: Partial<ResilientStoreOptions> = {}) {
  const inner = new FlakyStore();
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const events: string[] = [];
  const store = new ResilientStore(inner, {
    onTrouble: (reason, { final }) => events.push(final ? `${reason} (final)` : reason),
    onRecovered: () => events.push("recovered"),
    monotonicClock: () => clock.now,
    ...options,
  });
  return {
    inner,
    clock,
    events,
    store,
    [Symbol.dispose]() {
      store.close();
      clock.uninstall();
    },
  };
}

Deno.test("ResilientStore passes everything on while all is well", () => {
  using t = setUp();
  t.store.save({ hosts: [host()], changes: [change()] });
  assert.deepEqual(t.inner.batches, [{ hosts: [host()], changes: [change()] }]);
  assert.deepEqual(t.store.changes({ limit: 5 }), [change()]);
  assert.equal(t.store.pruneChanges(Infinity, 10), 1);
  assert.deepEqual(arrays(t.store.load()).hosts, [host()]);
  assert.deepEqual([t.events, t.store.health], [[], "well"]);
});

Deno.test("ResilientStore keeps what it cannot store and stores it as one batch", () => {
  using t = setUp();
  t.store.save({ changes: [change({ time: 1 })] });
  t.inner.failing = "full";
  t.store.save({
    hosts: [host(), host({ address: "192.0.2.2" })],
    records: [record()],
    learnt: [{ source: "a", value: "1" }, { source: "b", value: "1" }],
    changes: [change({ time: 2 })],
  });
  t.store.save({
    hosts: [host({ open: [] })],
    forgottenHosts: [["192.0.2.2", "tcp"]],
    forgottenRecords: [record()],
    targets: [target()],
    rounds: [{ id: "a", dueAt: 1, taken: 1 }],
    learnt: [{ source: "a", value: "2" }],
    forgottenLearnt: ["b"],
    changes: [change({ time: 3 })],
  });
  assert.deepEqual([t.events, t.store.health], [["failing: full"], "waiting"]);
  assert.deepEqual(t.store.changes({ limit: 9 }).map(({ time }) => time), [3, 2, 1]);
  assert.deepEqual(t.store.changes({ limit: 2 }).map(({ time }) => time), [3, 2]);

  t.clock.tick(30_000);
  assert.equal(t.store.health, "waiting");
  t.inner.failing = undefined;
  t.clock.tick(30_000);
  assert.deepEqual([t.events, t.store.health], [["failing: full", "recovered"], "well"]);
  assert.deepEqual(t.inner.batches.at(-1), {
    hosts: [host({ open: [] })],
    forgottenHosts: [["192.0.2.2", "tcp"]],
    records: [],
    forgottenRecords: [record()],
    targets: [target()],
    forgottenTargets: [],
    rounds: [{ id: "a", dueAt: 1, taken: 1 }],
    forgottenRounds: [],
    learnt: [{ source: "a", value: "2" }],
    forgottenLearnt: ["b"],
    changes: [change({ time: 2 }), change({ time: 3 })],
  });
  assert.deepEqual(t.store.changes({ limit: 9 }).map(({ time }) => time), [3, 2, 1]);
  t.inner.failing = "io";
  t.store.save({});
  assert.deepEqual(t.events.at(-1), "failing: io");
});

Deno.test("ResilientStore tries again with a batch, but not with each", () => {
  using t = setUp();
  t.inner.failing = "io";
  for (let i = 0; i < 100; i++) t.store.save({ hosts: [host({ lastSeen: i })] });
  assert.equal(t.inner.tries, 1);
  t.clock.tick(1000);
  t.store.save({ hosts: [host({ lastSeen: 100 })] });
  assert.equal(t.inner.tries, 2);
  t.inner.failing = undefined;
  t.clock.tick(1000);
  t.store.save({ hosts: [host({ lastSeen: 101 })] });
  assert.deepEqual(t.inner.batches.map(({ hosts }) => hosts), [[host({ lastSeen: 101 })]]);
  assert.deepEqual(t.events, ["failing: io", "recovered"]);
  t.clock.tick(100_000);
  assert.equal(t.inner.tries, 3);
});

Deno.test("ResilientStore leaves a damaged file alone and goes on in memory", () => {
  using t = setUp();
  t.store.save({ changes: [change({ time: 1 })] });
  t.inner.failing = "corrupt";
  t.store.save({ hosts: [host()], changes: [change({ time: 2 })] });
  t.inner.failing = undefined;
  t.clock.tick(100_000);
  t.store.save({ hosts: [host()], changes: [change({ time: 3 })] });
  assert.equal(t.inner.tries, 2);
  assert.deepEqual([t.events, t.store.health], [["failing: corrupt (final)"], "broken"]);
  assert.deepEqual(t.store.changes({ limit: 9 }).map(({ time }) => time), [3, 2, 1]);
  t.inner.failing = "corrupt";
  assert.deepEqual(t.store.changes({ limit: 9 }).map(({ time }) => time), [3, 2]);
  assert.equal(t.store.pruneChanges(3, 9), 1);
});

Deno.test("ResilientStore never throws, whatever fails", () => {
  for (const failing of ["full", "io", "locked", "corrupt", "bug"] as const) {
    using t = setUp();
    t.inner.failing = failing;
    assert.equal([...t.store.load().hosts].length, 1);
    assert.deepEqual(t.store.changes({ limit: 1 }), []);
    assert.equal(t.store.pruneChanges(1, 1), 0);
    t.store.save({ changes: [change()] });
    assert.deepEqual(t.store.changes({ limit: 1 }), [change()]);
    t.store.close();
    assert.equal(t.inner.closed, 1);
    assert.equal(t.events.length, 1);
  }
});

Deno.test("ResilientStore bounds the changes that wait, and counts the lost", () => {
  using t = setUp({ maxChanges: 10 });
  t.inner.failing = "full";
  for (let i = 1; i <= 12; i++) t.store.save({ changes: [change({ time: i })] });
  const held = t.store.changes({ limit: 99 });
  assert.equal(held[0]?.time, 12);
  assert.equal(t.store.lostChanges, 12 - held.length);
});

Deno.test("ResilientStore.close() stores what waits when that is possible again", () => {
  using t = setUp();
  t.inner.failing = "full";
  t.store.save({ hosts: [host()] });
  t.inner.failing = undefined;
  t.store.close();
  assert.deepEqual(t.inner.batches.map(({ hosts }) => hosts), [[host()]]);
  assert.deepEqual(t.events, ["failing: full", "recovered"]);
});
