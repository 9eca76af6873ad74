/// <reference lib="dom" />
import assert from "node:assert/strict";
import axe from "axe-core";
import { Hono } from "@hono/hono";
import type { Page } from "playwright-core";
import { createPages } from "../../src/http/page_routes.ts";
import { Browser } from "../support/browser.ts";
import {
  type FakeOverview,
  makeHost,
  makeLargeNetwork,
  makeOffice,
} from "../support/fake_overview.ts";

const HOST_PAGE = "/hosts/192.0.2.10";
const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 640 };

let browser: Browser;
Deno.test.beforeAll(async () => {
  browser = await Browser.start();
});
Deno.test.afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

/** A server of the pages of `overview`; looks for changes more often than usual, unless `asUsual`. */
function serve(overview: FakeOverview, { port = 0, asUsual = false } = {}) {
  const problems: unknown[] = [];
  const pages = createPages({
    overview,
    version: "1.2.3",
    telemetryPath: "/metrics",
    now: Date.now,
    onProblem: (error) => problems.push(error),
    ...(!asUsual && { events: { intervalMs: 200 } }),
  });
  const app = new Hono();
  for (const { path, handler } of pages.routes) app.get(path, handler);
  const server = Deno.serve({ hostname: "127.0.0.1", port, onListen: () => {} }, app.fetch);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    port: server.addr.port,
    async [Symbol.asyncDispose]() {
      pages.close();
      await server.shutdown();
      assert.deepEqual(problems, []);
    },
  };
}

/** Waits until the page is kept live. */
async function untilLive(page: Page): Promise<void> {
  await page.locator("#connection[data-state=live]").waitFor();
}

/** Waits until an element says something; fails after the two seconds that a change may take. */
async function untilShown(page: Page, selector: string, text: string): Promise<void> {
  await page.locator(selector).filter({ hasText: text }).waitFor({ timeout: 2000 });
}

/** The text of an element as a person sees it, runs of blanks as one. */
async function seen(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).innerText()).replace(/\s+/g, " ");
}

/** What has the focus. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement: active } = document;
    if (active === document.body) return "nothing";
    return active?.id || active?.textContent?.trim() || String(active?.nodeName);
  });
}

/** Whether the page, and not a table in it, is broader than the window. */
function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
}

