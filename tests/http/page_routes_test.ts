import assert from "node:assert/strict";
import { makeHost, makeOffice } from "../support/fake_overview.ts";
import { makePages, NOW } from "./page_builders.ts";

const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
  "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const AS_BROWSER = { headers: { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" } };

Deno.test("createPages() guards every page, and lets none be kept", async () => {
  const { app } = makePages({ overview: makeOffice(NOW) });
  for (const path of ["/", "/hosts/192.0.2.10", "/hosts/192.0.2.99", "/?x=1"]) {
    const { headers, status } = await app.request(path, AS_BROWSER);
    assert.equal(headers.get("Content-Type"), "text/html; charset=UTF-8", `${path} ${status}`);
    assert.equal(headers.get("Content-Security-Policy"), POLICY, path);
    assert.equal(headers.get("X-Content-Type-Options"), "nosniff", path);
    assert.equal(headers.get("Referrer-Policy"), "no-referrer", path);
    assert.equal(headers.get("Cache-Control"), "no-store", path);
  }
});

Deno.test("/ shows what its parameters ask for", async () => {
  const { app } = makePages({ overview: makeOffice(NOW) });
  const f = async (query: string, expected: RegExp) => {
    const response = await app.request(`/${query}`);
    assert.equal(response.status, 200, query);
    assert.match(await response.text(), expected, query);
  };
  await f("", /1–3 of 3 hosts/);
  await f("?", /1–3 of 3 hosts/);
  await f("?hosts=&targets=&violations=&hosts_page=1", /1–3 of 3 hosts/);
  await f("?hosts=+192.0.2.10+", /1 of 1 hosts/);
  await f("?targets=d%62.ex&targets_page=1", /1 of 1 targets/);
  await f("?targets=d&targets_state=failing", /1 of 1 targets with scans that fail found for/);
  await f("?targets_state=", /1–3 of 3 targets/);
  await f("?violations=office&hosts_page=1000000", /1 of 1 violations/);
  await f(`?hosts=${"%F0%9F%98%80".repeat(100)}`, /No hosts/);
});

Deno.test("/ names the parameter that cannot be used", async () => {
  const { app } = makePages();
  const f = async (query: string, parameter: string, message: string) => {
    const response = await app.request(`/?${query}`);
    assert.equal(response.status, 400, query);
    assert.deepEqual(await response.json(), {
      status: "error",
      message: `${parameter}: ${message}`,
      details: { parameter },
    });
  };
  const allowed = "Cannot use this parameter: allowed are violations, violations_page, hosts, " +
    "hosts_page, targets, targets_page, targets_state";
  await f("x=1", "x", allowed);
  await f("page=2", "page", allowed);
  await f("hosts=a&hosts=b", "hosts", "Cannot use it more than once");
  for (const page of ["", "0", "01", "-1", "1.5", "1e3", "1000001", "x", "٣"]) {
    const message = "Cannot use this page: write a whole number from 1 to 1000000";
    await f(`hosts_page=${page}`, "hosts_page", message);
    await f(`targets_page=${page}`, "targets_page", message);
  }
  await f(
    `targets=${"a".repeat(201)}`,
    "targets",
    "Cannot search this: write at most 200 characters",
  );
  for (const state of ["Failing", "x", "none"]) {
    const message = "Cannot use it: write failing, stale or violating";
    await f(`targets_state=${state}`, "targets_state", message);
  }
  await f("violations=a%00", "violations", "Cannot search for control characters");
});

Deno.test("errors are pages for browsers that ask for them, JSON for all others", async () => {
  const { app } = makePages();
  const f = async (accept: string | undefined, type: string) => {
    for (
      const [path, status] of [["/?x=1", 400], ["/hosts/x", 400], ["/hosts/::1", 404]] as const
    ) {
      const headers = new Headers(accept === undefined ? {} : { Accept: accept });
      const response = await app.request(path, { headers });
      assert.equal(response.status, status);
      assert.equal(response.headers.get("Content-Type"), type, `${accept} ${path}`);
      assert.equal(response.headers.get("Vary"), "Accept");
      await response.body?.cancel();
    }
  };
  await f(undefined, "application/json");
  await f("*/*", "application/json");
  await f("application/json", "application/json");
  await f("text/*, application/json", "application/json");
  await f("application/json, text/html;q=0", "application/json");
  await f("text/html-not", "application/json");
  await f("text/html", "text/html; charset=UTF-8");
  await f("Text/HTML ; q=0.5, */*;q=0.1", "text/html; charset=UTF-8");
});

