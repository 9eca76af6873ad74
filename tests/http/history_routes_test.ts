import assert from "node:assert/strict";
import fc from "fast-check";
import type { HostDetail, HostQuery } from "../../src/state/host_view.ts";
import type { ChangeQuery, SavedChange } from "../../src/state/saved_state.ts";
import { errorOf, makeRoutes } from "./builders.ts";

const LIMIT = "Cannot use this limit: write a whole number from 1 to 10000";
const TIME =
  "Cannot read a time here: write unix seconds, or RFC 3339 such as 2026-01-31T12:00:00Z (a + as %2B)";

/** Routes that remember what was asked of the history. */
function makeHistory() {
  const queries: (ChangeQuery | HostQuery | string)[] = [];
  const routes = makeRoutes({
    changes: (query) => {
      queries.push(query);
      return [];
    },
    hosts: (query) => {
      queries.push(query);
      return { hosts: [], next: undefined };
    },
    host: (address) => {
      queries.push(address);
      return undefined;
    },
  });
  return { ...routes, queries };
}

Deno.test("/v1/changes lists changes as JSON", async () => {
  const change: SavedChange = {
    time: Date.UTC(2026, 0, 31, 12, 0, 0, 7),
    address: "2001:db8::1",
    protocol: "udp",
    port: 53,
    from: "open",
    to: "closed",
    target: "2001:db8::/112",
  };
  const { ask } = makeRoutes({ changes: () => [change, { ...change, time: 0, port: 1 }] });
  const response = await ask("/v1/changes");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "application/json");
  const plain = { ip: "2001:db8::1", protocol: "udp", from: "open", to: "closed" };
  assert.deepEqual(await response.json(), {
    status: "success",
    changes: [
      { time: "2026-01-31T12:00:00.007Z", port: 53, target: "2001:db8::/112", ...plain },
      { time: "1970-01-01T00:00:00.000Z", port: 1, target: "2001:db8::/112", ...plain },
    ],
  });
});

Deno.test("/v1/changes reads since, limit and ip", async () => {
  const { ask, queries } = makeHistory();
  const f = async (query: string, expected: Partial<ChangeQuery>) => {
    queries.length = 0;
    assert.equal((await ask(`/v1/changes${query}`)).status, 200, query);
    assert.deepEqual(queries, [{ limit: 100, ...expected }], query);
  };
  await f("", {});
  await f("?", {});
  // Most changes.
  await f("?limit=1", { limit: 1 });
  await f("?limit=10000", { limit: 10_000 });
  // Unix seconds.
  await f("?since=0", { since: 0 });
  await f("?since=1700000000", { since: 1_700_000_000_000 });
  await f("?since=1700000000.001", { since: 1_700_000_000_001 });
  await f("?since=1.9999", { since: 2000 });
  await f("?since=99999999999", { since: 99_999_999_999_000 });
  // RFC 3339.
  const noon = Date.UTC(2024, 1, 29, 12);
  await f("?since=2024-02-29T12:00:00Z", { since: noon });
  await f("?since=2024-02-29t12:00:00z", { since: noon });
  await f("?since=2024-02-29T12:00:00.25Z", { since: noon + 250 });
  await f("?since=2024-02-29T12:00:00.123456789Z", { since: noon + 123 });
  await f("?since=2024-02-29T13:30:00%2B01:30", { since: noon });
  await f("?since=2024-02-29T04:00:00-08:00", { since: noon });
  await f("?since=2024-02-29T23:59:59-23:59", { since: Date.UTC(2024, 2, 1, 23, 58, 59) });
  await f("?since=2024-02-29T00:00:00%2B23:59", { since: Date.UTC(2024, 1, 28, 0, 1) });
  await f("?since=9999-12-31T23:59:59Z", { since: Date.UTC(9999, 11, 31, 23, 59, 59) });
  // One address, in any form.
  await f("?ip=127.0.0.1", { address: "127.0.0.1" });
  await f("?ip=2001:DB8:0:0::1", { address: "2001:db8::1" });
  await f("?ip=2001%3Adb8%3A%3A1&limit=5&since=1", {
    address: "2001:db8::1",
    limit: 5,
    since: 1000,
  });
});

Deno.test("/v1/hosts reads open, limit and after", async () => {
  const { ask, queries } = makeHistory();
  const f = async (query: string, expected: Partial<HostQuery>) => {
    queries.length = 0;
    assert.equal((await ask(`/v1/hosts${query}`)).status, 200, query);
    assert.deepEqual(queries, [{ open: undefined, limit: 100, after: undefined, ...expected }]);
  };
  await f("", {});
  await f("?open=true", { open: true });
  await f("?open=false", { open: false });
  await f("?limit=10000", { limit: 10_000 });
  await f("?after=10.0.0.255", { after: "10.0.0.255" });
  await f("?after=2001:DB8::0:1", { after: "2001:db8::1" });
  await f("?open=true&limit=7&after=::", { open: true, limit: 7, after: "::" });
});

