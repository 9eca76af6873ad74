import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import type { Fetch } from "../../src/web/shield.ts";
import { startTlsListener } from "../../src/web/tls_listener.ts";
import type { TlsConfig } from "../../src/web/web_config.ts";
import { makeRoutes } from "../http/builders.ts";
import type { Authority, Pair } from "../support/certificates.ts";
import { inDirectory, makeAuthority, makeLog, tlsOf, until } from "./builders.ts";

/** A listener on a free port of loopback, with the real routes unless told otherwise. */
async function listen(tls: TlsConfig, fetch: Fetch = makeRoutes().fetch) {
  const { log, lines } = makeLog();
  const listener = await startTlsListener({ hostname: "127.0.0.1", port: 0 }, { tls, fetch, log });
  return {
    listener,
    lines,
    url: `https://127.0.0.1:${listener.address.port}`,
    [Symbol.asyncDispose]: () => listener.close(1000),
  };
}

/** Answers of `curl`, which exits with another code than 0 when a connection fails. */
async function curl(authority: Authority, ...args: readonly string[]) {
  const { code, stdout } = await new Deno.Command("curl", {
    args: ["-sS", "--max-time", "20", "--cacert", authority.caFile, ...args],
    stderr: "null",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

/** A TLS connection that trusts `authority`. */
async function connect(authority: Authority, port: number): Promise<Deno.TlsConn> {
  const caCerts = [await Deno.readTextFile(authority.caFile)];
  return await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts });
}

async function send(connection: Deno.Conn, text: string): Promise<void> {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(await connection.write(bytes));
}

/** Everything until the other side ends; what was there when it was reset. */
async function readAll(connection: Deno.Conn): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  const buffer = new Uint8Array(64 * 1024);
  try {
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      text += decoder.decode(buffer.subarray(0, n), { stream: true });
    }
  } catch {
    // Reset.
  }
  return text;
}

Deno.test("startTlsListener() answers over TLS, and tells the routes who asks", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    let reloads = 0;
    const reload = () => Promise.resolve({ ok: true, count: reloads++ } as const);
    await using t = await listen(tlsOf(await authority.issue("one")), makeRoutes({ reload }).fetch);
    assert.equal(JSON.parse((await curl(authority, `${t.url}/healthz`)).text).status, "ok");
    assert.match((await curl(authority, "--http1.0", `${t.url}/healthz`)).text, /"status":"ok"/);
    const head = await curl(authority, "-I", `${t.url}/metrics`);
    assert.match(head.text, /^HTTP\/1\.1 200 OK\r\n[^]*content-type: text\/plain[^]*\r\n\r\n$/);
    const zipped = await curl(authority, "--compressed", `${t.url}/metrics`);
    assert.equal(zipped.text, "page in text\n");
    // Who is local may reload without auth.
    assert.match((await curl(authority, "-X", "POST", `${t.url}/-/reload`)).text, /"success"/);
    assert.equal(reloads, 1);
    const query = await curl(authority, "-d", "ip=127.0.0.1&ports=22", `${t.url}/query`);
    assert.match(query.text, /"status":"skipped"/);
    assert.deepEqual(t.lines, []);
  }));

Deno.test("startTlsListener() throws when the address is taken", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const tls = tlsOf(await authority.issue("one"));
    await using t = await listen(tls);
    const { log } = makeLog();
    await assert.rejects(
      startTlsListener(t.listener.address, { tls, log, fetch: makeRoutes().fetch }),
      /EADDRINUSE|in use/,
    );
  }));

