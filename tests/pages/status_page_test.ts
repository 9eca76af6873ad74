import assert from "node:assert/strict";
import type { ScheduleView, TargetTrouble } from "../../src/overview/overview.ts";
import { statusPage } from "../../src/pages/status_page.tsx";
import type { StatusQuery } from "../../src/pages/status_query.ts";
import { FakeOverview, makeLargeNetwork, makeOffice } from "../support/fake_overview.ts";
import { FRAME, NOW, statusQuery } from "./frame.ts";
import { byId, byTag, findAll, linksOf, parseMarkup, rowsOf, textOf } from "./markup.ts";

function render(overview: FakeOverview, wanted: Partial<StatusQuery> = {}) {
  return parseMarkup(statusPage(FRAME, { overview, query: statusQuery(wanted), now: NOW }));
}

Deno.test("statusPage() answers at a glance", () => {
  const page = render(makeOffice(NOW));
  assert.equal(
    textOf(byId(page, "health-part")),
    "! Degraded The last 3 scans of dmz failed: no_route State cannot be written: disk full " +
      "Open ports 7 on 3 hosts Policy violations 3 4 ports unknown " +
      "Scans 3 failing of 7: no_route Workers 2 busy of 10 Queue 12 waiting of 1,000 places Schedule 3 min late 3 targets nmap 7.93 SYN scans " +
      "Running since 3 d ago 2026-01-28 12:00:00",
  );
  assert.deepEqual(rowsOf(byId(page, "running-part")), [
    ["Scan", "Progress", "Expected end"],
    [
      "192.0.2.0/24 1-65535/tcp dmz , 256 addresses, began 4 min ago 2026-01-31 11:56:00",
      "42 %",
      "in 6 min 2026-01-31 12:06:00",
    ],
    [
      "2001:db8::1/128 22, 80, 443/udp requested, 1 address, began 5 s ago 2026-01-31 11:59:55",
      "0 %",
      "not known yet",
    ],
  ]);
  assert.deepEqual(rowsOf(byId(page, "upcoming-part")), [
    ["Due", "Target", "Ports"],
    ["waiting", "requested 203.0.113.7/32", "22/tcp"],
    ["waiting", "dmz 192.0.2.0/24", "1-65535/tcp"],
    ["20 s ago 2026-01-31 11:59:40 late", "office 10.0.0.0/16", "known/tcp"],
    ["in 1 min 2026-01-31 12:01:30", "office 10.0.0.0/16", "top:1000/tcp"],
    ["in 2 h 2026-01-31 14:00:00", "10.1.2.3", "5432/tcp"],
  ]);
  assert.deepEqual(rowsOf(byId(page, "violations-part")), [
    ["Port", "Violation", "Target"],
    ["192.0.2.10 8080/tcp", "open, but not allowed", "dmz"],
    ["192.0.2.11 22/tcp", "expected, but not open", "dmz"],
    ["10.1.2.3 161/udp", "open, but not allowed", "office"],
  ]);
  assert.deepEqual(rowsOf(byId(page, "changes-part")).slice(0, 4), [
    ["Port", "Change", "When", "Target"],
    ["192.0.2.10 8080/tcp", "▲ opened", "12 s ago 2026-01-31 11:59:48", "dmz"],
    ["192.0.2.11 22/tcp", "▽ closed", "7 min ago 2026-01-31 11:53:00", "dmz"],
    ["2001:db8::1 53/udp", "▲ opened", "3 h ago 2026-01-31 09:00:00", "–"],
  ]);
  assert.deepEqual(rowsOf(byId(page, "hosts-part")), [
    ["Host", "Open", "Ports", "Target", "Last answer"],
    [
      "10.1.2.3",
      "2",
      "443/tcp 161/udp unexpected",
      "office",
      "1 min ago 2026-01-31 11:59:00",
    ],
    [
      "192.0.2.10",
      "4",
      "22/tcp 80/tcp 443/tcp 8080/tcp unexpected",
      "dmz",
      "12 s ago 2026-01-31 11:59:48",
    ],
    ["2001:db8::1", "1", "53/udp", "–", "3 h ago 2026-01-31 09:00:00"],
  ]);
  const complete = "5 h ago 2026-01-31 07:00:00";
  assert.deepEqual(rowsOf(byId(page, "targets-part")), [
    ["Target", "Ports", "Every", "Last scan", "Complete since", "Next", "State"],
    [
      "dmz 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 and 1 more 3 violations",
      "1-65535/tcp",
      "1 d",
      complete,
      complete,
      "under way",
      "failing 3 of 4 parts: no_route",
    ],
    [
      "known/tcp",
      "1 min",
      complete,
      complete,
      "in 20 s 2026-01-31 12:00:20",
      "ok",
    ],
    [
      "10.1.2.3",
      "1-65535/tcp",
      "1 d",
      complete,
      complete,
      "in 19 h 2026-02-01 07:00:00",
      "ok",
    ],
    [
      "db db.example.com",
      "5432/tcp",
      "1 d",
      "never",
      "never",
      "in 2 h 2026-01-31 14:00:00",
      "not scanned yet",
    ],
  ]);
});

