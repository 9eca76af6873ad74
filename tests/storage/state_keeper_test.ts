import assert from "node:assert/strict";
import type { RoundPosition } from "../../src/schedule/schedule.ts";
import { PortState } from "../../src/state/port_state.ts";
import type { StateBatch } from "../../src/state/saved_state.ts";
import { MemoryStore } from "../../src/storage/memory_store.ts";
import { StateKeeper } from "../../src/storage/state_keeper.ts";
import { makeLook, makeRecords, makeUnit } from "../scan/builders.ts";
import { change } from "./builders.ts";

/** A keeper whose store only notes what it is given. */
function makeKeeper() {
  const batches: StateBatch[] = [];
  const moved = new Map<string, RoundPosition>();
  const now = () => 0;
  const state = new PortState({ wallClock: now, now, closedRetention: Infinity });
  const records = makeRecords();
  const keeper = new StateKeeper({
    store: Object.assign(new MemoryStore(), { save: (batch: StateBatch) => batches.push(batch) }),
    state,
    records,
    takeMoved: () => {
      const taken = new Map(moved);
      moved.clear();
      return taken;
    },
    wallOffset: () => 1000.4,
  });
  return { batches, moved, state, records, keeper };
}

Deno.test("StateKeeper.save() stores nothing when nothing changed", () => {
  const { keeper, batches } = makeKeeper();
  keeper.save();
  keeper.save([]);
  assert.deepEqual(batches, []);
});

Deno.test("StateKeeper.save() stores all that changed in one batch, once", () => {
  const { keeper, batches, moved, state, records } = makeKeeper();
  state.apply([makeLook({ open: [22] })], "openings");
  records.touch(records.open(makeUnit("10.0.0.1"), { configured: true }));
  moved.set("a", { dueAt: 500, taken: 3 });
  keeper.forgetRounds(["b"]);
  keeper.save([change()]);
  keeper.save();
  assert.equal(batches.length, 1);
  const { hosts, records: saved, targets, rounds, forgottenRounds, changes } = batches[0]!;
  assert.deepEqual(hosts?.map(({ address }) => address), ["10.0.0.1"]);
  assert.deepEqual(saved?.map(({ key }) => key.target), ["10.0.0.1/32"]);
  assert.deepEqual(targets?.map(({ target }) => target), ["10.0.0.1/32"]);
  assert.deepEqual(rounds, [{ id: "a", dueAt: 1500, taken: 3 }]);
  assert.deepEqual(forgottenRounds, ["b"]);
  assert.deepEqual(changes, [change()]);
});

Deno.test("StateKeeper.save() stores changes even when nothing else changed", () => {
  const { keeper, batches } = makeKeeper();
  keeper.save([change()]);
  assert.equal(batches.length, 1);
});
