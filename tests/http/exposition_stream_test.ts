import assert from "node:assert/strict";
import { streamOf } from "../../src/http/exposition_stream.ts";
import { Exposition } from "../../src/prometheus/exposition.ts";
import { Page } from "../../src/prometheus/page.ts";

const PIECE = 64 * 1024;

/** A scrape of `pages` pages of 64 KiB, and what became of it. */
function makeExposition(pages: number) {
  const rendered: number[] = [];
  let closed = 0;
  const all = Array.from({ length: pages }, (_, index) =>
    new Page(() => {
      rendered.push(index);
      return `${index % 10}`.repeat(PIECE);
    }));
  const exposition = new Exposition(all, {
    encoding: "identity",
    backlog: { kept: () => {} },
    onClose: () => closed++,
  });
  return { exposition, rendered, closed: () => closed };
}

/** A server of such a scrape, asked over a real connection. */
async function withServer(
  stream: () => ReadableStream<Uint8Array<ArrayBuffer>>,
  test: (connection: Deno.TcpConn) => Promise<void>,
): Promise<void> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => new Response() },
    () => new Response(stream()),
  );
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  try {
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    await test(connection);
  } finally {
    try {
      connection.close();
    } catch {
      // The test closed it.
    }
    await server.shutdown();
  }
}

/** Everything that comes until the connection ends or breaks. */
async function readToEnd(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(PIECE);
  let text = "";
  try {
    for (;;) {
      const size = await connection.read(buffer);
      if (size === null) return text;
      text += decoder.decode(buffer.subarray(0, size), { stream: true });
      if (text.endsWith("\r\n0\r\n\r\n")) return text;
    }
  } catch {
    return text;
  }
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, "it did not happen within 10 s");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("streamOf() gives all of a scrape, and then closes it", async () => {
  const { exposition, closed } = makeExposition(20);
  await withServer(() => streamOf(exposition), async (connection) => {
    const text = await readToEnd(connection);
    assert.equal(text.match(/\d{1000,}/g)!.join("").length, 20 * PIECE);
    assert.equal(closed(), 1);
  });
});

Deno.test("streamOf() renders no further ahead than what a client has read", async () => {
  const { exposition, rendered, closed } = makeExposition(1000);
  await withServer(() => streamOf(exposition), async (connection) => {
    await until(() => rendered.length > 0);
    // The system's own buffers hold a few megabytes.
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.ok(rendered.length < 500, `${rendered.length} of 1000 pages`);
    connection.close();
    await until(() => closed() === 1);
  });
});

Deno.test("streamOf() cuts off a client that stops reading, and does not pretend that it was all", async () => {
  const { exposition, closed } = makeExposition(1000);
  await withServer(() => streamOf(exposition, { stallMs: 100 }), async (connection) => {
    await until(() => closed() === 1);
    assert.doesNotMatch(await readToEnd(connection), /\r\n0\r\n\r\n$/);
  });
});

Deno.test("streamOf() cuts off a client that takes too long in all", async () => {
  const { exposition, closed } = makeExposition(1000);
  const stream = streamOf(exposition, { wholeMs: 200 });
  const reader = stream.getReader();
  await assert.rejects(async () => {
    for (;;) {
      if ((await reader.read()).done) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }, /reads too slowly/);
  assert.equal(closed(), 1);
});

Deno.test("streamOf() lets other work go on while a large scrape is read", async () => {
  const { exposition } = makeExposition(600);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const reader = streamOf(exposition).getReader();
  while (!(await reader.read()).done);
  clearInterval(timer);
  assert.ok(turns >= 2, `${turns} turns`);
});