Deno.test("TlsListener.replace() serves another certificate to new connections; open ones go on", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const [one, two] = [await authority.issue("one"), await authority.issue("two")];
    await using t = await listen(tlsOf(one));
    const subject = async () => {
      const { stdout } = await new Deno.Command("openssl", {
        args: ["s_client", "-connect", t.url.slice(8), "-CAfile", authority.caFile],
        stdin: "null",
        stderr: "null",
      }).output();
      return /^subject=CN ?= ?(.*)$/m.exec(new TextDecoder().decode(stdout))?.[1];
    };
    assert.equal(await subject(), "one");
    using open = await connect(authority, t.listener.address.port);
    const ask = "GET /healthz HTTP/1.1\r\nHost: x\r\n";
    await send(open, `${ask}\r\n`);
    const buffer = new Uint8Array(64 * 1024);
    while (!new TextDecoder().decode(buffer).includes('"workers"')) {
      await open.read(buffer);
    }
    t.listener.replace(tlsOf(two));
    assert.equal(await subject(), "two");
    await send(open, `${ask}Connection: close\r\n\r\n`);
    assert.match(await readAll(open), /^HTTP\/1\.1 200 /);
    t.listener.replace(tlsOf(one, { minVersion: "TLSv1.3" }));
    assert.notEqual((await curl(authority, "--tls-max", "1.2", t.url)).code, 0);
    assert.equal((await curl(authority, "--tlsv1.3", `${t.url}/healthz`)).code, 0);
    t.listener.replace(tlsOf(one, { maxVersion: "TLSv1.2" }));
    assert.notEqual((await curl(authority, "--tlsv1.3", t.url)).code, 0);
  }));

Deno.test("startTlsListener() lets clients in by their certificates as each kind wants, also after a change", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const server = await authority.issue("server");
    const other = await makeOther(directory);
    const clients: Record<string, Pair | undefined> = {
      none: undefined,
      known: await authority.issue("known", { names: ["DNS:known.example", "IP:192.0.2.7"] }),
      expired: await authority.issue("expired", { days: -2, names: ["DNS:known.example"] }),
      stranger: await other.issue("stranger", { names: ["DNS:known.example"] }),
    };
    const clientCa = await Deno.readTextFile(authority.caFile);
    await using t = await listen(tlsOf(server));
    const admitted = async () => {
      const found: string[] = [];
      for (const [name, pair] of Object.entries(clients)) {
        const files = pair === undefined ? [] : await writePair(directory, name, pair);
        const { code } = await curl(authority, ...files, `${t.url}/healthz`);
        if (code === 0) found.push(name);
      }
      return found;
    };
    const all = Object.keys(clients);
    const f = async (overrides: Partial<TlsConfig>, expected: readonly string[]) => {
      t.listener.replace(tlsOf(server, overrides));
      assert.deepEqual(await admitted(), expected, JSON.stringify(overrides.clientAuth));
    };
    await f({ clientAuth: "NoClientCert" }, all);
    await f({ clientAuth: "RequestClientCert" }, all);
    await f({ clientAuth: "RequireAnyClientCert" }, ["known", "expired", "stranger"]);
    await f({ clientAuth: "VerifyClientCertIfGiven", clientCa }, ["none", "known"]);
    await f({ clientAuth: "RequireAndVerifyClientCert", clientCa }, ["known"]);
    const strict = { clientAuth: "RequireAndVerifyClientCert", clientCa } as const;
    await f({ ...strict, allowedSans: new Set(["192.0.2.7", "x"]) }, ["known"]);
    await f({ ...strict, allowedSans: new Set(["server"]) }, []);
    await f({ clientAuth: "NoClientCert" }, all);
    // However many were turned away, there is one line in a minute.
    assert.equal(t.lines.length, 1);
    assert.match(t.lines[0]!, /^level=info msg="TLS handshakes failed/);
  }));

Deno.test("startTlsListener() says why the certificate of a client is refused", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const tls = tlsOf(await authority.issue("server"), {
      clientAuth: "RequireAndVerifyClientCert",
      clientCa: await Deno.readTextFile(authority.caFile),
    });
    const stranger = await (await makeOther(directory)).issue("stranger");
    await using t = await listen(tls);
    const files = await writePair(directory, "stranger", stranger);
    assert.notEqual((await curl(authority, ...files, `${t.url}/healthz`)).code, 0);
    await until(() => t.lines.length > 0, "a line");
    assert.match(
      t.lines[0]!,
      /last_reason="the client's certificate cannot be verified \([A-Z_]+\)" last_client=127\.0\.0\.1/,
    );
  }));

async function makeOther(directory: string): Promise<Authority> {
  const path = join(directory, "other");
  await Deno.mkdir(path);
  return await makeAuthority(path);
}

async function writePair(directory: string, name: string, { cert, key }: Pair): Promise<string[]> {
  const path = join(directory, name);
  await Deno.writeTextFile(`${path}.crt`, cert);
  await Deno.writeTextFile(`${path}.key`, key);
  return ["--cert", `${path}.crt`, "--key", `${path}.key`];
}

