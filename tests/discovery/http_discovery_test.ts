import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { FETCH_TIMEOUT_MS } from "../../src/discovery/fetch_list.ts";
import { HttpDiscovery } from "../../src/discovery/http_discovery.ts";
import { makeListener, targetsOf } from "./builders.ts";

const LIST = '[{"targets": ["192.0.2.1"], "labels": {"env": "prod"}}]';
const json = (body: BodyInit | null, type = "application/json") =>
  new Response(body, { headers: { "Content-Type": type } });

/** A request that is over. */
type Asked = Pick<Request, "method" | "url" | "headers">;
const copyOf = ({ method, url, headers }: Request): Asked => ({
  method,
  url,
  headers: new Headers(headers),
});

/** Runs a test against a server whose answer it may change. */
async function withServer(
  { path = "/sd" }: { path?: string },
  run: (made: {
    discovery: HttpDiscovery;
    base: string;
    asked: Asked[];
    answer: (handler: (request: Request) => Response | Promise<Response>) => void;
    told: ReturnType<typeof makeListener>;
  }) => Promise<void>,
) {
  const asked: Asked[] = [];
  let handler: (request: Request) => Response | Promise<Response> = () => json(LIST);
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    onError: () => new Response(null, { status: 500 }),
  }, (request) => {
    asked.push(copyOf(request));
    return handler(request);
  });
  const base = `127.0.0.1:${server.addr.port}`;
  const told = makeListener();
  const discovery = new HttpDiscovery({
    url: `http://${base}${path}`,
    intervalMs: 60_000,
    userAgent: "openport-exporter/1.2.3",
    ...told.listener,
  });
  try {
    await run({ discovery, base, asked, answer: (changed) => handler = changed, told });
    await discovery.stop();
  } finally {
    await server.shutdown();
  }
}

Deno.test("HttpDiscovery asks as Prometheus does, and tells of a change once", async () => {
  await withServer({}, async ({ discovery, asked, answer, told }) => {
    await discovery.start();
    const { method, headers } = asked[0]!;
    assert.deepEqual(
      [method, headers.get("Accept"), headers.get("User-Agent"), headers.get("Authorization")],
      ["GET", "application/json", "openport-exporter/1.2.3", null],
    );
    assert.equal(headers.get("X-Prometheus-Refresh-Interval-Seconds"), "60");
    await discovery.refresh();
    answer(() => json("[]", 'Application/JSON; charset="UTF-8"'));
    await discovery.refresh();
    await discovery.refresh();
    assert.deepEqual(told.changes, [{ sd: ["192.0.2.1"] }, { sd: [] }]);
    assert.deepEqual([told.problems, discovery.problems], [[], []]);
  });
});

Deno.test("HttpDiscovery keeps the last list whatever else comes, and says so once", async () => {
  await withServer({ path: "/sd?token=hush" }, async ({ discovery, base, answer, told }) => {
    const source = `http://${base}/sd?<secret>`;
    const f = async (answered: () => Response | Promise<Response>, message: string | RegExp) => {
      answer(answered);
      await discovery.refresh();
      await discovery.refresh();
      assert.equal(discovery.problems.length, 1);
      const [problem] = discovery.problems;
      assert.equal(problem!.source, source);
      if (typeof message === "string") {
        assert.equal(problem!.message, `Cannot read ${source}: ${message}`);
      } else assert.match(problem!.message, message);
      return problem!.kept;
    };
    const status = (code: number, headers = {}) => () =>
      new Response(code === 204 ? null : LIST, {
        status: code,
        headers: { "Content-Type": "application/json", ...headers },
      });
    assert.equal(
      await f(status(500), "it answered with status 500 (200 is wanted)"),
      false,
    );
    assert.deepEqual(discovery.lists.size, 0);
    answer(() => json(LIST));
    await discovery.refresh();
    assert.deepEqual([told.problems.length, told.recovered], [1, [source]]);
    for (const code of [204, 201, 206, 304, 401, 404, 503]) {
      const kept = await f(
        status(code === 304 ? 418 : code),
        `it answered with status ${code === 304 ? 418 : code} (200 is wanted)`,
      );
      assert.ok(kept);
    }
    await f(
      () => json(LIST, "text/html"),
      'it answered with content type "text/html" (application/json is wanted)',
    );
    await f(() => json(LIST, "application/json; charset=latin1"), /content type/);
    await f(() => json("{"), /\/sd\?<secret>:1:2: Cannot read JSON: /);
    await f(() => json("null"), /Cannot use this as target groups/);
    await f(() => json(Uint8Array.of(0xff)), "it is not UTF-8");
    await f(() => json(" ".repeat(16 * 1024 * 1024 + 1)), "it is larger than 16777216 bytes");
    await f(status(302, { Location: "/sd" }), "it redirects more than 5 times");
    await f(
      status(302, { Location: "file:///etc/passwd" }),
      "it redirects to something that is no http or https address",
    );
    await f(
      () => json(new ReadableStream({ start: (c) => c.error(new Error("gone")) })),
      /there is no answer/,
    );
    assert.deepEqual(targetsOf(discovery.lists), { "sd?<secret>": ["192.0.2.1"] });
    assert.equal(told.changes.length, 1);
    assert.ok(told.problems.every(({ message }) => !message.includes("hush")));
  });
});

