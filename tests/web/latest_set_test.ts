import assert from "node:assert/strict";
import { LatestSet } from "../../src/web/latest_set.ts";

Deno.test("LatestSet forgets what was not asked for longest", () => {
  const set = new LatestSet(2);
  set.add("a");
  set.add("b");
  assert.equal(set.has("a"), true);
  set.add("c");
  assert.deepEqual(["a", "b", "c"].map((key) => set.has(key)), [true, false, true]);
  set.add("c");
  assert.equal(set.has("a"), true);
});
