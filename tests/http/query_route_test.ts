import assert from "node:assert/strict";
import fc from "fast-check";
import { formatNetwork } from "../../src/domain/network.ts";
import type { ScanKey } from "../../src/domain/scan.ts";
import type { QueryResult } from "../../src/requests/scan_requests.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import { AUTH, basic, errorOf, makeRoutes } from "./builders.ts";

const VALID = "/query?ip=127.0.0.1&ports=22";

/** Values of `ip` that must never reach nmap. */
const HOSTILE_IPS: readonly string[] = [
  // Options and files.
  "-iL/etc/passwd",
  "--script=x",
  "-oN=/tmp/x",
  "-",
  "--",
  "/etc/passwd",
  "file:///etc/passwd",
  // What nmap or libc would take for many addresses, or for another one.
  "0/0",
  "10.0-255.*.1-254",
  "127.0.0.*",
  "127.0.0.1-2",
  "127.0.0.1,2",
  "127.1",
  "127",
  "2130706433",
  "0x7f.0.0.1",
  "0x7f000001",
  "010.0.0.1",
  "127.0.0.01",
  "1.2.3.4.5",
  "256.0.0.1",
  "1.2.3.-4",
  "127.0.0.1.",
  "127.0.0.1:80",
  // Networks.
  "0.0.0.0/0",
  "127.0.0.1/",
  "127.0.0.1/33",
  "127.0.0.1/-1",
  "127.0.0.1/08",
  "127.0.0.1/8/8",
  "127.0.0.1/255.0.0.0",
  "127.0.0.1/ 8",
  "127.0.0.1/1e1",
  "127.0.0.0/7",
  // IPv6.
  "::/0",
  "::/111",
  "::1/129",
  "::1/-1",
  ":::",
  ":",
  "::g",
  "1::2::3",
  "1:2:3:4:5:6:7:8:9",
  "12345::1",
  "[::1]",
  "fe80::1%lo",
  "fe80::1%25eth0",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::127.0.0.1",
  "0x1::1",
  // Names.
  "localhost",
  "example.org",
  "a",
  "xn--nxasmq6b",
  // Blanks, control bytes and other characters.
  " 127.0.0.1",
  "127.0.0.1 ",
  "127.0.0.1 127.0.0.2",
  "127.0.0.1\t",
  "127.0.0.1\n",
  "127.0.0.1\r\nX-Injected: 1",
  "127.0.0.1\u0000",
  "\u0000",
  "\u001b[2J",
  "\u007f",
  "\u0085",
  "\u202e127.0.0.1",
  "\ufeff127.0.0.1",
  "127。0。0。1",
  "１２７.0.0.1",
  "٠.٠.٠.٠",
  "💥",
  "\ud800",
  "1.1.1.1💥",
  // Shell and templates.
  "$(id)",
  "`id`",
  "127.0.0.1;id",
  "127.0.0.1|id",
  "127.0.0.1&&id",
  "%s%s%n",
  "{{7*7}}",
  "' OR 1=1 --",
  "<script>alert(1)</script>",
  "undefined",
  "null",
  "[object Object]",
  // Long.
  "1".repeat(30_000),
  "127.0.0.1,".repeat(2_000),
  "::".repeat(8_000),
];

/** Values of `ports` that must never reach nmap. */
const HOSTILE_PORTS: readonly string[] = [
  "0",
  "0-10",
  "65536",
  "1-65536",
  "99999999999999999999",
  "80-22",
  "T:80",
  "U:53",
  "T:80,U:53",
  "-",
  "--",
  "1-",
  "-80",
  "-p-",
  "*",
  "http",
  "http*",
  "[80-90]",
  "top:100",
  "known",
  "22,",
  ",22",
  "22,,80",
  "22;80",
  "22 80",
  "22, 80",
  " 22",
  "22 ",
  "22\n",
  "22\r\nX-Injected: 1",
  "22\u0000",
  "1-2-3",
  "1--3",
  "1–3",
  "022",
  "+22",
  "22.0",
  "2e1",
  "0x16",
  "1_000",
  "٢٢",
  "２２",
  "💥",
  "\ud800",
  "\u001b[2J",
  "\u007f\u0085\u202e",
  "--script=x",
  "-iL/etc/passwd",
  "-oN=/tmp/x",
  "22 -oN /tmp/x",
  "$(id)",
  "<b>22</b>",
  "NaN",
  "Infinity",
  "true",
  "9".repeat(30_000),
  "1-2,".repeat(7_000),
  Array.from({ length: 1001 }, (_, i) => i + 1).join(","),
  Array.from({ length: 5000 }, (_, i) => `${2 * i + 1}-${2 * i + 1}`).join(","),
];

