import assert from "node:assert/strict";
import type { ReloadResult } from "../../src/http/reload_route.ts";
import { AUTH, basic, errorOf, makeRoutes, type TestRouteOptions } from "./builders.ts";

const POST = { method: "POST", from: "127.0.0.1" };
const NOT_LOCAL =
  "Cannot reload for another machine without auth: ask from this one, without a proxy, or configure auth";

/** Routes that count reloads. */
function makeReload(options: TestRouteOptions = {}, result: ReloadResult = { ok: true }) {
  let reloads = 0;
  const reload = () => {
    reloads++;
    return Promise.resolve(result);
  };
  return { ...makeRoutes({ reload, ...options }), reloads: () => reloads };
}

Deno.test("/-/reload answers 200 when the configuration was good, for POST and PUT", async () => {
  const { ask, reloads } = makeReload();
  for (const method of ["POST", "PUT"]) {
    const response = await ask("/-/reload", { ...POST, method });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), {
      status: "success",
      message: "Reloaded the configuration",
    });
  }
  assert.equal(reloads(), 2);
});

Deno.test("/-/reload answers 500 with every problem when it was not", async () => {
  const problems = [
    "config.yaml:1:1: a: unknown key (allowed: b)",
    "config.yaml:2:1: \u202e\u2028\u0085\n",
    "server.address: needs a restart",
  ];
  const { ask } = makeReload({}, { ok: false, problems });
  const answer = await errorOf(await ask("/-/reload", POST), 500);
  assert.deepEqual(answer, {
    message: "Cannot reload the configuration: the old one stays (details.problems says why)",
    parameter: undefined,
    problems,
  });
});

Deno.test("/-/reload answers 500 without a stack when reading fails in a way nobody thought of", async () => {
  const { ask, log } = makeReload({ reload: () => Promise.reject(new TypeError("broken")) });
  const { message } = await errorOf(await ask("/-/reload", POST), 500);
  assert.equal(message, "The request failed; the log says why");
  assert.match(log.join(), /route=\/-\/reload error="TypeError: broken"/);
});

Deno.test("/-/reload without auth is for this machine alone", async () => {
  const { ask, reloads } = makeReload();
  const local = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "::FFFF:127.0.0.1"];
  for (const from of local) {
    assert.equal((await ask("/-/reload", { ...POST, from })).status, 200, from);
  }
  assert.equal(reloads(), local.length);
  const foreign = [
    "192.0.2.1",
    "10.0.0.1",
    "128.0.0.1",
    "1.127.0.0.1",
    "0.0.0.0",
    "::",
    "::2",
    "::127.0.0.1",
    "::ffff:192.0.2.1",
    "2001:db8::1",
    "fe80::1",
    "127.0.0.1.example.org",
    "localhost",
    "",
    undefined,
  ];
  for (const from of foreign) {
    const init = from === undefined ? { method: "POST" } : { method: "POST", from };
    assert.equal((await errorOf(await ask("/-/reload", init), 403)).message, NOT_LOCAL, from);
  }
  assert.equal(reloads(), local.length);
});

Deno.test("/-/reload without auth is not for who comes through a proxy", async () => {
  const { ask, reloads } = makeReload();
  const cases: readonly (readonly [name: string, value: string])[] = [
    ["X-Forwarded-For", "127.0.0.1"],
    ["x-forwarded-for", "192.0.2.1, 127.0.0.1"],
    ["X-FORWARDED-FOR", ""],
    ["Forwarded", "for=127.0.0.1"],
    ["forwarded", "for=192.0.2.1;proto=https"],
    ["Forwarded", ""],
  ];
  for (const [name, value] of cases) {
    const response = await ask("/-/reload", { ...POST, headers: { [name]: value } });
    assert.equal((await errorOf(response, 403)).message, NOT_LOCAL, `${name}: ${value}`);
  }
  assert.equal(reloads(), 0);
});

Deno.test("/-/reload with auth is for who has the password, from anywhere", async () => {
  const { ask, reloads } = makeReload({ auth: AUTH });
  const headers = { Authorization: basic(AUTH.username, AUTH.password) };
  for (const from of ["127.0.0.1", "192.0.2.1", "::1"]) {
    await errorOf(await ask("/-/reload", { method: "POST", from }), 401);
    const wrong = { Authorization: basic(AUTH.username, "x") };
    await errorOf(await ask("/-/reload", { method: "POST", from, headers: wrong }), 401);
  }
  assert.equal(reloads(), 0);
  const proxied = { ...headers, "X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1" };
  const good = [{ from: "127.0.0.1", headers }, { from: "192.0.2.1", headers: proxied }, {
    headers,
  }];
  for (const init of good) {
    assert.equal((await ask("/-/reload", { method: "POST", ...init })).status, 200);
  }
  assert.equal(reloads(), good.length);
});

Deno.test("/-/reload goes by the auth of the moment", async () => {
  const { ask, setAuth } = makeReload();
  const foreign = { method: "POST", from: "192.0.2.1" };
  const headers = { Authorization: basic(AUTH.username, AUTH.password) };
  await errorOf(await ask("/-/reload", { ...foreign, headers }), 403);
  setAuth(AUTH);
  assert.equal((await ask("/-/reload", { ...foreign, headers })).status, 200);
  await errorOf(await ask("/-/reload", POST), 401);
  setAuth(undefined);
  await errorOf(await ask("/-/reload", { ...foreign, headers }), 403);
  assert.equal((await ask("/-/reload", POST)).status, 200);
});

Deno.test("/-/reload stays local for who was let in before there was auth", async () => {
  const { ask, setAuth, reloads } = makeReload();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      setAuth(AUTH);
      controller.close();
    },
  }, { highWaterMark: 0 });
  const response = await ask("/-/reload", { method: "POST", from: "192.0.2.1", body });
  assert.equal((await errorOf(response, 403)).message, NOT_LOCAL);
  assert.equal(reloads(), 0);
});

Deno.test("/-/reload is not for another site, even from this machine's browser", async () => {
  for (const auth of [undefined, AUTH]) {
    const { ask, reloads } = makeReload({ auth });
    const own = { Host: "127.0.0.1:9919", Authorization: basic(AUTH.username, AUTH.password) };
    const foreign: readonly Record<string, string>[] = [
      { "Sec-Fetch-Site": "cross-site" },
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: "http://127.0.0.1:8080" },
    ];
    for (const headers of foreign) {
      for (const method of ["POST", "PUT"]) {
        const init = { ...POST, method, headers: { ...own, ...headers } };
        const { message } = await errorOf(await ask("/-/reload", init), 403);
        assert.equal(message, "Requests from another site can start nothing here");
      }
    }
    assert.equal(reloads(), 0);
    const headers = { ...own, "Origin": "http://127.0.0.1:9919", "Sec-Fetch-Site": "same-origin" };
    assert.equal((await ask("/-/reload", { ...POST, headers })).status, 200);
  }
});

Deno.test("/-/reload is asked for by POST and PUT only, and with a body that can be read", async () => {
  const { ask, reloads } = makeReload();
  for (const method of ["GET", "HEAD", "DELETE", "OPTIONS", "PATCH"]) {
    const response = await ask("/-/reload", { ...POST, method });
    assert.deepEqual([response.status, response.headers.get("Allow")], [405, "POST, PUT"]);
  }
  await errorOf(await ask("/-/reload", { ...POST, body: "a".repeat(65 * 1024) }), 413);
  assert.equal(reloads(), 0);
  assert.equal((await ask("/-/reload", { ...POST, body: "anything" })).status, 200);
});
