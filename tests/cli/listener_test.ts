import assert from "node:assert/strict";
import { startListener } from "../../src/cli/listener.ts";
import { createLogger } from "../../src/log/logger.ts";
import { makeRoutes } from "../http/builders.ts";

const HOST = "Host: x\r\nConnection: close\r\n";
const MEBIBYTE = "a".repeat(1024 * 1024);

/** A listener on a free port, of loopback unless told otherwise, with the real routes unless told otherwise. */
function listen(fetch = makeRoutes().fetch, address = "127.0.0.1") {
  const log: string[] = [];
  const listener = startListener({ hostname: address, port: 0 }, {
    fetch,
    log: createLogger({
      level: "debug",
      format: "logfmt",
      write: (line) => log.push(line),
      date: () => new Date(0),
    }),
  });
  const { hostname, port } = listener.address;
  return {
    listener,
    log,
    url: `http://${hostname}:${port}`,
    connect: () => Deno.connect(listener.address),
  };
}

/** Sends bytes as they are and reads until the server ends the connection; undefined when it was reset before it answered. */
async function exchange(
  connect: () => Promise<Deno.TcpConn>,
  request: string,
): Promise<string | undefined> {
  using connection = await connect();
  const sending = send(connection, request);
  let text = "";
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      text += new TextDecoder().decode(buffer.subarray(0, n));
      // What it says after this the tests do not need, and it waits for what they do not send.
      if (isWhole(text)) break;
    }
  } catch {
    // Reset, because the server did not read to the end.
  }
  void sending;
  return text === "" ? undefined : text;
}

async function send(connection: Deno.TcpConn, text: string): Promise<void> {
  try {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
  } catch {
    // The server has closed the connection.
  }
}

function isWhole(text: string): boolean {
  const length = /^content-length: (\d+)\r$/m.exec(text)?.[1];
  const body = text.split("\r\n\r\n").slice(1).join("\r\n\r\n");
  return length !== undefined && body.length >= Number(length);
}

Deno.test("startListener() says where it really listens", async () => {
  const { listener, url } = listen();
  assert.equal(listener.address.hostname, "127.0.0.1");
  assert.ok(listener.address.port > 0);
  assert.equal((await (await fetch(`${url}/healthz`)).json()).status, "ok");
  await listener.close(1000);
});

Deno.test("startListener() listens on IPv6", async () => {
  const listener = startListener({ hostname: "::1", port: 0 }, {
    fetch: makeRoutes().fetch,
    log: createLogger({
      level: "error",
      format: "logfmt",
      write: () => {},
      date: () => new Date(0),
    }),
  });
  const response = await fetch(`http://[::1]:${listener.address.port}/healthz`);
  assert.equal((await response.json()).status, "ok");
  await listener.close(1000);
});

Deno.test("startListener() tells the routes who asks: who is local may reload without auth", async () => {
  let reloads = 0;
  const reload = () => {
    reloads++;
    return Promise.resolve({ ok: true } as const);
  };
  const { fetch: answer } = makeRoutes({ reload });
  const log = createLogger({
    level: "error",
    format: "logfmt",
    write: () => {},
    date: () => new Date(0),
  });
  // [where it listens, how it is asked]
  const cases = [["127.0.0.1", "127.0.0.1"], ["::1", "[::1]"], ["::", "127.0.0.1"], [
    "::",
    "[::1]",
  ]];
  for (const [hostname = "", host] of cases) {
    const listener = startListener({ hostname, port: 0 }, { fetch: answer, log });
    const url = `http://${host}:${listener.address.port}/-/reload`;
    const ask = async (init: RequestInit) => {
      const response = await fetch(url, init);
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await ask({ method: "POST" }), 200, `${hostname} ${host}`);
    assert.equal(await ask({ method: "PUT" }), 200);
    for (const name of ["X-Forwarded-For", "Forwarded"]) {
      assert.equal(await ask({ method: "POST", headers: { [name]: "for=127.0.0.1" } }), 403);
    }
    assert.equal(await ask({ method: "GET" }), 405);
    await listener.close(1000);
  }
  assert.equal(reloads, 2 * cases.length);
});

