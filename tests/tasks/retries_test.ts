import assert from "node:assert/strict";
import { FAILURE_TYPES } from "../../src/domain/scan.ts";
import { isWorthRetry, jittered, retryDelay } from "../../src/tasks/retries.ts";

Deno.test("retryDelay() doubles from 5 s up to 5 min, and takes at least half of it", () => {
  const longest = Array.from({ length: 10 }, (_, i) => retryDelay(i + 1, () => 1));
  assert.deepEqual(
    longest.map((ms) => ms / 1000),
    [5, 10, 20, 40, 80, 160, 300, 300, 300, 300],
  );
  const shortest = Array.from({ length: 10 }, (_, i) => retryDelay(i + 1, () => 0));
  assert.deepEqual(shortest, longest.map((ms) => ms / 2));
});

Deno.test("jittered() gives whole milliseconds from half to all", () => {
  assert.deepEqual([jittered(1001, () => 0), jittered(1001, () => 0.999)], [501, 1000]);
});

Deno.test("isWorthRetry() leaves out what stays until somebody does something about it", () => {
  const hopeless = FAILURE_TYPES.filter((type) => !isWorthRetry(type));
  assert.deepEqual(hopeless, ["permission", "nmap_missing", "unresolved"]);
});