Deno.test("statusPage() has bars that tell how far scans are", () => {
  const bars = byTag(render(makeOffice(NOW)), "progress");
  assert.deepEqual(bars.map(({ attributes }) => attributes), [
    { max: "100", value: "42", "aria-label": "Progress of 192.0.2.0/24 tcp" },
    { max: "100", value: "0", "aria-label": "Progress of 2001:db8::1/128 udp" },
  ]);
});

Deno.test("statusPage() says what there is not", () => {
  const page = render(new FakeOverview());
  const text = (id: string) => textOf(byId(page, `${id}-part`));
  assert.match(
    text("health"),
    /^✓ Healthy The exporter works as it should. Open ports 0 on 0 hosts/,
  );
  assert.match(text("health"), /Schedule on time 0 targets/);
  assert.equal(text("running"), "Nothing is being scanned at the moment.");
  assert.equal(text("upcoming"), "No scan is planned.");
  assert.equal(text("violations"), "No port is known to violate the policy.");
  assert.equal(text("changes"), "No port was seen to open or close yet.");
  assert.equal(text("hosts"), "No open port is known.");
  assert.equal(text("targets"), "There are no targets: scans are made on request only.");
});

Deno.test("statusPage() says of targets what their next scan waits for", () => {
  const overview = makeOffice(NOW);
  const [schedule] = overview.targetRows[2]!.schedules;
  const none = { ...schedule!, isUnderWay: false, nextAt: undefined };
  overview.targetRows = [
    {
      name: "hidden",
      texts: ["hidden"],
      violations: 0,
      schedules: [{ ...none, units: 0, unitsNeverScanned: 0 }],
    },
    {
      name: "db",
      texts: ["db"],
      violations: 0,
      schedules: [{ ...none, unitsFailing: 1, failure: "no address" }],
    },
  ];
  const [, ...rows] = rowsOf(byId(render(overview), "targets-part"));
  assert.deepEqual(rows.map((cells) => cells.slice(-2)), [
    ["not planned", "excluded"],
    ["once its name resolves", "failing: no address"],
  ]);
});

Deno.test("statusPage() gives each row of a list a key of its own", () => {
  const overview = makeOffice(NOW);
  const row = { network: "10.0.0.0/24", name: "a", portRange: "22", protocol: "tcp" } as const;
  overview.upcomingScans = [
    { ...row, dueAt: undefined },
    { ...row, dueAt: NOW },
    { ...row, network: "10.0.1.0/24", dueAt: NOW },
  ];
  const rows = byTag(byId(render(overview), "upcoming-part"), "tr").slice(1);
  assert.equal(new Set(rows.map(({ attributes }) => attributes["data-key"])).size, 3);
});

Deno.test("statusPage() says that nmap cannot be used, and that the end has come", () => {
  const overview = new FakeOverview();
  overview.state = { ...overview.state, status: "shutting down", nmap: undefined };
  const text = textOf(byId(render(overview), "health-part"));
  assert.match(text, /^■ Shutting down No more scans are begun\. /);
  assert.match(text, / nmap not usable nothing is scanned /);
});

Deno.test("statusPage() has a few of very many reasons, and leads to the rest", () => {
  const overview = new FakeOverview();
  const reasons = Array.from({ length: 1010 }, (_, i) => `Cannot resolve host-${i}`);
  const shown = (reasons: readonly string[]) => {
    overview.state = { ...overview.state, status: "degraded", reasons };
    return byId(render(overview), "health-part");
  };
  const part = shown(reasons);
  assert.match(textOf(part), / host-8 Cannot resolve host-9 and 1,000 more reasons Open ports /);
  assert.equal(linksOf(part)["and 1,000 more reasons"], "/healthz");
  assert.match(textOf(shown(reasons.slice(0, 10))), / Cannot resolve host-9 Open ports /);
});

Deno.test("statusPage() leads to everything there is", () => {
  const page = render(makeOffice(NOW));
  const [header] = byTag(page, "header");
  assert.deepEqual(linksOf(header!), {
    "openport-exporter": "/",
    "Metrics": "/my/metrics",
    "Configuration": "/config",
    "Hosts": "/v1/hosts",
    "Changes": "/v1/changes",
    "Service discovery": "/v1/sd",
    "Tasks": "/v1/tasks",
    "API": "/v1/openapi.json",
    "Health": "/healthz",
  });
  const links = linksOf(byId(page, "hosts-part"));
  assert.equal(links["192.0.2.10"], "/hosts/192.0.2.10");
  assert.equal(links["2001:db8::1"], "/hosts/2001:db8::1");
});

