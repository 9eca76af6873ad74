import assert from "node:assert/strict";
import { Recent } from "../../src/overview/recent.ts";

Deno.test("Recent keeps what was asked for last", () => {
  const made: string[] = [];
  const recent = new Recent<string, string>(2);
  const f = (key: string) =>
    recent.of(key, () => {
      made.push(key);
      return key.toUpperCase();
    });
  assert.deepEqual(["a", "b", "a", "c", "a", "b"].map(f), ["A", "B", "A", "C", "A", "B"]);
  assert.deepEqual(made, ["a", "b", "c", "b"]);
  recent.clear();
  f("a");
  assert.deepEqual(made, ["a", "b", "c", "b", "a"]);
});