/** What axe has against a page that its source was put into. */
function barriers(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document, {
      resultTypes: ["violations"],
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`);
  });
}

Deno.test("pages read right without script", async () => {
  await using server = serve(makeOffice(Date.now()));
  await using visit = await browser.visit(server.url, { javaScriptEnabled: false });
  const { page, problems } = visit;
  assert.equal(await page.title(), "Status – openport-exporter");
  const main = await seen(page, "main");
  for (
    const answer of [
      /! Degraded The last 3 scans of dmz failed: no_route State cannot be written: disk full/,
      /Open ports 7 on 3 hosts Policy violations 3 4 ports unknown/,
      /Scanning now .* 192\.0\.2\.0\/24 1-65535\/tcp dmz, 256 addresses, began 4 min ago 42 % in \d min/,
      /Policy violations .* 192\.0\.2\.10 8080\/tcp open, but not allowed dmz/,
      /Next .* late office 10\.0\.0\.0\/16 known\/tcp in 1 min/,
      /Recent changes .* 192\.0\.2\.10 8080\/tcp ▲ opened 1\d s ago/,
      /Open ports .* 10\.1\.2\.3 2 443\/tcp 161\/udp unexpected office/,
      /Targets .* under way failing 3 of 4 parts: no_route/,
    ]
  ) assert.match(main, answer);
  assert.equal(
    await page.locator("progress").first().evaluate((bar) => bar.ariaLabel),
    "Progress of 192.0.2.0/24 tcp",
  );
  // Searching and going on need no script either.
  await page.getByRole("searchbox", { name: "Search hosts" }).fill("192.0.2");
  await page.getByRole("search", { name: "Search hosts" }).getByRole("button").click();
  assert.match(page.url(), /\/\?hosts=192\.0\.2#hosts$/);
  assert.match(await seen(page, "#hosts-part"), /1 of 1 hosts found for/);
  await page.locator("#hosts-part").getByRole("link", { name: "192.0.2.10" }).click();
  assert.match(
    await seen(page, "main"),
    /192\.0\.2\.10 .* 3000\/tcp ○ closed .* and 37 times before/,
  );
  // What is old already would else be taken for what is the case now.
  assert.match(await seen(page, "header [role=status]"), /^As of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.deepEqual(problems, []);
});

Deno.test("a page becomes what is the case within two seconds, without being loaded again", async () => {
  const overview = makeOffice(Date.now());
  await using server = serve(overview, { asUsual: true });
  await using visit = await browser.visit(server.url);
  const { page, problems } = visit;
  await untilLive(page);
  await page.evaluate(() => Object.assign(globalThis, { isSame: true }));
  overview.state = { ...overview.state, status: "ok", reasons: [], openPorts: 8 };
  await untilShown(page, "#health-part", "Healthy");
  overview.runningScans = overview.runningScans.map((scan) => ({ ...scan, fraction: 0.77 }));
  await untilShown(page, "#running-part", "77 %");
  assert.equal(
    await page.locator("progress").first().evaluate((bar) => (bar as HTMLProgressElement).value),
    77,
  );
  const [change] = overview.changeRows;
  overview.changeRows = [
    { ...change!, port: 31_337, time: Date.now() },
    ...overview.changeRows.slice(0, 2),
  ];
  await untilShown(page, "#changes-part", "31337/tcp");
  assert.equal(await page.locator("#changes-part tbody tr").count(), 3);
  assert(await page.evaluate(() => "isSame" in globalThis));
  assert.deepEqual(problems, []);
});

Deno.test("a host's page becomes what is the case, and tells when nothing is known any more", async () => {
  const overview = makeOffice(Date.now());
  await using server = serve(overview);
  await using visit = await browser.visit(server.url + HOST_PAGE);
  const { page, problems } = visit;
  await untilLive(page);
  const host = makeHost(Date.now());
  overview.hostViews.set(host.ip, { ...host, ports: host.ports.slice(0, 2), openPorts: 2 });
  await untilShown(page, "#summary-part .tile:first-child .value", "2");
  assert.equal(await page.locator("#ports-part svg").count(), 2);
  overview.hostViews.clear();
  await untilShown(page, "#ports-part", "Nothing is known of this host any more");
  assert.deepEqual(problems, []);
});

Deno.test("ages go on by themselves", async () => {
  const overview = makeOffice(Date.now());
  await using server = serve(overview);
  await using visit = await browser.visit(server.url);
  const { page } = visit;
  await untilLive(page);
  const age = page.locator("#changes-part .ago").first();
  const before = await age.innerText();
  await page.waitForFunction(
    (before) => document.querySelector("#changes-part .ago")?.textContent !== before,
    before,
  );
  assert.match(await age.innerText(), /^1\d s ago$/);
});

Deno.test("a change leaves focus, typed text, selected text and scroll positions alone", async () => {
  const overview = makeOffice(Date.now());
  await using server = serve(overview);
  await using visit = await browser.visit(server.url, { viewport: NARROW });
  const { page, problems } = visit;
  await untilLive(page);
  const search = page.getByRole("searchbox", { name: "Search hosts" });
  await search.fill("half a que");
  await search.evaluate((input) => (input as HTMLInputElement).setSelectionRange(2, 6));
  await page.locator("#targets-part .scroll").evaluate((box) => box.scrollLeft = 60);
  const scrolled = await page.evaluate(() => scrollY);
  const reorder = () => {
    overview.hostRows = overview.hostRows.toReversed().map((row) => ({
      ...row,
      openPorts: row.openPorts + 1000,
    }));
    overview.targetRows = overview.targetRows.map((row) => ({ ...row, texts: ["changed"] }));
  };
  reorder();
  await untilShown(page, "#hosts-part", "1,004");
  await untilShown(page, "#targets-part", "changed");
  assert.equal(await search.inputValue(), "half a que");
  assert.deepEqual(
    await search.evaluate((input) => {
      const { selectionStart, selectionEnd } = input as HTMLInputElement;
      return [selectionStart, selectionEnd, document.activeElement === input];
    }),
    [2, 6, true],
  );
  assert.equal(await page.locator("#targets-part .scroll").evaluate((box) => box.scrollLeft), 60);
  assert.equal(await page.evaluate(() => scrollY), scrolled);
  // A row may move with the focus in it, and change around text that is selected.
  const link = page.locator("#hosts-part").getByRole("link", { name: "192.0.2.10" });
  await link.focus();
  reorder();
  await untilShown(page, "#hosts-part", "2,004");
  assert.equal(await focused(page), "192.0.2.10");
  await link.evaluate((link) => getSelection()?.selectAllChildren(link));
  overview.hostRows = overview.hostRows.map((row) => ({ ...row, openPorts: 5555 }));
  await untilShown(page, "#hosts-part", "5,555");
  assert.equal(await page.evaluate(() => String(getSelection())), "192.0.2.10");
  // What had the focus is gone: the list has it then, not the top of the page.
  overview.hostRows = overview.hostRows.filter(({ ip }) => ip !== "192.0.2.10");
  await link.waitFor({ state: "detached", timeout: 2000 });
  assert.equal(await focused(page), "hosts-part");
  assert.deepEqual(problems, []);
});

Deno.test("a page says when it is not live, stays as it is, and becomes live again", async () => {
  const overview = makeOffice(Date.now());
  const first = serve(overview);
  await using visit = await browser.visit(first.url);
  const { page } = visit;
  await untilLive(page);
  await first[Symbol.asyncDispose]();
  await page.locator("#connection[data-state=lost]").waitFor();
  assert.match(await seen(page, "header [role=status]"), /^Not live/);
  assert.match(await seen(page, "#hosts-part"), /192\.0\.2\.10/);
  overview.state = { ...overview.state, openPorts: 4321 };
  await using _again = serve(overview, { port: first.port });
  await untilLive(page);
  await untilShown(page, "#health-part", "4,321");
  assert.equal(await seen(page, "header [role=status]"), "Live");
});

Deno.test("a page of an older version says so instead of mixing the two", async () => {
  const overview = makeOffice(Date.now());
  await using server = serve(overview);
  await using visit = await browser.visit(server.url + HOST_PAGE);
  const { page } = visit;
  await page.route(`${server.url}/`, async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/data-build="[^"]*"/, 'data-build="older"');
    await route.fulfill({ response, body });
  });
  await page.goto(server.url);
  await page.locator("#connection[data-state=outdated]").waitFor();
  assert.equal(await seen(page, "header [role=status]"), "Not live: reload for the new version");
  const asked = overview.asked;
  await page.waitForTimeout(700);
  assert.equal(overview.asked, asked);
});

Deno.test("a page that nobody sees costs nothing", async () => {
  const overview = makeOffice(Date.now());
  await using server = serve(overview);
  await using visit = await browser.visit(server.url);
  const { page } = visit;
  await untilLive(page);
  const hide = (hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await hide(true);
  await page.waitForTimeout(300);
  const asked = overview.asked;
  overview.state = { ...overview.state, openPorts: 4321 };
  await page.waitForTimeout(700);
  assert.equal(overview.asked, asked);
  await hide(false);
  await untilShown(page, "#health-part", "4,321");
});

Deno.test("pages have no barrier that axe knows, in any colours and width", async () => {
  await using server = serve(makeOffice(Date.now()));
  for (const url of [server.url, server.url + HOST_PAGE]) {
    await using visit = await browser.visit(url, { bypassCSP: true });
    const { page } = visit;
    await untilLive(page);
    await page.evaluate(axe.source);
    for (const viewport of [WIDE, NARROW]) {
      await page.setViewportSize(viewport);
      assert.equal(await overflows(page), false, `${url} ${viewport.width}`);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        assert.deepEqual(await barriers(page), [], `${url} ${colorScheme} ${viewport.width}`);
      }
    }
  }
});

Deno.test("a page with long lists has no barrier either", async () => {
  await using server = serve(makeLargeNetwork(Date.now()));
  const url = `${server.url}/?hosts=site-00&hosts_page=2`;
  await using visit = await browser.visit(url, { bypassCSP: true, viewport: NARROW });
  const { page } = visit;
  assert.equal(await overflows(page), false);
  await page.evaluate(axe.source);
  assert.deepEqual(await barriers(page), []);
});

Deno.test("an error page has no barrier either, and leads back", async () => {
  await using server = serve(makeOffice(Date.now()));
  await using visit = await browser.visit(`${server.url}/hosts/192.0.2.99`, { bypassCSP: true });
  const { page } = visit;
  assert.match(await seen(page, "main"), /Nothing is known of 192\.0\.2\.99/);
  await page.evaluate(axe.source);
  assert.deepEqual(await barriers(page), []);
  await page.getByRole("link", { name: "Go to the status page" }).click();
  await untilLive(page);
});

Deno.test("pages can be used by keyboard alone", async () => {
  await using server = serve(makeOffice(Date.now()));
  await using visit = await browser.visit(server.url);
  const { page, problems } = visit;
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "Skip to the content");
  const box = (await page.locator(".skip").boundingBox())!;
  assert(box.y >= 0 && box.height > 20);
  // Everything can be reached, is seen to have the focus, and can be left again.
  const reached = new Set<string>();
  let at = "";
  for (let i = 0; i < 100; i++) {
    await page.keyboard.press("Tab");
    at = await focused(page);
    if (at === "nothing") break;
    reached.add(at);
    const outline = await page.evaluate(() =>
      getComputedStyle(document.activeElement!).outlineStyle
    );
    assert.equal(outline, "solid", at);
  }
  assert.equal(at, "nothing");
  for (
    const wanted of [
      "Metrics",
      "Health",
      "violations-search",
      "hosts-search",
      "10.1.2.3",
      "targets-search",
    ]
  ) {
    assert(reached.has(wanted), `${wanted} of ${[...reached]}`);
  }
  await page.locator(".skip").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.notEqual(await focused(page), "openport-exporter");
  await page.getByRole("searchbox", { name: "Search targets" }).focus();
  await page.keyboard.type("db.");
  await page.keyboard.press("Enter");
  await page.waitForURL(/targets=db/);
  assert.match(await seen(page, "#targets-part"), /1 of 1 targets/);
  assert.deepEqual(problems, []);
});

Deno.test("what others made up is shown, and nothing more", async () => {
  const overview = makeOffice(Date.now());
  const evil = `<img src=x onerror=alert(1)>"><script>alert(2)</script>\u202e${"x".repeat(300)}`;
  overview.state = { ...overview.state, reasons: [evil] };
  overview.hostRows = overview.hostRows.map((row) => ({ ...row, name: evil }));
  overview.targetRows = overview.targetRows.map((row, i) => ({ ...row, name: `${i}${evil}` }));
  overview.upcomingScans = overview.upcomingScans.map((row) => ({ ...row, name: evil }));
  await using server = serve(overview);
  const query = new URLSearchParams({ hosts: `"><img src=x onerror=alert(3)>` });
  await using visit = await browser.visit(`${server.url}/?${query}`, { viewport: NARROW });
  const { page, problems } = visit;
  await untilLive(page);
  // The same again, as what a live page is sent.
  overview.violationRows = overview.violationRows.map((row) => ({ ...row, name: evil }));
  await untilShown(page, "#violations-part", "<img src=x onerror=alert(1)>");
  assert.equal(await page.locator("main img, main script").count(), 0);
  assert.match(await seen(page, "#health-part"), /<script>alert\(2\)<\/script>\\u202e/);
  assert.equal(await page.locator("#hosts-search").inputValue(), `"><img src=x onerror=alert(3)>`);
  assert.equal(await overflows(page), false);
  assert.deepEqual(problems, []);
});