/** One request for each way to send the parameters. */
function waysToSend(
  parameters: Readonly<Record<string, string>>,
): Record<string, [string, RequestInit]> {
  const form = new URLSearchParams(parameters).toString();
  const post = (body: string, type: string): RequestInit => ({
    method: "POST",
    body,
    headers: { "Content-Type": type },
  });
  return {
    "GET": [`/query?${form}`, {}],
    "POST, address": [`/query?${form}`, { method: "POST" }],
    "form": ["/query", post(form, "application/x-www-form-urlencoded")],
    "form, capitals": ["/query", post(form, "Application/X-WWW-Form-Urlencoded; charset=utf-8")],
    "JSON": ["/query", post(JSON.stringify(parameters), "application/json")],
  };
}

Deno.test("/query answers every hostile ip with 400 that names it, and asks for nothing", async () => {
  const { ask, asked, log } = makeRoutes();
  for (const ip of HOSTILE_IPS) {
    for (const [way, [path, init]] of Object.entries(waysToSend({ ip, ports: "22" }))) {
      const { parameter, message } = await errorOf(await ask(path, init), 400);
      assert.equal(parameter, "ip", `${way}: ${ip.slice(0, 50)}`);
      assert.match(message, /^ip: Cannot /);
      assert.ok(message.length < 300, message);
    }
  }
  assert.deepEqual([asked, log], [[], []]);
});

Deno.test("/query answers hostile ports with 400 that names them, and asks for nothing", async () => {
  const { ask, asked, log } = makeRoutes();
  for (const ports of HOSTILE_PORTS) {
    for (const [way, [path, init]] of Object.entries(waysToSend({ ip: "127.0.0.1", ports }))) {
      const { parameter, message } = await errorOf(await ask(path, init), 400);
      assert.equal(parameter, "ports", `${way}: ${ports.slice(0, 50)}`);
      assert.match(message, /^ports: Cannot /);
      assert.ok(message.length < 300, message);
    }
  }
  assert.deepEqual([asked, log], [[], []]);
});

Deno.test("/query takes nothing but what was written for it, whatever is sent", async () => {
  const { ask, asked } = makeRoutes();
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const value = fc.oneof(text, fc.constantFrom("127.0.0.1", "22", "::1", "tcp"));
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.oneof(text, fc.constantFrom("ip", "ports", "protocol")), value),
      async (parameters) => {
        for (const [path, init] of Object.values(waysToSend(parameters))) {
          const response = await ask(path, init);
          if (response.status === 202) await response.body?.cancel();
          else await errorOf(response, 400);
        }
      },
    ),
    { numRuns: 200 },
  );
  for (const { ports, network } of asked) {
    assert.match(String(ports), /^[\d,-]+$/);
    assert.match(formatNetwork(network), /^[\d.]+\/32$|^[\da-f:]+\/128$/);
  }
});

Deno.test("/query leaves invalid percent-encoding as it is, which is no address and no port", async () => {
  const { ask, asked } = makeRoutes();
  for (
    const bad of ["%ff", "%zz", "%", "%2", "%c0%af", "%u0031", "%00", "%0d%0aX:1", "%e2%82", "+"]
  ) {
    assert.equal(
      (await errorOf(await ask(`/query?ip=127.0.0.1${bad}&ports=22`), 400)).parameter,
      "ip",
    );
    assert.equal(
      (await errorOf(await ask(`/query?ip=127.0.0.1&ports=22${bad}`), 400)).parameter,
      "ports",
    );
    assert.equal(
      (await errorOf(await ask(`/query?ip${bad}=127.0.0.1&ports=22`), 400)).message.slice(0, 2),
      "ip",
    );
  }
  assert.deepEqual(asked, []);
});

Deno.test("/query names a parameter that it does not know, without repeating control characters", async () => {
  const { ask } = makeRoutes();
  const f = async (query: string, parameter: string) =>
    assert.equal((await errorOf(await ask(`/query?${query}`), 400)).parameter, parameter);
  await f("port=22&ip=127.0.0.1", "port");
  await f("ip=127.0.0.1&ports=22&__proto__=x", "__proto__");
  await f("constructor=x", "constructor");
  await f("%1b%5b2J%7f%c2%85%e2%80%ae=x", "\u001b[2J\u007f\u0085\u202e");
  await f("%ff=x", "%ff");
  await f(`${"n".repeat(1000)}=x`, "n".repeat(40));
  await f("ip=127.0.0.1&ports=22&ip=127.0.0.2", "ip");
  await f("ip=127.0.0.1&ports=22&ports=22", "ports");
  await f("ip=127.0.0.1&ports=22&protocol=tcp&protocol=udp", "protocol");
  await f("ip[]=127.0.0.1&ports=22", "ip[]");
});

