import assert from "node:assert/strict";
import { FairLine } from "../../src/web/fair_line.ts";

/** A line whose jobs end when told to, with the order in which they began. */
function makeLine(limits: { clients: number; perClient: number }) {
  const line = new FairLine(limits);
  const began: string[] = [];
  const ends: (() => void)[] = [];
  return {
    began,
    ask: (client: string, name = client) =>
      line.run(client, async () => {
        began.push(name);
        await new Promise<void>((resolve) => ends.push(resolve));
        return name;
      }),
    async finish() {
      for (let end = ends.shift(); end !== undefined; end = ends.shift()) {
        end();
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    },
  };
}

Deno.test("FairLine.run() deals turns by client, one job at a time", async () => {
  const { ask, began, finish } = makeLine({ clients: 9, perClient: 9 });
  for (const name of ["a1", "a2", "a3", "a4"]) void ask("a", name);
  void ask("b", "b1");
  void ask("c", "c1");
  void ask("b", "b2");
  assert.deepEqual(began, ["a1"]);
  await finish();
  assert.deepEqual(began, ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
  const last = ask("d");
  await finish();
  assert.equal(await last, "d");
});

Deno.test("FairLine.run() refuses at once what does not fit, and forgets who was served", async () => {
  const { ask, began, finish } = makeLine({ clients: 2, perClient: 2 });
  void ask("a", "running");
  assert.equal(typeof ask("a"), "object");
  assert.equal(typeof ask("a"), "object");
  assert.equal(ask("a"), "crowded");
  assert.equal(typeof ask("b"), "object");
  assert.equal(ask("c"), "busy");
  await finish();
  assert.equal(began.length, 4);
  assert.equal(typeof ask("c"), "object");
  await finish();
});

Deno.test("FairLine.run() goes on after a job that fails", async () => {
  const line = new FairLine({ clients: 2, perClient: 2 });
  const failed = line.run("a", () => Promise.reject(new Error("broken")));
  const next = line.run("a", () => Promise.resolve(1));
  await assert.rejects(failed as Promise<unknown>, /broken/);
  assert.equal(await next, 1);
});
