import assert from "node:assert/strict";
import { shielded } from "../../src/web/shield.ts";
import { NO_WEB_CONFIG } from "../../src/web/web_config.ts";
import { makeRoutes } from "../http/builders.ts";

Deno.test("shielded() puts the header fields on every answer, in the place of the program's own", async () => {
  const headers = [["X-Frame-Options", "deny"], [
    "Content-Security-Policy",
    "default-src 'self'",
  ]] as const;
  const fetch = shielded(makeRoutes({ auth: { username: "u", password: "p" } }).fetch, {
    web: { ...NO_WEB_CONFIG, headers },
    takeRequest: () => 0,
  });
  for (const [path, status] of [["/healthz", 200], ["/metrics", 401], ["/nothing", 401]] as const) {
    const response = await fetch(new Request(`http://x${path}`), {});
    assert.equal(response.status, status);
    for (const [name, value] of headers) assert.equal(response.headers.get(name), value);
  }
});

Deno.test("shielded() refuses what is above the rate limit, in JSON", async () => {
  const waits = [0, 1200];
  const fetch = shielded(makeRoutes().fetch, {
    web: { ...NO_WEB_CONFIG, headers: [["X-Frame-Options", "deny"]] },
    takeRequest: () => waits.shift() ?? 0,
  });
  const ask = async () => await fetch(new Request("http://x/healthz"), {});
  assert.equal((await ask()).status, 200);
  const refused = await ask();
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("Retry-After"), "2");
  assert.equal(refused.headers.get("X-Frame-Options"), "deny");
  assert.equal((await refused.json()).status, "error");
});

Deno.test("shielded() refuses a Host that is none, which would move the path", async () => {
  const fetch = shielded(makeRoutes().fetch, { web: NO_WEB_CONFIG, takeRequest: () => 0 });
  const statusOf = async (host: string) =>
    (await fetch(new Request("http://x/healthz", { headers: { host } }), {})).status;
  for (const host of ["x", "x-1.example.org:9919", "192.0.2.1:80", "[::1]:9919", "[2001:db8::1]"]) {
    assert.equal(await statusOf(host), 200, host);
  }
  for (const host of ["", "x/metrics?", "x?", "x#", "a b", "u@x", "x:y", "x:", "x\\y", "[::1"]) {
    assert.equal(await statusOf(host), 400, host);
  }
  assert.equal((await fetch(new Request("http://x/healthz"), {})).status, 200);
});
