import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { EventHub, type EventHubOptions } from "../../src/http/event_hub.ts";
import type { LivePage } from "../../src/pages/live_part.ts";

/** A hub whose time passes quickly, and pages whose parts count how often they are made. */
function makeHub(overrides: Partial<EventHubOptions> = {}) {
  const problems: unknown[] = [];
  const made: string[] = [];
  const texts = new Map<string, string>();
  const hub = new EventHub({
    now: () => 5,
    build: "b1",
    onProblem: (error) => problems.push(error),
    intervalMs: 10,
    ...overrides,
  });
  const page = (events: string, ids: string[] = ["a", "b"]): LivePage => ({
    events,
    parts: ids.map((id) => ({
      id,
      render: () => {
        made.push(`${events}:${id}`);
        const text = texts.get(id) ?? "";
        if (text === "throw") throw new Error("cannot be made");
        return text;
      },
    })),
  });
  return { hub, page, texts, made, problems };
}

/** Takes what a stream sends, one piece at a time. */
function readerOf(stream: ReadableStream<Uint8Array> | undefined) {
  assert(stream !== undefined);
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  return {
    /** The next piece; `end` after the last. */
    async next(): Promise<string> {
      const { value, done } = await reader.read();
      return done ? "end" : decoder.decode(value);
    },
    async skip(count: number): Promise<void> {
      for (let i = 0; i < count; i++) await reader.read();
    },
    cancel: () => reader.cancel(),
  };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const part = (id: string, html: string) => `event: part\ndata: ${JSON.stringify({ id, html })}\n\n`;

Deno.test("EventHub sends all parts, then those that change", async () => {
  const { hub, page, texts } = makeHub();
  texts.set("a", "<p>\r\n1</p>").set("b", "2");
  const { next, cancel } = readerOf(hub.open(page("x")));
  assert.equal(await next(), "retry: 2000\n\n");
  assert.equal(await next(), 'event: hello\ndata: {"build":"b1","now":5}\n\n');
  assert.equal(await next(), part("a", "<p>\r\n1</p>"));
  assert.equal(await next(), part("b", "2"));
  texts.set("b", "3");
  assert.equal(await next(), part("b", "3"));
  texts.set("a", "4");
  assert.equal(await next(), part("a", "4"));
  await cancel();
});

Deno.test("EventHub sends nothing because time passed", async () => {
  const { hub, page, texts } = makeHub();
  texts.set("a", '<span class="ago">1 s ago</span>');
  const { next, skip, cancel } = readerOf(hub.open(page("x")));
  await skip(4);
  texts.set("a", '<span class="ago">2 s ago</span>');
  const waiting = next();
  await pause(50);
  texts.set("b", "changed");
  assert.equal(await waiting, part("b", "changed"));
  await cancel();
});

Deno.test("EventHub makes a page once for all who look at it", async () => {
  const { hub, page, made } = makeHub({ intervalMs: 1_000_000 });
  const readers = Array.from({ length: 10 }, () => readerOf(hub.open(page("x"))));
  const other = readerOf(hub.open(page("y", ["a"])));
  assert.deepEqual(made, ["x:a", "x:b", "y:a"]);
  for (const { next, skip } of readers) {
    await skip(3);
    assert.equal(await next(), part("b", ""));
  }
  for (const { cancel } of [...readers, other]) await cancel();
});

Deno.test("EventHub does nothing while nobody looks", async () => {
  const { hub, page, made } = makeHub();
  await pause(30);
  assert.equal(made.length, 0);
  const first = readerOf(hub.open(page("x")));
  const second = readerOf(hub.open(page("x")));
  await first.cancel();
  assert.equal(hub.size, 1);
  await second.cancel();
  assert.equal(hub.size, 0);
  const before = made.length;
  await pause(50);
  assert.equal(made.length, before);
  // And it begins again.
  const third = readerOf(hub.open(page("x")));
  await pause(50);
  assert(made.length > before + 2);
  await third.cancel();
});

Deno.test("EventHub has a limit", async () => {
  const { hub, page } = makeHub({ limit: 3 });
  const readers = ["x", "x", "y"].map((events) => readerOf(hub.open(page(events))));
  assert.equal(hub.open(page("x")), undefined);
  await readers[0]!.cancel();
  readers[0] = readerOf(hub.open(page("z")));
  assert.equal(hub.open(page("z")), undefined);
  for (const { cancel } of readers) await cancel();
});

Deno.test("EventHub sends one who reads slowly the latest, and not what was before", async () => {
  const { hub, page, texts } = makeHub();
  const { next, skip, cancel } = readerOf(hub.open(page("x")));
  await skip(4);
  for (let i = 1; i <= 5; i++) {
    texts.set("a", String(i));
    await pause(25);
  }
  // What was on its way when the reading stopped is the most that is behind.
  const latest = await next();
  assert.equal(latest, part("a", "5"));
  await cancel();
});

Deno.test("EventHub cuts off one who does not read", async () => {
  const { hub, page } = makeHub({ stallMs: 40 });
  const stalled = hub.open(page("x"))!.getReader();
  await stalled.read();
  const good = readerOf(hub.open(page("x")));
  await good.skip(4);
  const waiting = good.next();
  await pause(120);
  assert.equal(hub.size, 1);
  await assert.rejects(stalled.read(), /reads too slowly/);
  await good.cancel();
  await waiting;
});

Deno.test("EventHub sends heartbeats when there is nothing else", async () => {
  const { hub, page } = makeHub({ heartbeatMs: 30 });
  const { next, skip, cancel } = readerOf(hub.open(page("x")));
  await skip(4);
  const began = performance.now();
  assert.equal(await next(), ": still here\n\n");
  assert(performance.now() - began >= 25);
  assert.equal(await next(), ": still here\n\n");
  await cancel();
});

Deno.test("EventHub has clients ask again after a while", async () => {
  const { hub, page } = makeHub({ lifetimeMs: 30 });
  const { next, skip } = readerOf(hub.open(page("x")));
  await skip(4);
  assert.equal(await next(), "retry: 50\n\n");
  assert.equal(await next(), "end");
  assert.equal(hub.size, 0);
});

Deno.test("EventHub gives a place back within a minute that the buffers of the network hold", async () => {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  try {
    const { hub, page } = makeHub({ intervalMs: 1000 });
    const { next } = readerOf(hub.open(page("x")));
    void (async () => {
      while (await next() !== "end");
    })();
    await clock.tickAsync(58_000);
    assert.equal(hub.size, 1);
    await clock.tickAsync(5000);
    assert.equal(hub.size, 0);
  } finally {
    clock.uninstall();
  }
});

Deno.test("EventHub.renew() has all clients ask again at once, and takes them back", async () => {
  const { hub, page } = makeHub();
  const streams = ["x", "y"].map((events) => readerOf(hub.open(page(events))));
  for (const { skip } of streams) await skip(4);
  const waiting = streams.map(({ next }) => next());
  hub.renew();
  assert.deepEqual(await Promise.all(waiting), ["retry: 50\n\n", "retry: 50\n\n"]);
  for (const { next } of streams) assert.equal(await next(), "end");
  assert.equal(hub.size, 0);
  await readerOf(hub.open(page("x"))).cancel();
});

Deno.test("EventHub.close() ends everything for good", async () => {
  const { hub, page } = makeHub();
  const streams = ["x", "x", "y"].map((events) => readerOf(hub.open(page(events))));
  await streams[0]!.skip(4);
  const waiting = streams[0]!.next();
  hub.close();
  assert.equal(await waiting, "end");
  for (const { next } of streams) assert.equal(await next(), "end");
  assert.equal(hub.size, 0);
  assert.equal(hub.open(page("x")), undefined);
});

Deno.test("EventHub ends the streams of a page that cannot be made, and no others", async () => {
  const { hub, page, texts, problems } = makeHub();
  const bad = readerOf(hub.open(page("x", ["a"])));
  const good = readerOf(hub.open(page("y", ["b"])));
  await bad.skip(3);
  await good.skip(3);
  texts.set("a", "throw");
  assert.equal(await bad.next(), "end");
  assert.match(String(problems[0]), /cannot be made/);
  assert.equal(problems.length, 1);
  texts.set("b", "still");
  assert.equal(await good.next(), part("b", "still"));
  await good.cancel();
});

Deno.test("EventHub notices that a client went away, over a real connection", async () => {
  const { hub, page } = makeHub({ heartbeatMs: 20 });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(hub.open(page("x")) as ReadableStream<Uint8Array<ArrayBuffer>>),
  );
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  await connection.read(new Uint8Array(1000));
  assert.equal(hub.size, 1);
  connection.close();
  const deadline = performance.now() + 5000;
  while (hub.size > 0 && performance.now() < deadline) await pause(10);
  assert.equal(hub.size, 0);
  await server.shutdown();
});