Deno.test("HttpDiscovery follows redirects to paths and to other places", async () => {
  await withServer({}, async ({ discovery, base, asked, answer, told }) => {
    answer(({ url }) =>
      url.endsWith("/x") ? json(LIST) : new Response(null, {
        status: 307,
        headers: { Location: url.endsWith("/sd") ? "there" : `http://${base}/x` },
      })
    );
    await discovery.start();
    assert.deepEqual(asked.map(({ url }) => new URL(url).pathname), ["/sd", "/there", "/x"]);
    assert.deepEqual(told.changes, [{ sd: ["192.0.2.1"] }]);
  });
});

Deno.test("HttpDiscovery waits ten seconds at most, and no longer when it is stopped", async () => {
  const clock = FakeTimers.install({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"],
  });
  try {
    await withServer({}, async ({ discovery, answer, told }) => {
      let arrived = Promise.withResolvers<void>();
      const held = Promise.withResolvers<Response>();
      answer(() => {
        arrived.resolve();
        return held.promise;
      });
      const started = discovery.start();
      await arrived.promise;
      clock.tick(FETCH_TIMEOUT_MS);
      await started;
      assert.match(told.problems[0]!.message, /: it did not answer within 10 s$/);
      arrived = Promise.withResolvers<void>();
      clock.tick(60_000);
      await arrived.promise;
      await discovery.stop();
      held.resolve(json(LIST));
      assert.deepEqual([told.changes, told.problems.length], [[], 1]);
    });
  } finally {
    clock.uninstall();
  }
});

Deno.test("HttpDiscovery says what is wrong with a URL, without repeating it", () => {
  for (
    const url of ["", "example.org", "ftp://example.org/", "http://", "http://u:hush@example.org/"]
  ) {
    assert.throws(
      () =>
        new HttpDiscovery({ url, intervalMs: 1000, userAgent: "x", ...makeListener().listener }),
      { name: "SyntaxError", message: /^Cannot use this as the URL of a list: write one such as/ },
    );
  }
});

Deno.test("HttpDiscovery says that nobody listens, without the secrets of the URL", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const told = makeListener();
  const discovery = new HttpDiscovery({
    url: `http://127.0.0.1:${port}/sd?t=hush`,
    intervalMs: 60_000,
    userAgent: "x",
    ...told.listener,
  });
  await discovery.start();
  await discovery.stop();
  const { message } = told.problems[0]!;
  assert.ok(
    message.startsWith(`Cannot read http://127.0.0.1:${port}/sd?<secret>: there is no answer (`),
  );
  assert.doesNotMatch(message, /hush/);
});

Deno.test("HttpDiscovery repeats nothing of a query or of where it was redirected to, whatever fails", async () => {
  const closing = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answers = [
    "",
    "garbage\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
    "Content-Length: 50\r\n\r\n[{",
  ];
  let answer = "";
  const served = (async () => {
    for await (const connection of closing) {
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(answer));
      connection.close();
    }
  })();
  const open = `http://127.0.0.1:${closing.addr.port}`;
  const dead = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const refusing = `http://127.0.0.1:${dead.addr.port}`;
  dead.close();
  const query = "/there?token=)HUSH for url (connection%20timed out) x HUSH";
  const reasonFor = async (url: string) => {
    const told = makeListener();
    const discovery = new HttpDiscovery({
      url,
      intervalMs: 60_000,
      userAgent: "x",
      ...told.listener,
    });
    await discovery.start();
    await discovery.stop();
    const { message } = told.problems[0]!;
    assert.doesNotMatch(message, /HUSH|token=/);
    if (url.endsWith("/sd")) assert.doesNotMatch(message, /there\?|nosuch/);
    return /there is no answer \((.*)\)$/.exec(message)?.[1];
  };
  const failures: [string, string][] = [
    [`http://nosuch.invalid${query}`, "its name does not resolve"],
    [refusing + query, "connection refused"],
    ["http://127.0.0.1:1" + query, "this port is never asked"],
    [open.replace("http", "https") + query, "TLS failed"],
  ];
  await withServer({}, async ({ base, answer: redirect }) => {
    for (const [url, reason] of failures) {
      answer = "garbage";
      assert.equal(await reasonFor(url), reason);
      redirect(() => new Response(null, { status: 302, headers: { Location: url } }));
      assert.equal(await reasonFor(`http://${base}/sd`), reason);
    }
  });
  const reasons = [];
  for (answer of answers) reasons.push(await reasonFor(open + query));
  assert.deepEqual(reasons, ["it ended too early", "it speaks no HTTP", "it ended too early"]);
  closing.close();
  await served.catch(() => {});
});