Deno.test("statusPage() has times that machines can read", () => {
  const times = byTag(byId(render(makeOffice(NOW)), "changes-part"), "time");
  assert.deepEqual(times.map(({ attributes }) => attributes["datetime"]), [
    "2026-01-31T11:59:48Z",
    "2026-01-31T11:53:00Z",
    "2026-01-31T09:00:00Z",
    "2026-01-26T12:00:00Z",
  ]);
});

Deno.test("statusPage() searches and turns the pages of one list, and keeps the others", () => {
  const page = render(makeLargeNetwork(NOW), {
    hosts: { search: "site-01", page: 3 },
    targets: { search: "", page: 2 },
  });
  const part = byId(page, "hosts-part");
  assert.match(textOf(part), /51–75 of 160 hosts found for “ site-01 ” .*Page 3 of 7/);
  const at = (query: string) => `/?${query}targets_page=2#hosts`;
  const links = linksOf(part);
  assert.equal(links["First"], at("hosts=site-01&"));
  assert.equal(links["Previous"], at("hosts=site-01&hosts_page=2&"));
  assert.equal(links["Next"], at("hosts=site-01&hosts_page=4&"));
  assert.equal(links["Last"], at("hosts=site-01&hosts_page=7&"));
  assert.equal(links["Show all hosts"], at(""));
  // A search begins at the first page of its own list.
  const form = byTag(byId(page, "hosts"), "form")[0]!;
  assert.equal(form.attributes["action"], "/#hosts");
  assert.deepEqual(byTag(form, "input").map(({ attributes: { name, value } }) => [name, value]), [
    ["targets_page", "2"],
    ["hosts", "site-01"],
  ]);
  assert.deepEqual(
    byTag(byTag(byId(page, "targets"), "form")[0]!, "input")
      .map(({ attributes: { name, value } }) => [name, value]),
    [["hosts", "site-01"], ["hosts_page", "3"], ["targets", ""]],
  );
});

Deno.test("statusPage() says of what is not complete lately that it is, and of nothing more", () => {
  const overview = makeOffice(NOW);
  const target = overview.targetRows[1]!;
  const f = (change: Partial<ScheduleView>, state: string) => {
    const schedules = target.schedules.map((each) => ({ ...each, isStale: true, ...change }));
    overview.targetRows = [{ ...target, schedules }];
    assert.equal(rowsOf(byId(render(overview), "targets-part"))[1]!.at(-1), state);
  };
  f({}, "not complete lately");
  f({ isStale: false }, "ok");
  f({ unitsFailing: 1, failure: "x" }, "failing: x");
  f({ unitsNeverScanned: 1 }, "not scanned yet");
});

Deno.test("statusPage() shows the targets alone that have a trouble, and keeps that while it is searched", () => {
  const overview = makeOffice(NOW);
  const f = (trouble: TargetTrouble, of: string, ...names: string[]) => {
    const page = render(overview, {
      hosts: { search: "dmz", page: 2 },
      targets: { search: "", page: 1, trouble },
    });
    const part = byId(page, "targets-part");
    assert.deepEqual(byTag(part, "tbody").map(({ attributes }) => attributes["data-key"]), names);
    const count = names.length === 0 ? "No" : "1 of 1";
    assert.equal(textOf(byTag(part, "p")[0]!), `${count} targets ${of} Show all targets`);
    assert.equal(linksOf(part)["Show all targets"], "/?hosts=dmz&hosts_page=2#targets");
    const [chosen, ...others] = byTag(byId(page, "targets"), "option")
      .filter(({ attributes }) => "selected" in attributes);
    assert.equal(chosen?.attributes["value"], trouble);
    assert.deepEqual(others, []);
    // Another list's form takes it along, its own sends what is chosen.
    const hidden = (list: string) =>
      byTag(byTag(byId(page, list), "form")[0]!, "input")
        .map(({ attributes: { name, value } }) => `${name}=${value}`);
    assert(hidden("hosts").includes(`targets_state=${trouble}`));
    assert.deepEqual(hidden("targets"), ["hosts=dmz", "hosts_page=2", "targets="]);
  };
  f("failing", "with scans that fail", "dmz");
  f("stale", "without a complete scan in two intervals", "db");
  f("violating", "that violate the policy", "dmz");
  overview.targetRows = [];
  f("failing", "with scans that fail");
});

