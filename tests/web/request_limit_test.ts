import assert from "node:assert/strict";
import { RequestLimit } from "../../src/web/request_limit.ts";

Deno.test("RequestLimit.take() lets a burst pass, then one more every interval", () => {
  let now = 1000;
  const limit = new RequestLimit({ intervalMs: 100, burst: 3 }, () => now);
  const take = () => limit.take();
  assert.deepEqual([take(), take(), take(), take()], [0, 0, 0, 100]);
  now += 99;
  assert.equal(take(), 1);
  now += 1;
  assert.deepEqual([take(), take()], [0, 100]);
  now += 1_000_000;
  assert.deepEqual([take(), take(), take(), take()], [0, 0, 0, 100]);
});
