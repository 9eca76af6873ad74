import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import type { Access, AccessVerdict } from "../../src/http/access.ts";
import { AUTH, basic, errorOf, makePolicy, makeRoutes, networks } from "./builders.ts";

const VALID = "/query?ip=127.0.0.1&ports=22";

/** Header names and values that say who asks. */
const WRONG: Readonly<Record<string, string | undefined>> = {
  "nothing at all": undefined,
  "wrong user": basic("omer", AUTH.password),
  "wrong password": basic(AUTH.username, "sesame"),
  "both wrong": basic("a", "b"),
  "no password": basic(AUTH.username, ""),
  "no user": basic("", AUTH.password),
  "swapped": basic(AUTH.password, AUTH.username),
  "longer password": basic(AUTH.username, `${AUTH.password}x`),
  "shorter password": basic(AUTH.username, AUTH.password.slice(0, -1)),
  "other case": basic(AUTH.username.toUpperCase(), AUTH.password),
  "other normal form": basic(AUTH.username.normalize("NFD"), AUTH.password),
  "Latin-1 bytes": `Basic ${btoa(`${AUTH.username}:s\u00e9same`)}`,
  "no colon": `Basic ${btoa(AUTH.username)}`,
  "empty header": "",
  "scheme alone": "Basic",
  "scheme and blank": "Basic ",
  "no scheme": basic(AUTH.username, AUTH.password).slice(6),
  "another scheme": basic(AUTH.username, AUTH.password).replace("Basic", "Bearer"),
  "no Base64": "Basic *%&",
  "Base64 with a hole": basic(AUTH.username, AUTH.password).replace(/(.{12})/, "$1 "),
  "two at once": `${basic("a", "b")}, ${basic(AUTH.username, AUTH.password)}`,
  "very long": basic("a".repeat(20_000), "b".repeat(10_000)),
};

Deno.test("accessControl() lets in only the right user with the right password, on unknown paths too", async () => {
  const { ask, asked, log } = makeRoutes({ auth: AUTH });
  const paths = ["/metrics", VALID, "/", "/nothing", "/healthz/", "/-/ready/x", "/-/Ready"];
  paths.push("/config", "/v1/hosts", "/v1/hosts/127.0.0.1", "/v1/changes", "/-/reload");
  for (const path of paths) {
    for (const [name, authorization] of Object.entries(WRONG)) {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      const response = await ask(path, { headers });
      assert.equal(response.headers.get("WWW-Authenticate"), 'Basic realm="openport-exporter"');
      const { message } = await errorOf(response, 401);
      assert.equal(message, "A valid user name and password are required", `${path}: ${name}`);
    }
  }
  assert.deepEqual(asked, []);
  assert.deepEqual(log, []);
});

Deno.test("accessControl() takes the right credentials as clients write them", async () => {
  const { ask } = makeRoutes({ auth: AUTH });
  const right = basic(AUTH.username, AUTH.password);
  const forms = [right, right.replace("Basic", "basic"), right.replace("Basic ", "BASIC   ")];
  for (const authorization of forms) {
    const headers = { Authorization: authorization };
    assert.equal((await ask("/metrics", { headers })).status, 200);
    assert.equal((await ask("/", { headers })).status, 200);
    assert.equal((await ask(VALID, { headers })).status, 202);
    await errorOf(await ask("/nothing", { headers }), 404);
  }
});

Deno.test("accessControl() takes a password with colons, and nothing but the whole of it", async () => {
  const { ask } = makeRoutes({ auth: { username: "u", password: "a:b:" } });
  const statusOf = async (password: string) =>
    (await ask("/metrics", { headers: { Authorization: basic("u", password) } })).status;
  assert.equal(await statusOf("a:b:"), 200);
  assert.equal(await statusOf("a"), 401);
  assert.equal(await statusOf("a:b"), 401);
});

Deno.test("accessControl() leaves the three health paths open, for every method", async () => {
  const { ask } = makeRoutes({ auth: AUTH });
  for (const path of ["/healthz", "/-/healthy", "/-/ready"]) {
    for (const authorization of [undefined, "Basic *", basic("a", "b")]) {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      assert.equal((await ask(path, { headers })).status, 200);
      assert.equal((await ask(`${path}?x=1`, { headers })).status, 200);
    }
    assert.equal((await ask(path, { method: "POST" })).status, 405);
  }
});

Deno.test("accessControl() asks for nothing when there is no user", async () => {
  const { ask } = makeRoutes();
  assert.equal((await ask("/metrics")).status, 200);
  assert.equal(
    (await ask("/metrics", { headers: { Authorization: basic("a", "b") } })).status,
    200,
  );
});