Deno.test("/query refuses a body that it cannot read, and names what is wrong in it", async () => {
  const { ask, asked, log } = makeRoutes();
  const f = async (body: BodyInit, type: string | undefined, parameter: string) => {
    const headers = new Headers();
    if (type !== undefined) headers.set("Content-Type", type);
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    const response = await ask("/query", { method: "POST", body: bytes, headers });
    assert.equal((await errorOf(response, 400)).parameter, parameter, String(body));
  };
  const json = "application/json";
  const form = "application/x-www-form-urlencoded";
  // JSON that is none, or no object.
  for (
    const text of ["{", "{}}", "[]", "null", "1", '"ip"', "true", '{"ip":', "\u0000", "ip=1", "'"]
  ) {
    await f(text, json, "body");
  }
  await f("[".repeat(60_000), json, "body");
  await f(Uint8Array.of(0xff, 0xfe, 0x00), json, "body");
  await f('[{"ip":"127.0.0.1","ports":"22"}]', json, "body");
  // Wrong types.
  await f("{}", json, "ip");
  await f('{"ip":["127.0.0.1"],"ports":"22"}', json, "ip");
  await f('{"ip":{"a":1},"ports":"22"}', json, "ip");
  await f('{"ip":null,"ports":"22"}', json, "ip");
  await f('{"ip":2130706433,"ports":"22"}', json, "ip");
  await f('{"ip":"127.0.0.1","ports":[22]}', json, "ports");
  await f('{"ip":"127.0.0.1","ports":true}', json, "ports");
  await f('{"ip":"127.0.0.1","ports":22.5}', json, "ports");
  await f('{"ip":"127.0.0.1","ports":1e9}', json, "ports");
  await f('{"ip":"127.0.0.1","ports":-22}', json, "ports");
  await f('{"ip":"127.0.0.1","ports":"22","protocol":null}', json, "protocol");
  await f('{"ip":"127.0.0.1","ports":"22","\\u001b\\u007f":{}}', json, "\u001b\u007f");
  // Names that every object has.
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", "valueOf"]) {
    await f(`{"${name}":"x"}`, json, name);
    await f(`{"ip":"127.0.0.1","ports":"22","${name}":"x"}`, json, name);
    await f(`${name}=x`, form, name);
    await f(`ip=127.0.0.1&ports=22&${name}=x`, form, name);
  }
  // Forms.
  await f("ip=127.0.0.1&ip=127.0.0.2&ports=22", form, "ip");
  await f("ip=127.0.0.1%ff&ports=22", form, "ip");
  await f(Uint8Array.of(...new TextEncoder().encode("ports=22&ip="), 0xff), form, "ip");
  // Types that are not known, or not said.
  const valid = "ip=127.0.0.1&ports=22";
  for (
    const type of [
      undefined,
      "text/plain",
      "multipart/form-data; boundary=x",
      "application/xml",
      "json",
      ";",
    ]
  ) {
    await f(valid, type, "Content-Type");
  }
  assert.deepEqual([asked, log], [[], []]);
});

Deno.test("/query counts a parameter in the address and in the body as given twice", async () => {
  const { ask, asked } = makeRoutes();
  const headers = { "Content-Type": "application/json" };
  const both = await ask("/query?ip=127.0.0.1", {
    method: "POST",
    headers,
    body: '{"ip":"127.0.0.1","ports":"22"}',
  });
  assert.equal((await errorOf(both, 400)).parameter, "ip");
  assert.deepEqual(asked, []);
  const shared = await ask("/query?ip=127.0.0.1", {
    method: "POST",
    headers,
    body: '{"ports":22}',
  });
  assert.equal(shared.status, 202);
});

Deno.test("/query hands on what was asked for, however it is sent", async () => {
  const parameters = { ip: "127.0.0.9/30", ports: "80,22,22", protocol: "udp" };
  for (const [path, init] of Object.values(waysToSend(parameters))) {
    const { ask, asked } = makeRoutes();
    assert.equal((await ask(path, init)).status, 202);
    assert.deepEqual(
      asked.map(({ network, ports, portRange, protocol }) => [
        formatNetwork(network),
        String(ports),
        portRange,
        protocol,
      ]),
      [["127.0.0.8/30", "22,80", "80,22,22", "udp"]],
    );
  }
});

