import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { slicedStream } from "../../src/http/sliced_stream.ts";

/** A million texts of 100 characters, and what became of them. */
function makeTexts() {
  const seen = { taken: 0, closed: false };
  const texts = function* () {
    try {
      for (; seen.taken < 1_000_000; seen.taken++) yield "x".repeat(100);
    } finally {
      seen.closed = true;
    }
  };
  return { seen, texts: texts() };
}

Deno.test("slicedStream() gives the texts as UTF-8, and nothing for empty ones", async () => {
  const f = async (...texts: string[]) => {
    assert.equal(await new Response(slicedStream(texts)).text(), texts.join(""));
  };
  await f();
  await f("");
  await f("[", "", "é漢😀", "]\n");
  await f(...Array(3000).fill("é".repeat(99)), "end");
});

Deno.test("slicedStream() is no further ahead than one piece, and stops with its reader", async () => {
  const { seen, texts } = makeTexts();
  const reader = slicedStream(texts).getReader();
  assert.equal(seen.taken, 0);
  const { value } = await reader.read();
  assert.equal(value!.length, 65_600);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(seen.taken < 700, `${seen.taken}`);
  const pending = reader.read();
  await reader.cancel();
  await pending;
  assert.ok(seen.closed);
  assert.ok(seen.taken < 2000, `${seen.taken}`);
});

Deno.test("slicedStream() breaks off when no more can be had", async () => {
  const texts = function* () {
    yield "[";
    throw new Error("disk I/O error");
  };
  await assert.rejects(new Response(slicedStream(texts())).text(), /disk I\/O error/);
});

Deno.test("slicedStream() leaves room for other work, for each piece and while nothing comes", async () => {
  const f = async (texts: Iterable<string>, atLeast: number) => {
    let turns = 0;
    let over = false;
    const other = (async () => {
      for (; !over; turns++) await setImmediate();
    })();
    await new Response(slicedStream(texts)).text();
    over = true;
    await other;
    assert.ok(turns >= atLeast, `${turns} turns`);
  };
  await f(Array(100_000).fill("x".repeat(100)), 150);
  const slow = function* () {
    for (let n = 0; n < 60; n++) {
      for (const began = performance.now(); performance.now() - began < 1;);
      yield "";
    }
  };
  await f(slow(), 8);
});