Deno.test("startTlsListener() survives what no client should send, and answers in JSON where it is asked", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const routes = makeRoutes();
    await using t = await listen(tlsOf(await authority.issue("one")), routes.fetch);
    const { port } = t.listener.address;
    const HOST = "Host: x\r\nConnection: close\r\n";
    const get = (target: string, fields = "") => `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
    const post = (fields: string, body: string) =>
      `POST /query HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
    const mebibyte = "a".repeat(1024 * 1024);
    const chunks = `${`400\r\n${"a".repeat(1024)}\r\n`.repeat(1024)}0\r\n\r\n`;
    // "node" is what Node refuses before it asks us: a status, and no body.
    const cases: Readonly<Record<string, readonly [request: string, status: number | "node"]>> = {
      "100 header fields": [get("/healthz", "X: y\r\n".repeat(98)), 200],
      "101 header fields": [get("/healthz", "X: y\r\n".repeat(99)), 431],
      "address of 60,000 bytes": [get(`/query?ip=${"1".repeat(60_000)}&ports=22`), 400],
      "head above the limit": [get("/healthz", `X: ${"a".repeat(66_000)}\r\n`), 413],
      "head of 1 MiB": [get("/healthz", `X: ${mebibyte}\r\n`), "node"],
      "body of 1 MiB": [post(`Content-Length: ${mebibyte.length}\r\n`, mebibyte), 413],
      "body of 1 MiB in chunks": [post("Transfer-Encoding: chunked\r\n", chunks), 413],
      "body announced and never sent": [post("Content-Length: 1000000\r\n", ""), 413],
      "body of a GET": [get("/healthz", "Content-Length: 3\r\n").replace(/$/, "abc"), 200],
      "length and chunks": [
        post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
        "node",
      ],
      "no HTTP": ["\u0016\u0003\u0001 hello\r\n\r\n", "node"],
      "Host that is none": [
        "GET /healthz HTTP/1.1\r\nHost: a b%%/:x\r\nConnection: close\r\n\r\n",
        200,
      ],
      "Host with a path": [
        "GET /query HTTP/1.1\r\nHost: x/healthz?\r\nConnection: close\r\n\r\n",
        400,
      ],
      "HTTP/1.0": ["GET /healthz HTTP/1.0\r\n\r\n", 200],
      "absolute address": [get("http://other/healthz"), 200],
      "OPTIONS *": [`OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 404],
      "TRACE": [`TRACE /healthz HTTP/1.1\r\n${HOST}\r\n`, 405],
      "dot segments": [get("/x/../query"), 400],
      "bad encoding": [get("/query?ip=%ff%zz&ports=22"), 400],
    };
    const warnings: Error[] = [];
    const warned = (warning: Error) => void warnings.push(warning);
    process.on("warning", warned);
    for (const [name, [request, expected]] of Object.entries(cases)) {
      using connection = await connect(authority, port);
      const sending = send(connection, request).catch(() => {});
      const answer = await readAll(connection);
      await sending;
      if (expected === "node") {
        if (answer !== "") assert.match(answer, /^HTTP\/1\.1 4\d\d [^]*\r\n\r\n$/, name);
      } else {
        assert.equal(
          answer.slice(0, 13),
          `HTTP/1.1 ${expected} `,
          `${name}: ${answer.slice(0, 200)}`,
        );
        assert.match(answer, /\r\ncontent-type: application\/json\r\n/, name);
      }
      assert.equal((await curl(authority, `${t.url}/healthz`)).code, 0, name);
    }
    process.off("warning", warned);
    assert.deepEqual([t.lines, routes.log, routes.asked, warnings], [[], [], [], []]);
    // Plain HTTP, and what is nothing at all: a line, and nothing worse.
    for (const text of ["GET / HTTP/1.1\r\n\r\n", "\u0000".repeat(1000), ""]) {
      using plain = await Deno.connect({ hostname: "127.0.0.1", port });
      await send(plain, text);
      if (text !== "") await readAll(plain);
    }
    assert.equal((await curl(authority, `${t.url}/healthz`)).code, 0);
    assert.equal(t.lines.length, 1);
    assert.match(t.lines[0]!, /last_client=127\.0\.0\.1/);
  }));

/** A body whose pieces are taken back once the next is asked for, as those of a scrape are. */
function lentPieces(count: number) {
  let next = 0;
  let lent: Uint8Array<ArrayBuffer> | undefined;
  let cancelled = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      lent?.buffer.transfer(0);
      if (next === count) return controller.close();
      lent = new Uint8Array(50_000).fill(next++ % 251);
      controller.enqueue(lent);
    },
    cancel: () => {
      cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { body, given: () => next, cancelled: () => cancelled };
}

Deno.test("startTlsListener() answers what a client sends ahead in turn, and not without end", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    let [begun, busy, most] = [0, 0, 0];
    const fetch: Fetch = async ({ url }) => {
      begun++;
      most = Math.max(most, ++busy);
      await new Promise((resolve) => setTimeout(resolve, 1));
      busy--;
      const body = url.endsWith("/large") ? lentPieces(1000).body : new URL(url).pathname;
      return new Response(body);
    };
    await using t = await listen(tlsOf(await authority.issue("one")), fetch);
    const { port } = t.listener.address;
    const ask = (path: string, more = "") => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;
    const paths = Array.from({ length: 20 }, (_, index) => `/${index}`);
    {
      using connection = await connect(authority, port);
      await send(
        connection,
        paths.map((path) => ask(path)).join("") + ask("/end", "Connection: close\r\n"),
      );
      const answered = [...(await readAll(connection)).matchAll(/^\/\w+/gm)].map(([path]) => path);
      assert.deepEqual(answered, [...paths, "/end"]);
      assert.deepEqual([begun, most], [21, 1]);
    }
    // One that is not read keeps those behind it from being begun, and too many end the connection.
    begun = 0;
    using idle = await connect(authority, port);
    await send(idle, ask("/large") + paths.map((path) => ask(path)).join(""));
    await until(() => begun > 0, "it begins");
    using greedy = await connect(authority, port);
    await send(greedy, ask("/large").repeat(500)).catch(() => {});
    await readAll(greedy);
    assert.equal((await curl(authority, `${t.url}/healthz`)).text, "/healthz");
    assert.ok(begun <= 3, `${begun} were begun`);
    assert.deepEqual(t.lines, []);
  }));

Deno.test("startTlsListener() ends what has waited longest when connections are too many", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    await using t = await listen(tlsOf(await authority.issue("one")));
    const ended: number[] = [];
    const waiting: Deno.Conn[] = [];
    for (let index = 0; index < 600; index += 1) {
      const connection = await Deno.connect({
        hostname: "127.0.0.1",
        port: t.listener.address.port,
      });
      waiting.push(connection);
      void readAll(connection).then(() => ended.push(index));
    }
    assert.match((await curl(authority, `${t.url}/healthz`)).text, /"status":"ok"/);
    await until(() => ended.length >= 88, "the oldest are ended");
    assert.deepEqual(
      ended.toSorted((a, b) => a - b).slice(0, 88),
      waiting.keys().take(88).toArray(),
    );
    assert.ok(ended.length < 100, "no more than there are too many");
    for (const connection of waiting) connection.close();
    await until(() => ended.length === waiting.length, "all are ended");
  }));

Deno.test("startTlsListener() ends connections whose handshake is never over", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    await using t = await listen(tlsOf(await authority.issue("one")));
    const { port } = t.listener.address;
    using silent = await Deno.connect({ hostname: "127.0.0.1", port });
    using halting = await Deno.connect({ hostname: "127.0.0.1", port });
    await halting.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1));
    const timer = setTimeout(() => {
      for (const connection of [silent, halting]) connection.close();
    }, 14_000);
    // Closed by us, it throws.
    for (const connection of [silent, halting]) {
      assert.equal(await connection.read(new Uint8Array(100)), null);
    }
    clearTimeout(timer);
  }));

Deno.test("startTlsListener() sends every byte of a body whose pieces are only lent", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const fetch = () => new Response(lentPieces(400).body);
    await using t = await listen(tlsOf(await authority.issue("one")), fetch);
    const file = join(directory, "body");
    await Promise.all(["a", "b", "c"].map(async (name) => {
      assert.equal((await curl(authority, "-o", file + name, t.url)).code, 0);
      const bytes = await Deno.readFile(file + name);
      assert.equal(bytes.length, 400 * 50_000);
      for (let i = 0; i < 400; i++) {
        const piece = bytes.subarray(i * 50_000, (i + 1) * 50_000);
        assert.ok(piece.every((byte) => byte === i % 251), `piece ${i}`);
      }
    }));
  }));

Deno.test("startTlsListener() reads no further ahead than a slow client, and stops when it is gone", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const pieces = lentPieces(10_000);
    await using t = await listen(
      tlsOf(await authority.issue("one")),
      () => new Response(pieces.body),
    );
    const connection = await connect(authority, t.listener.address.port);
    await send(connection, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await until(() => pieces.given() > 0, "the first piece");
    let before = -1;
    await until(async () => {
      const stopped = pieces.given() === before;
      before = pieces.given();
      await new Promise((resolve) => setTimeout(resolve, 200));
      return stopped && pieces.given() === before;
    }, "a pause");
    // 500 MB are what there is; some MB fit into the buffers of the system.
    assert.ok(pieces.given() < 1000, `${pieces.given()}`);
    connection.close();
    await until(() => pieces.cancelled(), "the end");
  }));

Deno.test("startTlsListener() breaks off an answer whose body fails, also while the client reads nothing", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const cut = Promise.withResolvers<void>();
    const fetch = () =>
      new Response(
        new ReadableStream({
          start: (controller) =>
            void cut.promise.then(() => controller.error(new Error("too slow"))),
          pull: (controller) => controller.enqueue(new Uint8Array(50_000)),
        }, { highWaterMark: 0 }),
      );
    await using t = await listen(tlsOf(await authority.issue("one")), fetch);
    using connection = await connect(authority, t.listener.address.port);
    await send(connection, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 500));
    cut.resolve();
    const text = await readAll(connection);
    assert.ok(text.length > 50_000);
    assert.ok(!text.endsWith("0\r\n\r\n"));
    assert.deepEqual(t.lines, []);
  }));

Deno.test("startTlsListener() sends events as they come", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const events = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
    const fetch = () =>
      new Response(new ReadableStream({ start: (controller) => events.resolve(controller) }), {
        headers: { "Content-Type": "text/event-stream" },
      });
    await using t = await listen(tlsOf(await authority.issue("one")), fetch);
    using connection = await connect(authority, t.listener.address.port);
    await send(connection, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const buffer = new Uint8Array(4096);
    let text = "";
    const readUntil = async (wanted: string) => {
      while (!text.includes(wanted)) {
        text += new TextDecoder().decode(buffer.subarray(0, await connection.read(buffer) ?? 0));
      }
    };
    // The head is there before there is any event.
    await readUntil("\r\n\r\n");
    const controller = await events.promise;
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      controller.enqueue(new TextEncoder().encode(event));
      await readUntil(event);
    }
    controller.close();
    await readUntil("0\r\n\r\n");
  }));

Deno.test("startTlsListener() answers in JSON when the function that answers fails", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const fetch = () => Promise.reject(new TypeError("broken"));
    await using t = await listen(tlsOf(await authority.issue("one")), fetch);
    const { text } = await curl(authority, "-i", t.url);
    assert.match(text, /^HTTP\/1\.1 500 [^]*\{"status":"error","message":"The request failed"\}$/);
    assert.deepEqual(t.lines, ['level=error msg="Request failed" error="TypeError: broken"']);
  }));

Deno.test("TlsListener.close() lets an open request finish, waits for no silent connection, and not for ever", () =>
  inDirectory(async (directory) => {
    const authority = await makeAuthority(directory);
    const tls = tlsOf(await authority.issue("one"));
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const fetch = async () => {
      started.resolve();
      await finish.promise;
      return new Response("finished");
    };
    const t = await listen(tls, fetch);
    const { port } = t.listener.address;
    using _handshaking = await Deno.connect({ hostname: "127.0.0.1", port });
    using idle = await connect(authority, port);
    await send(idle, "GET /");
    const answer = curl(authority, t.url);
    await started.promise;
    const closed = t.listener.close(10_000);
    assert.notEqual((await curl(authority, t.url)).code, 0);
    finish.resolve();
    assert.equal((await answer).text, "finished");
    const begun = performance.now();
    await closed;
    assert.ok(performance.now() - begun < 3000);

    const stuck = await listen(tls, () => new Promise(() => {}));
    using asking = await connect(authority, stuck.listener.address.port);
    await send(asking, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 200));
    const waited = performance.now();
    await stuck.listener.close(100);
    const time = performance.now() - waited;
    assert.ok(time >= 99 && time < 3000, `${time}`);
  }));