Deno.test("/query answers what came of the request", async () => {
  const key: ScanKey = { target: "127.0.0.1/32", portRange: "22", protocol: "tcp" };
  const f = async (result: QueryResult, status: number, body: unknown) => {
    const response = await makeRoutes({ result }).ask(VALID);
    assert.equal(response.status, status);
    assert.equal(response.headers.get("Content-Type"), "application/json");
    assert.deepEqual(await response.json(), body);
  };
  await f({ status: "queued", queued: [key], active: 0 }, 200, {
    status: "success",
    message: "Queued 1 scan",
    details: {
      queued: 1,
      already_active: 0,
      scans: [{ target: "127.0.0.1/32", port_range: "22", protocol: "tcp" }],
    },
  });
  await f({ status: "skipped", active: 1 }, 202, {
    status: "skipped",
    message: "The same scan is already waiting or running",
    details: { queued: 0, already_active: 1 },
  });
  await f({ status: "too_many", units: 65536, capacity: 1000 }, 400, {
    status: "error",
    message: "ip: Cannot queue 65536 scans at once: the queue holds 1000 " +
      "(scanning.task_queue_size); ask for a narrower network",
    details: { parameter: "ip" },
  });
  await f({ status: "full", units: 4, room: 1 }, 503, {
    status: "error",
    message: "The queue has room for 1 of 4 scans: try again later, or ask for less",
  });
  await f({ status: "closing" }, 503, {
    status: "error",
    message: "The exporter is shutting down",
  });
});

Deno.test("/query lists a hundred scans of a large network, and counts all", async () => {
  const queued = Array.from({ length: 256 }, (_, i): ScanKey => ({
    target: `127.0.${i}.0/24`,
    portRange: "22",
    protocol: "tcp",
  }));
  const { ask } = makeRoutes({ result: { status: "queued", queued, active: 3 } });
  const { message, details } = await (await ask("/query?ip=127.0.0.0/16&ports=22")).json();
  assert.equal(message, "Queued 256 scans");
  assert.deepEqual([details.queued, details.already_active, details.scans.length], [256, 3, 100]);
});

Deno.test("/query answers 429 with Retry-After when the rate limit is used up", async () => {
  const clock = { ms: 0 };
  const rateLimiter = new RateLimiter({ perMinute: 2, now: () => clock.ms });
  const { ask, asked } = makeRoutes({ rateLimiter });
  assert.equal((await ask(VALID)).status, 202);
  assert.equal((await ask(VALID, { method: "POST" })).status, 202);
  const refused = await ask(VALID);
  assert.equal(refused.headers.get("Retry-After"), "30");
  assert.equal(
    (await errorOf(refused, 429)).message,
    "Too many requests (scanning.rate_limit): try again in 30 s",
  );
  assert.equal(asked.length, 2);
  clock.ms = 30_000;
  assert.equal((await ask(VALID)).status, 202);
});

Deno.test("/query takes from the rate limit last: nothing that is refused before costs a token", async () => {
  const rateLimiter = new RateLimiter({ perMinute: 1, now: () => 0 });
  const { ask, asked } = makeRoutes({ auth: AUTH, rateLimiter });
  const Authorization = basic(AUTH.username, AUTH.password);
  const headers = { Authorization };
  // Authentication comes first, also before validation.
  await errorOf(await ask(VALID), 401);
  await errorOf(await ask("/query"), 401);
  await errorOf(await ask(VALID, { headers: { Authorization: basic("a", "b") } }), 401);
  await errorOf(
    await ask(VALID, { headers: { Authorization, "Sec-Fetch-Site": "cross-site" } }),
    403,
  );
  await errorOf(await ask(VALID, { headers, method: "DELETE" }), 405);
  await errorOf(await ask("/query?ip=x&ports=22", { headers }), 400);
  await errorOf(await ask(VALID, { headers, method: "POST", body: "a".repeat(70_000) }), 413);
  for (const path of ["/metrics", "/", "/healthz", "/nothing"]) await ask(path, { headers });
  assert.deepEqual(asked, []);
  assert.equal((await ask(VALID, { headers })).status, 202);
  // Used up now: what is wrong is still told as such.
  await errorOf(await ask(VALID, { headers }), 429);
  await errorOf(await ask("/query?ip=x&ports=22", { headers }), 400);
  await errorOf(await ask(VALID), 401);
});
