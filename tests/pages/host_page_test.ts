import assert from "node:assert/strict";
import type { HostView } from "../../src/overview/overview.ts";
import { hostPage, liveHost } from "../../src/pages/host_page.tsx";
import { FakeOverview, makeHost } from "../support/fake_overview.ts";
import { FRAME, NOW } from "./frame.ts";
import { byId, byTag, findAll, linksOf, parseMarkup, rowsOf, textOf } from "./markup.ts";

function render(overrides: Partial<HostView> = {}) {
  return parseMarkup(hostPage(FRAME, { host: { ...makeHost(NOW), ...overrides }, now: NOW }));
}

Deno.test("hostPage() says what is known of a host", () => {
  const page = render();
  assert.equal(textOf(byTag(page, "h1")[0]!), "192.0.2.10");
  assert.equal(
    textOf(byId(page, "summary-part")),
    "Open ports 4 Expected, but not open 2 Last answer 12 s ago 2026-01-31 11:59:48 " +
      "First answer 60 d ago 2025-12-02 12:00:00 Targets dmz , everything " +
      "Expected, but not open 25/tcp 53/udp",
  );
  assert.deepEqual(rowsOf(byId(page, "changes-part")), [
    ["Port", "Change", "When"],
    ["8080/tcp", "▲ opened", "12 s ago 2026-01-31 11:59:48"],
    ["443/tcp", "▲ opened", "8 d ago 2026-01-23 12:00:00"],
    ["3000/tcp", "▽ closed", "20 d ago 2026-01-11 12:00:00"],
  ]);
  assert.equal(linksOf(page)["This host as JSON"], "/v1/hosts/192.0.2.10");
});

Deno.test("hostPage() says in words when ports were open", () => {
  const page = render();
  assert.deepEqual(rowsOf(byId(page, "ports-part")).slice(1), [
    [
      "22/tcp",
      "● open",
      "expected",
      "since 2025-12-02 12:00:00",
      "12 s ago 2026-01-31 11:59:48",
    ],
    [
      "80/tcp",
      "● open",
      "allowed",
      "since 2026-01-01 12:00:00 2025-12-12 12:00:00 to 2025-12-31 12:00:00",
      "12 s ago 2026-01-31 11:59:48",
    ],
    [
      "443/tcp",
      "● open",
      "no policy",
      "since 2026-01-23 12:00:00",
      "12 s ago 2026-01-31 11:59:48",
    ],
    [
      "8080/tcp",
      "● open",
      "unexpected",
      "since 2026-01-31 11:59:48",
      "12 s ago 2026-01-31 11:59:48",
    ],
    [
      "3000/tcp",
      "○ closed",
      "–",
      "2026-01-10 12:00:00 to 2026-01-10 21:00:00 2026-01-09 12:00:00 to 2026-01-09 21:00:00 " +
      "2026-01-08 12:00:00 to 2026-01-08 21:00:00 and 37 times before",
      "20 d ago 2026-01-10 21:00:00",
    ],
  ]);
  assert.match(textOf(byId(page, "ports-part")), / and 2 more ports$/);
});

Deno.test("hostPage() draws when ports were open, without styles", () => {
  const paths = byTag(byId(render(), "ports-part"), "path").map(({ attributes }) => attributes);
  assert.equal(paths[0]!["d"], "M0 2H1000V12H0Z");
  assert.equal(paths[0]!["class"], "open");
  assert.equal(paths[1]!["d"]!.split("M").length - 1, 2);
  assert.equal(paths[3]!["class"], "unexpected");
  assert.equal(paths[4]!["d"]!.split("M").length - 1, 40);
  for (const { attributes } of findAll(render(), () => true)) assert(!("style" in attributes));
});

Deno.test("hostPage() takes a host of which hardly anything is known", () => {
  const page = render({
    names: [],
    firstSeen: undefined,
    lastSeen: undefined,
    openPorts: 0,
    ports: [],
    portsLeftOut: 0,
    missing: [],
    changes: [],
  });
  assert.equal(
    textOf(byId(page, "summary-part")),
    "Open ports 0 Expected, but not open 0 Last answer never First answer never Targets none",
  );
  assert.equal(
    textOf(byId(page, "ports-part")),
    "No port of this host was ever seen open.",
  );
});

Deno.test("hostPage() takes ports whose history is gone", () => {
  const [port] = makeHost(NOW).ports;
  const page = render({ ports: [{ ...port!, open: [] }], portsLeftOut: 0 });
  assert.match(textOf(byId(page, "ports-part")), /not in the history that is kept/);
});

Deno.test("liveHost() says so when nothing is known any more", () => {
  const { events, parts } = liveHost(new FakeOverview(), "2001:db8::1");
  assert.equal(events, "/events?page=host&ip=2001%3Adb8%3A%3A1");
  for (const { render } of parts) {
    assert.match(render(NOW), /Nothing is known of this host any more/);
  }
});