Deno.test("/v1/hosts and /v1/changes name the parameter that cannot be used", async () => {
  const { ask, queries, log } = makeHistory();
  const f = async (path: string, parameter: string, message: string | RegExp) => {
    const answer = await errorOf(await ask(path), 400);
    assert.equal(answer.parameter, parameter, path);
    if (typeof message === "string") {
      assert.equal(answer.message, `${parameter}: ${message}`, path);
    } else assert.match(answer.message, message, path);
  };
  const limits = ["", "0", "10001", "-1", "01", "1.0", "1e3", "%2B5", "5%20", "all", "99999999999"];
  for (const limit of [...limits, "٣", "0x10", "null"]) {
    for (const path of ["/v1/changes", "/v1/hosts"]) {
      await f(`${path}?limit=${limit}`, "limit", LIMIT);
    }
  }
  const times = [
    "",
    "-1",
    "1700000000000",
    "1e9",
    ".5",
    "1.",
    "now",
    "2024-02-29",
    "2024-02-29T12:00:00",
    "2024-02-29T12:00Z",
    "2024-02-29%2012:00:00Z",
    "2024-02-29T12:00:00+01:00",
    "2024-02-29T12:00:00%2B0100",
    "2023-02-29T12:00:00Z",
    "2024-02-30T12:00:00Z",
    "2024-13-01T00:00:00Z",
    "2024-00-01T00:00:00Z",
    "2024-01-00T00:00:00Z",
    "2024-01-32T00:00:00Z",
    "2024-01-01T24:00:00Z",
    "2024-01-01T00:60:00Z",
    "2024-01-01T00:00:61Z",
    "2024-01-01T00:00:00%2B24:00",
    "24-01-01T00:00:00Z",
    "%2B002024-01-01T00:00:00Z",
    "2024-01-01T00:00:00,5Z",
    "2024-01-01T00:00:00.Z",
    "٢٠٢٤-01-01T00:00:00Z",
    "1".repeat(1000),
  ];
  for (const since of times) await f(`/v1/changes?since=${since}`, "since", TIME);
  for (const open of ["", "1", "yes", "True", "TRUE", "true%20", "open"]) {
    await f(`/v1/hosts?open=${open}`, "open", "Cannot use it: write true or false");
  }
  const junk = ["", "x", "127.1", "127.0.0.1/32", "010.0.0.1", "fe80::1%25lo", "::ffff:127.0.0.1"];
  for (
    const ip of [...junk, "localhost", "%00", "'--", "127.0.0.1%20", "[::1]", "a".repeat(9000)]
  ) {
    await f(`/v1/changes?ip=${ip}`, "ip", /^ip: Cannot (?:read|use) an I/);
    await f(`/v1/hosts?after=${ip}`, "after", /^after: Cannot (?:read|use) an I/);
  }
  await f("/v1/hosts?after=1.2.3.256", "after", "Cannot use octet 256: it is above 255");
  // Parameters of something else, and more than once.
  const since = "Cannot use this parameter: allowed are since, limit, ip";
  const open = "Cannot use this parameter: allowed are open, limit, after";
  for (const name of ["open", "after", "Limit", "limit[]", "x", "constructor"]) {
    await f(`/v1/changes?${name}=1`, name, since);
  }
  for (const name of ["since", "ip", "Open", "toString"]) {
    await f(`/v1/hosts?${name}=1`, name, open);
  }
  for (const query of ["limit=1&limit=1", "limit=1&limit="]) {
    for (const path of ["/v1/changes", "/v1/hosts"]) {
      await f(`${path}?${query}`, "limit", "Cannot use it more than once");
    }
  }
  await f("/v1/changes?since=1&ip=127.0.0.1&since=2", "since", "Cannot use it more than once");
  await f("/v1/hosts?open=true&open=false", "open", "Cannot use it more than once");
  assert.deepEqual([queries, log], [[], []]);
});

