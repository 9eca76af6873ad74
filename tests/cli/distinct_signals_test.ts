import assert from "node:assert/strict";
import { distinctSignals } from "../../src/cli/distinct_signals.ts";

Deno.test("distinctSignals() takes deliveries close to each other for one signal", () => {
  const times = [0, 1, 199, 200, 210, 5000];
  const isAnother = distinctSignals(() => times.shift()!);
  assert.deepEqual(Array.from({ length: 6 }, () => isAnother()), [
    true,
    false,
    false,
    true,
    false,
    true,
  ]);
});