Deno.test("startListener() tells the routes who asks: who is not local may not reload without auth", async () => {
  // An address of this machine that is not loopback: asking there is asking from there.
  const own = Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  )?.address;
  if (own === undefined) return;
  const routes = makeRoutes({ reload: () => Promise.reject(new Error("must not be asked")) });
  const { listener, url } = listen(routes.fetch, own);
  const response = await fetch(`${url}/-/reload`, { method: "POST" });
  assert.equal(response.status, 403);
  assert.equal((await response.json()).status, "error");
  assert.deepEqual(routes.log, []);
  await listener.close(1000);
});

Deno.test("startListener() throws when the address is taken or not ours", async () => {
  const { listener, log } = listen();
  const options = {
    fetch: makeRoutes().fetch,
    log: createLogger({
      level: "debug",
      format: "logfmt",
      write: (line) => log.push(line),
      date: () => new Date(0),
    }),
  };
  assert.throws(() => startListener(listener.address, options), Deno.errors.AddrInUse);
  assert.throws(
    () => startListener({ hostname: "192.0.2.1", port: 0 }, options),
    Deno.errors.AddrNotAvailable,
  );
  assert.deepEqual(log, []);
  await listener.close(1000);
});

Deno.test("startListener() survives what no client should send, and answers in JSON where it is asked", async () => {
  const routes = makeRoutes();
  const { listener, log, connect } = listen(routes.fetch);
  const headers = (count: number, size: number) =>
    Array.from({ length: count }, (_, i) => `X-${i}: ${"a".repeat(size)}\r\n`).join("");
  const post = (fields: string, body: string) =>
    `POST /query HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
  const get = (target: string, fields = "") => `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
  // "runtime" is what Deno refuses before it asks us: a status, and no body.
  const cases: Readonly<Record<string, readonly [request: string, status: number | "runtime"]>> = {
    "address of 1 MiB": [get(`/query?ip=${MEBIBYTE}&ports=22`), "runtime"],
    "address of 60,000 bytes": [get(`/query?ip=${"1".repeat(60_000)}&ports=22`), 400],
    "header of 1 MiB": [get("/healthz", `X: ${MEBIBYTE}\r\n`), "runtime"],
    "1,000 headers": [get("/healthz", headers(1000, 10)), "runtime"],
    "90 headers": [get("/healthz", headers(90, 500)), 200],
    "90 large headers": [get("/healthz", headers(90, 1000)), "runtime"],
    "body of 1 MiB": [post(`Content-Length: ${MEBIBYTE.length}\r\n`, MEBIBYTE), 413],
    "body of 1 MiB in one chunk": [
      post("Transfer-Encoding: chunked\r\n", `100000\r\n${MEBIBYTE}\r\n0\r\n\r\n`),
      413,
    ],
    "body of 1 MiB in small chunks": [
      post(
        "Transfer-Encoding: chunked\r\n",
        `${`400\r\n${"a".repeat(1024)}\r\n`.repeat(1024)}0\r\n\r\n`,
      ),
      413,
    ],
    "body announced and never sent": [post("Content-Length: 1000000\r\n", ""), 413],
    "body in chunks": [
      post(
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n",
        '11\r\n{"ip":"127.0.0.1"\r\n10\r\n,"ports":"22,x"}\r\n0\r\n\r\n',
      ),
      400,
    ],
    "length and chunks": [
      post(
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
      ),
      "runtime",
    ],
    "two lengths": [post("Content-Length: 5\r\nContent-Length: 6\r\n", "abcdef"), "runtime"],
    "negative length": [post("Content-Length: -1\r\n", "abcdef"), "runtime"],
    "length beyond numbers": [post(`Content-Length: ${"9".repeat(30)}\r\n`, "a"), "runtime"],
    "folded header": [get("/healthz", "X: a\r\n b\r\n"), "runtime"],
    "header with NUL": [get("/healthz", "X: a\u0000b\r\n"), "runtime"],
    "blank before the colon": [get("/healthz", "X : a\r\n"), "runtime"],
    "no HTTP": ["\u0016\u0003\u0001 hello\r\n\r\n", "runtime"],
    "no Host": ["GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 200],
    "Host that is none": [
      "GET /healthz HTTP/1.1\r\nHost: a b%%/:x\r\nConnection: close\r\n\r\n",
      404,
    ],
    "Host with a path": [
      "GET /query HTTP/1.1\r\nHost: x/healthz?\r\nConnection: close\r\n\r\n",
      200,
    ],
    "HTTP/1.0": ["GET /healthz HTTP/1.0\r\n\r\n", 200],
    "absolute address": [get("http://other/healthz"), 200],
    "CONNECT": [`CONNECT other:443 HTTP/1.1\r\n${HOST}\r\n`, 404],
    "OPTIONS *": [`OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 404],
    "TRACE": [`TRACE /healthz HTTP/1.1\r\n${HOST}\r\n`, 405],
    "dot segments": [get("/x/../query"), 404],
    "raw UTF-8": [get("/query?ip=ü&ports=22"), 400],
    "bad encoding": [get("/query?ip=%ff%zz&ports=22"), 400],
  };
  for (const [name, [request, expected]] of Object.entries(cases)) {
    const answer = await exchange(connect, request);
    if (expected === "runtime") {
      // A reset connection is an answer too: the rest of what was sent was not read.
      if (answer !== undefined) assert.match(answer, /^HTTP\/1\.1 4\d\d [^]*\r\n\r\n$/, name);
    } else {
      const version = name === "HTTP/1.0" ? "1.0" : "1.1";
      assert.ok(answer !== undefined, name);
      assert.equal(answer.slice(0, 13), `HTTP/${version} ${expected} `, name);
      assert.match(answer, /\r\ncontent-type: application\/json\r\n/, name);
      JSON.parse(answer.split("\r\n\r\n")[1]!);
    }
    assert.match(await exchange(connect, get("/healthz")) ?? "", /^HTTP\/1\.1 200 /, name);
  }
  assert.deepEqual([log, routes.log, routes.asked], [[], [], []]);
  await listener.close(1000);
});

Deno.test("startListener() answers the others while some send slowly, and survives those who leave", async () => {
  const routes = makeRoutes();
  const { listener, log, url, connect } = listen(routes.fetch);
  const starts = [
    "",
    "G",
    "GET /metrics HTTP/1.1\r\nHost: x\r\nX: ",
    "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
    "POST /query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
  ];
  const slow = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const connection = await connect();
      await send(connection, starts[i % starts.length]!);
      return connection;
    }),
  );
  assert.equal((await (await fetch(`${url}/healthz`)).json()).status, "ok");
  for (const connection of slow) connection.close();
  assert.equal((await (await fetch(`${url}/healthz`)).json()).status, "ok");
  await listener.close(1000);
  assert.deepEqual([log, routes.log, routes.asked], [[], [], []]);
});

Deno.test("startListener() answers in JSON when the function that answers fails", async () => {
  const { listener, log, url } = listen(() => Promise.reject(new TypeError("broken\nhere")));
  const response = await fetch(url);
  assert.equal(response.status, 500);
  assert.deepEqual(await response.json(), { status: "error", message: "The request failed" });
  assert.deepEqual(log, [
    'time=1970-01-01T00:00:00.000Z level=error msg="Request failed" error="TypeError: broken\\nhere"\n',
  ]);
  await listener.close(1000);
});

Deno.test("Listener.close() lets an open request finish and takes no more", async () => {
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const { listener, url } = listen(async () => {
    started.resolve();
    await finish.promise;
    return new Response("finished");
  });
  const response = fetch(url);
  await started.promise;
  const closed = listener.close(10_000);
  await assert.rejects(fetch(url), TypeError);
  finish.resolve();
  assert.equal(await (await response).text(), "finished");
  await closed;
});

Deno.test("Listener.close() does not wait for connections that ask nothing", async () => {
  const { listener, url, connect } = listen();
  using _silent = await connect();
  using half = await connect();
  await send(half, "GET /healthz HTTP/1.1\r\nHost: x\r\n");
  await (await fetch(`${url}/healthz`)).text();
  const begun = performance.now();
  await listener.close(10_000);
  assert.ok(performance.now() - begun < 2_000);
});

Deno.test("Listener.close() waits no longer than it was told", async () => {
  const started = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const { listener, log, url } = listen(async () => {
    started.resolve();
    await finish.promise;
    return new Response("late");
  });
  const response = fetch(url);
  await started.promise;
  const begun = performance.now();
  await listener.close(100);
  const waited = performance.now() - begun;
  assert.ok(waited >= 99 && waited < 2_000, `${waited}`);
  assert.deepEqual(log, []);
  finish.resolve();
  assert.equal(await (await response).text(), "late");
});