Deno.test("an error page repeats what was asked as text", async () => {
  const { app } = makePages();
  const response = await app.request("/?%3Cscript%3Ealert(1)%3C/script%3E=1", AS_BROWSER);
  const html = await response.text();
  assert(html.includes("&lt;script&gt;alert(1)&lt;/script&gt;: Cannot use this parameter"), html);
  assert(!html.includes("<script"));
});

Deno.test("/hosts/{ip} takes an address in any form", async () => {
  const { app, overview } = makePages();
  overview.hostViews.set("2001:db8::1", { ...makeHost(NOW), ip: "2001:db8::1" });
  for (const ip of ["2001:db8::1", "2001:DB8:0:0::1", "2001%3Adb8%3A%3A1"]) {
    const response = await app.request(`/hosts/${ip}`);
    assert.equal(response.status, 200, ip);
    assert.match(await response.text(), /<h1 class="mono">2001:db8::1<\/h1>/);
  }
});

Deno.test("/hosts/{ip} refuses what is no address, and says what is not known", async () => {
  const { app } = makePages();
  const f = async (path: string, status: number, message: RegExp) => {
    const response = await app.request(`/hosts/${path}`);
    assert.equal(response.status, status, path);
    assert.match((await response.json()).message, message, path);
  };
  await f("x", 400, /^ip: Cannot read an IP address here/);
  await f("1.2.3", 400, /^ip: Cannot read an IP address here/);
  await f("1.2.3.4%2F24", 400, /^ip: Cannot read an IP address here/);
  await f("1.2.3.4?x=1", 400, /^x: Cannot use this parameter: none is allowed here/);
  await f("1.2.3.4", 404, /^Nothing is known of 1\.2\.3\.4$/);
  await f("2001:DB8::0:1", 404, /^Nothing is known of 2001:db8::1$/);
});

Deno.test("/assets/{name} can be kept for as long as the page asks for it", async () => {
  const { app } = makePages();
  const html = await (await app.request("/")).text();
  const f = async (name: string, type: string) => {
    const path = new RegExp(`"(/assets/${name}\\?v=[0-9a-f]{16})"`).exec(html)?.[1];
    assert(path !== undefined, name);
    const kept = await app.request(path);
    assert.equal(kept.status, 200);
    assert.equal(kept.headers.get("Content-Type"), type);
    assert.equal(kept.headers.get("Cache-Control"), "private, max-age=31536000, immutable");
    assert.equal(kept.headers.get("X-Content-Type-Options"), "nosniff");
    assert((await kept.text()).length > 100);
    const etag = kept.headers.get("ETag")!;
    for (const query of ["", "?v=", "?v=0123456789abcdef"]) {
      const asked = await app.request(`/assets/${name}${query}`);
      assert.equal(asked.headers.get("Cache-Control"), "private, no-cache");
      assert.equal(asked.headers.get("ETag"), etag);
      await asked.body?.cancel();
    }
    for (const known of [etag, `W/${etag}`, `"x", ${etag}`]) {
      const same = await app.request(`/assets/${name}`, { headers: { "If-None-Match": known } });
      assert.equal(same.status, 304, known);
      assert.equal(await same.text(), "");
    }
    const changed = await app.request(`/assets/${name}`, { headers: { "If-None-Match": '"x"' } });
    assert.equal(changed.status, 200);
    await changed.body?.cancel();
  };
  await f("page.css", "text/css; charset=utf-8");
  await f("live.js", "text/javascript; charset=utf-8");
  await f("icon.svg", "image/svg+xml");
});

Deno.test("/assets/{name} has nothing else", async () => {
  const { app } = makePages();
  for (const name of ["x", "live.ts", "..%2Fassets.ts", "..%2f..%2fdeno.json", "constructor"]) {
    const response = await app.request(`/assets/${name}`);
    assert.equal(response.status, 404, name);
    assert.equal((await response.json()).status, "error");
  }
});
