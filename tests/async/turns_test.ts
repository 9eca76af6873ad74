import assert from "node:assert/strict";
import { Turns } from "../../src/async/turns.ts";

Deno.test("Turns.next() lets callers go on in order, with other work between", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const work = (name: string) => turns.next().then(() => void seen.push(name));
  const other = (async () => {
    for (let tick = 0; tick < 3; tick++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      seen.push("other");
    }
  })();
  await Promise.all([work("a"), work("b"), work("c"), other]);
  const order = seen.filter((name) => name !== "other");
  assert.deepEqual(order, ["a", "b", "c"]);
  assert.ok(seen.indexOf("other") < seen.indexOf("b"), seen.join());
});