Deno.test("accessControl() asks for who may come in now, for each request", async () => {
  const { ask, setAuth } = makeRoutes({ auth: { username: "u", password: "a" } });
  const statuses = async () => {
    const found = [(await ask("/metrics")).status];
    for (const password of ["a", "b"]) {
      const headers = { Authorization: basic("u", password) };
      found.push((await ask("/metrics", { headers })).status);
    }
    return found;
  };
  assert.deepEqual(await statuses(), [401, 200, 401]);
  setAuth({ username: "u", password: "b" });
  assert.deepEqual(await statuses(), [401, 401, 200]);
  setAuth(undefined);
  assert.deepEqual(await statuses(), [200, 200, 200]);
  setAuth({ username: "v", password: "b" });
  assert.deepEqual(await statuses(), [401, 401, 401]);
});

Deno.test("accessControl() says which schemes are taken, and puts off who asks too much", async () => {
  let verdict: AccessVerdict = "refused";
  const clients: string[] = [];
  const access: Access = {
    wanted: "Something is",
    schemes: ["basic", "bearer"],
    check: (_, client) => {
      clients.push(client);
      return verdict;
    },
  };
  const { ask } = makeRoutes({
    access: () => access,
    policy: () => makePolicy({ trustedProxies: networks("192.0.2.9") }),
  });
  const refused = await ask("/metrics", { from: "198.51.100.1" });
  assert.equal(
    refused.headers.get("WWW-Authenticate"),
    'Basic realm="openport-exporter", Bearer realm="openport-exporter"',
  );
  assert.equal((await errorOf(refused, 401)).message, "Something is required");
  for (const [said, status] of [["crowded", 429], ["busy", 503]] as const) {
    verdict = said;
    const answer = await ask("/metrics", { from: "::ffff:198.51.100.2" });
    assert.equal(answer.headers.get("Retry-After"), "1");
    assert.equal(answer.headers.get("WWW-Authenticate"), null);
    await errorOf(answer, status);
  }
  verdict = "granted";
  const headers = { "X-Forwarded-For": "203.0.113.5" };
  assert.equal((await ask("/metrics", { from: "192.0.2.9", headers })).status, 200);
  assert.equal((await ask("/metrics", { from: "192.0.2.8", headers })).status, 200);
  for (const from of ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"]) {
    assert.equal((await ask("/metrics", { from })).status, 200);
  }
  const [, a, b, proxied, direct, first, same, other] = clients;
  assert.deepEqual([a, b], ["198.51.100.2", "198.51.100.2"]);
  assert.deepEqual([proxied, direct], ["203.0.113.5", "192.0.2.8"]);
  assert.equal(first, same);
  assert.notEqual(first, other);
});

Deno.test("sameSiteOnly() refuses what a browser sends from another site, and nothing is asked for", async () => {
  const { ask, asked } = makeRoutes();
  // [Host, Origin, Sec-Fetch-Site]
  const refused: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ["scanner:9919", undefined, "cross-site"],
    ["scanner:9919", "http://scanner:9919", "cross-site"],
    ["scanner:9919", "https://evil.example", undefined],
    ["scanner:9919", "https://evil.example", "same-origin"],
    ["scanner:9919", "null", undefined],
    ["scanner:9919", "", undefined],
    ["scanner:9919", "scanner:9919", undefined],
    ["scanner:9919", "http://scanner", undefined],
    ["scanner:9919", "http://scanner:9920", undefined],
    ["scanner:9919", "http://scanner:99191", undefined],
    ["scanner:9919", "http://scanner:9919.evil.example", undefined],
    ["scanner:9919", "http://scanner:9919@evil.example", undefined],
    ["scanner:9919", "file://scanner:9919", undefined],
    ["scanner", "http://scanner:8080", undefined],
    ["127.0.0.1:9919", "http://localhost:9919", undefined],
    ["[::1]:9919", "http://[::2]:9919", undefined],
    ["scanner:9919", "not an origin", undefined],
  ];
  for (const [host, origin, site] of refused) {
    for (const method of ["GET", "POST"]) {
      const headers = new Headers({ Host: host });
      if (origin !== undefined) headers.set("Origin", origin);
      if (site !== undefined) headers.set("Sec-Fetch-Site", site);
      const { message } = await errorOf(await ask(VALID, { method, headers }), 403);
      assert.equal(message, "Requests from another site can start nothing here");
    }
  }
  assert.deepEqual(asked, []);
});

Deno.test("sameSiteOnly() lets pass what comes from its own pages, and from what is no browser", async () => {
  const { ask, asked } = makeRoutes();
  const allowed: readonly (readonly [string, string | undefined, string | undefined])[] = [
    ["scanner:9919", undefined, undefined],
    ["scanner:9919", "http://scanner:9919", "same-origin"],
    ["SCANNER:9919", "http://scanner:9919", undefined],
    ["scanner", "http://scanner", "same-origin"],
    ["scanner", "https://scanner", undefined],
    // A proxy that writes out the default port.
    ["scanner:443", "https://scanner", undefined],
    ["scanner:80", "http://scanner", undefined],
    ["[::1]:9919", "http://[::1]:9919", undefined],
    // Typed into the address bar.
    ["scanner:9919", undefined, "none"],
  ];
  for (const [host, origin, site] of allowed) {
    const headers = new Headers({ Host: host });
    if (origin !== undefined) headers.set("Origin", origin);
    if (site !== undefined) headers.set("Sec-Fetch-Site", site);
    assert.equal((await ask(VALID, { method: "POST", headers })).status, 202, `${host} ${origin}`);
  }
  assert.equal(asked.length, allowed.length);
});

