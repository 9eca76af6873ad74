import assert from "node:assert/strict";
import { MemoryStore } from "../../src/storage/memory_store.ts";
import { arrays, change, host } from "./builders.ts";

Deno.test("MemoryStore remembers changes and nothing else", () => {
  const store = new MemoryStore();
  store.save({ hosts: [host()], learnt: [{ source: "a", value: "b" }] });
  store.save({ changes: [change({ time: 1 }), change({ time: 2 })] });
  const nothing = { hosts: [], records: [], targets: [], rounds: [], learnt: [] };
  assert.deepEqual(arrays(store.load()), nothing);
  assert.deepEqual(store.changes({ limit: 5 }).map(({ time }) => time), [2, 1]);
  assert.equal(store.pruneChanges(2, 10), 1);
  store.close();
});