Deno.test("long names leave a narrow page readable, and paper has all of a broad table", async () => {
  const overview = makeOffice(Date.now());
  const name = "a-rather-long-name-of-a-target-that-has-no-place-to-break";
  overview.violationRows = overview.violationRows.map((row) => ({ ...row, name }));
  overview.targetRows = overview.targetRows.map((row, i) => ({ ...row, name: `${name}-${i}` }));
  await using server = serve(overview);
  await using visit = await browser.visit(server.url, { viewport: NARROW });
  const { page } = visit;
  const height = await page.locator("#violations-part tbody tr").first()
    .evaluate((row) => row.getBoundingClientRect().height);
  assert(height < 120, `${height}`);
  // A4 with usual margins
  await page.setViewportSize({ width: 718, height: 1000 });
  await page.emulateMedia({ media: "print" });
  for (const path of ["/", HOST_PAGE]) {
    await page.goto(server.url + path);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll(".scroll")]
        .filter(({ clientWidth, scrollWidth }) => scrollWidth > clientWidth)
        .map(({ ariaLabel }) => ariaLabel)
    );
    assert.deepEqual(cut, [], path);
  }
});

Deno.test("targets that fail are found without script, by keyboard alone", async () => {
  await using server = serve(makeOffice(Date.now()));
  await using visit = await browser.visit(server.url, { javaScriptEnabled: false });
  const { page, problems } = visit;
  await page.getByRole("link", { name: "3 failing" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/\?targets_state=failing#targets$/);
  assert.match(await seen(page, "#targets-part"), /1 of 1 targets with scans that fail Show all/);
  await page.getByRole("combobox", { name: "State of targets" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/targets_state=stale/);
  assert.match(await seen(page, "#targets-part"), /db .* not scanned yet 1 of 1 targets without/);
  assert.deepEqual(problems, []);
});

Deno.test("a page of some targets alone stays one of those alone", async () => {
  const overview = makeOffice(Date.now());
  await using server = serve(overview);
  await using visit = await browser.visit(`${server.url}/?targets_state=violating`);
  const { page, problems } = visit;
  await untilLive(page);
  overview.targetRows = overview.targetRows.map((row) => ({ ...row, violations: 7 }));
  await untilShown(page, "#targets-part", "1–3 of 3 targets that violate the policy");
  overview.targetRows = overview.targetRows.map((row) => ({ ...row, violations: 0 }));
  await untilShown(page, "#targets-part", "No targets that violate the policy");
  assert.deepEqual(problems, []);
});

Deno.test("1,000 targets and 100,000 open ports can be searched and turned over", async () => {
  await using server = serve(makeLargeNetwork(Date.now()));
  await using visit = await browser.visit(server.url);
  const { page, problems } = visit;
  assert.match(await seen(page, "#targets-part"), /1–25 of 1,000 targets/);
  assert.match(await seen(page, "#hosts-part"), /1–25 of 10,000 hosts/);
  await page.getByRole("searchbox", { name: "Search targets" }).fill("site-9");
  await page.keyboard.press("Enter");
  await page.waitForURL(/targets=site-9/);
  await page.getByRole("navigation", { name: "Pages of hosts" }).getByText("Last").click();
  await page.waitForURL(/hosts_page=400/);
  assert.match(await seen(page, "#hosts-part"), /9,976–10,000 of 10,000 hosts .*Page 400 of 400/);
  assert.match(await seen(page, "#targets-part"), /1–25 of 100 targets found for “site-9”/);
  await page.getByRole("link", { name: "Show all targets" }).click();
  await page.waitForURL(/\?hosts_page=400#targets$/);
  const began = performance.now();
  await page.reload();
  const took = performance.now() - began;
  assert(took < 2000, `${took} ms`);
  assert.deepEqual(problems, []);
});

Deno.test("nothing moves for those who want it so", async () => {
  const overview = makeOffice(Date.now());
  await using server = serve(overview);
  for (const reducedMotion of ["reduce", "no-preference"] as const) {
    await using visit = await browser.visit(server.url, { reducedMotion });
    const { page } = visit;
    await untilLive(page);
    const port = reducedMotion === "reduce" ? 1111 : 2222;
    overview.changeRows = [{ ...overview.changeRows[0]!, port }, ...overview.changeRows];
    const row = page.locator("#changes-part tr.fresh td").first();
    await row.waitFor();
    const animation = await row.evaluate((cell) => getComputedStyle(cell).animationName);
    assert.equal(animation, reducedMotion === "reduce" ? "none" : "fresh");
  }
});