Deno.test("statusPage() leads from the number of scans that fail to their targets", () => {
  const links = linksOf(byId(render(makeOffice(NOW)), "health-part"));
  assert.deepEqual(links, { "3": "#violations", "3 failing": "/?targets_state=failing#targets" });
  assert.deepEqual(linksOf(byId(render(new FakeOverview()), "health-part")), {});
});

Deno.test("statusPage() says so when a search finds nothing", () => {
  const overview = makeOffice(NOW);
  for (const list of ["hosts", "targets", "violations"] as const) {
    const part = byId(render(overview, { [list]: { search: "nothing", page: 1 } }), `${list}-part`);
    assert.equal(textOf(part), `No ${list} found for “ nothing ” Show all ${list}`);
    assert.equal(byTag(part, "table").length, 0);
  }
});

Deno.test("statusPage() turns pages without knowing how many there are", () => {
  const overview = makeLargeNetwork(NOW);
  const hosts = overview.hosts.bind(overview);
  overview.hosts = (query) => ({ ...hosts(query), total: 5000, atLeast: true });
  const part = byId(render(overview, { hosts: { search: "", page: 2 } }), "hosts-part");
  assert.match(textOf(part), /26–50 of at least 5,000 hosts Previous Page 2 Next$/);
});

Deno.test("statusPage() writes what others made up as text", () => {
  const evil = `<img src=x onerror=alert(1)>"><script>alert('2')</script>\u202etxt\0`;
  const shown = `<img src=x onerror=alert(1)>"><script>alert('2')</script>\\u202etxt\\u0000`;
  const overview = makeOffice(NOW);
  overview.state = { ...overview.state, reasons: [evil] };
  overview.runningScans = overview.runningScans.map((scan) => ({ ...scan, name: evil }));
  overview.upcomingScans = overview.upcomingScans.map((scan) => ({ ...scan, name: evil }));
  overview.targetRows = overview.targetRows.map((target) => ({
    ...target,
    name: evil,
    texts: [evil],
    schedules: target.schedules.map((schedule) => ({
      ...schedule,
      portRange: "<b>",
      unitsFailing: 1,
      failure: "<i>",
    })),
  }));
  overview.changeRows = overview.changeRows.map((row) => ({ ...row, name: evil }));
  overview.hostRows = overview.hostRows.map((row) => ({ ...row, name: evil }));
  overview.violationRows = overview.violationRows.map((row) => ({ ...row, name: evil }));
  const page = render(overview, { hosts: { search: `"><script>`, page: 2 } });
  // Whatever got out of its place would be an element.
  const tags = new Set(findAll(page, () => true).map(({ tag }) => tag));
  for (const tag of ["img", "b", "i"]) assert(!tags.has(tag), tag);
  assert.deepEqual(byTag(page, "script").map(({ attributes }) => attributes["src"]), [
    "/assets/live.js?v=1",
  ]);
  for (const id of ["health", "running", "upcoming", "violations", "changes", "targets"]) {
    assert(textOf(byId(page, `${id}-part`)).includes(shown), id);
  }
  assert.equal(byId(page, "hosts-search").attributes["value"], `"><script>`);
});

Deno.test("statusPage() has no style of its own and asks nobody else", () => {
  const page = render(makeOffice(NOW));
  for (const { tag, attributes } of findAll(page, () => true)) {
    assert.notEqual(tag, "style");
    for (const [name, value] of Object.entries(attributes)) {
      assert(name !== "style" && !name.startsWith("on"), `${tag} ${name}`);
      if (name === "href" || name === "src" || name === "action") assert.match(value, /^[/#]/);
    }
  }
});

Deno.test("statusPage() of a large network is small", () => {
  const overview = makeLargeNetwork(NOW);
  overview.runningScans = Array.from({ length: 1000 }, (_, i) => ({
    ...overview.runningScans[0]!,
    network: `10.0.${i >> 8}.${i & 255}/32`,
  }));
  const numbers = Array.from({ length: 1000 }, (_, i) => i + 1);
  const ports = numbers.map((port) => ({ port, protocol: "tcp", verdict: "unexpected" }) as const);
  overview.hostRows = overview.hostRows.map((row) => ({ ...row, openPorts: 1000, ports }));
  const texts = numbers.map((number) => `10.0.${number >> 8}.${number & 255}`);
  const schedules = overview.targetRows[0]!.schedules
    .map((schedule) => ({ ...schedule, portRange: numbers.join(",") }));
  overview.targetRows = overview.targetRows.map((row) => ({ ...row, texts, schedules }));
  const html = statusPage(FRAME, { overview, query: statusQuery(), now: NOW });
  assert(html.length < 100_000, `${html.length}`);
  assert.match(textOf(byId(parseMarkup(html), "running-part")), / and 980 more scans$/);
});