Deno.test("sameSiteOnly() guards nothing that only reads", async () => {
  const { ask } = makeRoutes();
  const headers = { "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example" };
  const paths = ["/metrics", "/", "/healthz", "/-/healthy", "/-/ready", "/config", "/v1/hosts"];
  for (const path of [...paths, "/v1/changes"]) {
    assert.equal((await ask(path, { headers })).status, 200);
  }
});

Deno.test("headLimit() refuses a long address and large header fields with 413, health paths included", async () => {
  const { ask, asked } = makeRoutes({ auth: AUTH });
  const long = "a".repeat(64 * 1024);
  const tooLarge = "The request is larger than 65536 bytes";
  for (const path of ["/metrics", "/query", "/healthz", "/nothing"]) {
    assert.equal((await errorOf(await ask(`${path}?ip=${long}`), 413)).message, tooLarge);
    assert.equal(
      (await errorOf(await ask(path, { headers: { "X-A": long } }), 413)).message,
      tooLarge,
    );
    const many = Array.from(
      { length: 90 },
      (_, i): [string, string] => [`X-${i}`, "a".repeat(730)],
    );
    assert.equal((await errorOf(await ask(path, { headers: many }), 413)).message, tooLarge);
  }
  assert.equal(
    (await ask("/healthz", { headers: { "X-A": "a".repeat(64 * 1024 - 200) } })).status,
    200,
  );
  assert.deepEqual(asked, []);
});

Deno.test("readBody() refuses a large body with 413, whatever it says of its length", async () => {
  const { ask, asked } = makeRoutes();
  const post = (body: BodyInit, headers: Record<string, string> = {}) =>
    ask("/query", { method: "POST", body, headers });
  const large = "a".repeat(64 * 1024 + 1);
  for (const path of ["/query", "/metrics", "/nothing", "/healthz"]) {
    await errorOf(await ask(path, { method: "POST", body: large }), 413);
  }
  await errorOf(await post("a", { "Content-Length": "65537" }), 413);
  await errorOf(await post("a", { "Content-Length": "1e9" }), 413);
  // A lie, or a word, is not believed.
  await errorOf(await post(large, { "Content-Length": "1" }), 413);
  await errorOf(await post(large, { "Content-Length": "much" }), 413);
  await errorOf(await post(endless().stream), 413);
  await errorOf(await post("a".repeat(64 * 1024)), 400);
  assert.deepEqual(asked, []);
});

Deno.test("readBody() stops reading a body that has no end", async () => {
  const { ask } = makeRoutes();
  const body = endless();
  await errorOf(await ask("/query", { method: "POST", body: body.stream }), 413);
  assert.equal(body.cancelled(), true);
  assert.ok(body.given() < 80 * 1024, `${body.given()}`);
});

Deno.test("readBody() does not read the body of who may not ask", async () => {
  const { ask } = makeRoutes({ auth: AUTH });
  const body = endless();
  await errorOf(await ask("/query", { method: "POST", body: body.stream }), 401);
  assert.ok(body.given() <= 1024, `${body.given()}`);
});

Deno.test("readBody() takes a body that breaks off for a bad request, not for a failure of ours", async () => {
  const { ask, log } = makeRoutes();
  const body = new ReadableStream({ pull: (c) => c.error(new Error("connection reset")) });
  const { message } = await errorOf(await ask("/query", { method: "POST", body }), 400);
  assert.equal(message, "The request ended before its body did");
  assert.deepEqual(log, []);
});

Deno.test("readBody() waits 30 s for a body, however it comes in pieces", async () => {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { ask } = makeRoutes();
    let cancelled = false;
    const { stream, push } = pushed(() => cancelled = true);
    const answer = ask("/query", { method: "POST", body: stream });
    for (let second = 0; second < 29; second++) {
      push("a");
      await clock.tickAsync(1000);
    }
    assert.equal(cancelled, false);
    await clock.tickAsync(1000);
    const { message } = await errorOf(await answer, 408);
    assert.equal(message, "The body of the request did not come within 30 s");
    assert.equal(cancelled, true);
    assert.equal(clock.countTimers(), 0);
  } finally {
    clock.uninstall();
  }
});

/** A body that comes when it is told to. */
function pushed(cancel: () => void) {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  const stream = new ReadableStream<Uint8Array>({ start: (c) => void (controller = c), cancel });
  return { stream, push: (text: string) => controller.enqueue(new TextEncoder().encode(text)) };
}

/** A body without an end, one KiB at a time. */
function endless() {
  let given = 0;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      given += 1024;
      controller.enqueue(new Uint8Array(1024).fill(97));
    },
    cancel: () => {
      cancelled = true;
    },
  });
  return { stream, given: () => given, cancelled: () => cancelled };
}