Deno.test("/v1/changes takes nothing but a time, whatever is sent", async () => {
  const { ask, queries } = makeHistory();
  const part = fc.constantFrom(
    ..."0123456789-:.TtZz+ eE,",
    "2024-02-29",
    "T12:00:00",
    "%",
    "\u0000",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 12 }), async (parts) => {
      queries.length = 0;
      const response = await ask(`/v1/changes?since=${encodeURIComponent(parts.join(""))}`);
      if (response.status === 200) {
        const { since } = queries[0] as ChangeQuery;
        assert.ok(Number.isSafeInteger(since), String(since));
        await response.body?.cancel();
      } else {
        assert.equal((await errorOf(response, 400)).message, `since: ${TIME}`);
        assert.deepEqual(queries, []);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("/v1/hosts lists hosts as JSON, with what to ask for next", async () => {
  const { ask } = makeRoutes({
    hosts: ({ after }) => ({
      hosts: [
        { ip: "127.0.0.1", openPorts: 2, firstSeen: 1000, lastSeen: 2001 },
        { ip: "127.0.0.2", openPorts: 0 },
        { ip: "127.0.0.3", openPorts: 0, firstSeen: undefined, lastSeen: undefined },
      ],
      next: after === undefined ? "127.0.0.3" : undefined,
    }),
  });
  const hosts = [
    {
      ip: "127.0.0.1",
      open_ports: 2,
      first_seen: "1970-01-01T00:00:01.000Z",
      last_seen: "1970-01-01T00:00:02.001Z",
    },
    { ip: "127.0.0.2", open_ports: 0 },
    { ip: "127.0.0.3", open_ports: 0 },
  ];
  const first = await ask("/v1/hosts");
  assert.equal(first.headers.get("Content-Type"), "application/json");
  assert.deepEqual(await first.json(), { status: "success", hosts, next: "127.0.0.3" });
  const last = await (await ask("/v1/hosts?after=127.0.0.3")).json();
  assert.deepEqual(last, { status: "success", hosts });
});

Deno.test("/v1/hosts/{ip} shows one host", async () => {
  const detail: HostDetail = {
    ip: "2001:db8::1",
    openPorts: 1,
    firstSeen: 0,
    lastSeen: 5000,
    ports: [
      { port: 22, protocol: "tcp", state: "open", firstSeen: 1, lastSeen: 2, lastChange: 3 },
      { port: 53, protocol: "udp", state: "closed", firstSeen: 4, lastSeen: 5, lastChange: 6 },
    ],
  };
  const { ask } = makeRoutes({ host: (ip) => ip === detail.ip ? detail : undefined });
  const time = (ms: number) => `1970-01-01T00:00:00.00${ms}Z`;
  const forms = ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001%3Adb8%3A%3A1", "2001:0db8::0001"];
  for (const form of forms) {
    const response = await ask(`/v1/hosts/${form}`);
    assert.equal(response.status, 200, form);
    assert.deepEqual(await response.json(), {
      status: "success",
      host: {
        ip: "2001:db8::1",
        open_ports: 1,
        first_seen: time(0),
        last_seen: "1970-01-01T00:00:05.000Z",
        ports: [
          {
            port: 22,
            protocol: "tcp",
            state: "open",
            first_seen: time(1),
            last_seen: time(2),
            last_change: time(3),
          },
          {
            port: 53,
            protocol: "udp",
            state: "closed",
            first_seen: time(4),
            last_seen: time(5),
            last_change: time(6),
          },
        ],
      },
    });
  }
  const { message } = await errorOf(await ask("/v1/hosts/2001:DB8::2"), 404);
  assert.equal(message, "Nothing is known of 2001:db8::2");
  const head = await ask("/v1/hosts/2001:db8::1", { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
});

Deno.test("/v1/hosts/{ip} answers junk with 400, and asks for nothing", async () => {
  const { ask, queries, log } = makeHistory();
  const junk = ["x", "127.1", "127.0.0.1%2F32", "%zz", "%ff", "%00", "localhost", "::ffff:1.2.3.4"];
  junk.push(
    "1.2.3.256",
    "[::1]",
    "fe80::1%25eth0",
    "127.0.0.1%20",
    ":ip",
    "{ip}",
    "*",
    "%E2%80%AE",
  );
  for (const ip of [...junk, "a".repeat(60_000)]) {
    const { parameter, message } = await errorOf(await ask(`/v1/hosts/${ip}`), 400);
    assert.equal(parameter, "ip", ip);
    assert.match(message, /^ip: Cannot /);
  }
  const answer = await errorOf(await ask("/v1/hosts/127.0.0.1?open=true"), 400);
  assert.equal(answer.message, "open: Cannot use this parameter: none is allowed here");
  assert.deepEqual([queries, log], [[], []]);
});

Deno.test("/v1/hosts and /v1/changes answer 500 when the history cannot be read, and log why", async () => {
  const broken = () => {
    throw new Error("disk I/O error");
  };
  const { ask, log } = makeRoutes({ hosts: broken, host: broken, changes: broken });
  for (const path of ["/v1/hosts", "/v1/hosts/::1", "/v1/changes"]) {
    const { message } = await errorOf(await ask(path), 500);
    assert.equal(message, "The request failed; the log says why");
  }
  assert.equal(log.length, 3);
});
