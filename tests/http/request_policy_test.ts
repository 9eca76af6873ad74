import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse_config.ts";
import { parseNetwork } from "../../src/domain/network.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import { judgeRequest, type RequestPolicy, requestPolicy } from "../../src/http/request_policy.ts";
import { AUTH, basic, errorOf, makePolicy, makeRoutes, networks } from "./builders.ts";

const VALID = "/query?ip=127.0.0.1&ports=22";

/** The verdict as one text. */
function verdict(ip: string, policy: Partial<RequestPolicy>, ports = "22"): string {
  const asked = { network: parseNetwork(ip).network, ports: parsePorts(ports) };
  const judged = judgeRequest(asked, makePolicy(policy));
  return judged.allowed
    ? `allowed without ${judged.excluded}`
    : `${judged.status} ${judged.message}`;
}

Deno.test("judgeRequest() wants every address in policy.allowed_networks", () => {
  const allowedNetworks = networks("10.0.0.0/25", "10.0.0.128/25", "10.2.0.0/16", "2001:db8::/32");
  const f = (ip: string) => verdict(ip, { allowedNetworks });
  assert.equal(f("10.0.0.0/24"), "allowed without 0");
  assert.equal(f("10.2.3.4"), "allowed without 0");
  assert.equal(f("2001:db8::/120"), "allowed without 0");
  const outside = "lies outside policy.allowed_networks";
  assert.equal(f("10.0.0.0/23"), `403 ip: Cannot scan 10.0.0.0/23: a part of it ${outside}`);
  assert.equal(f("10.0.0.0/8"), `403 ip: Cannot scan 10.0.0.0/8: a part of it ${outside}`);
  assert.equal(f("10.3.0.0"), `403 ip: Cannot scan 10.3.0.0/32: it ${outside}`);
  assert.equal(f("::a02:304"), `403 ip: Cannot scan ::a02:304/128: it ${outside}`);
  assert.equal(verdict("8.8.8.8", {}), "allowed without 0");
});

Deno.test("judgeRequest() lets scanning.exclude win over everything that is allowed", () => {
  const exclude = networks("10.0.0.0/8", "192.0.2.7/32", "2001:db8::/126");
  const f = (ip: string, allowed: string[] = []) =>
    verdict(ip, { exclude, allowedNetworks: networks(...allowed) });
  const all = "all of it is excluded (scanning.exclude), or no host's address";
  assert.equal(f("10.1.2.3", ["10.1.2.0/24"]), `403 ip: Cannot scan 10.1.2.3/32: ${all}`);
  assert.equal(f("10.0.0.0/8"), `403 ip: Cannot scan 10.0.0.0/8: ${all}`);
  assert.equal(f("192.0.2.0/24"), "allowed without 1");
  assert.equal(f("2001:db8::/120", ["2001:db8::/32"]), "allowed without 4");
  assert.equal(f("10.0.0.0/7"), `allowed without ${2 ** 24}`);
  assert.equal(f("192.0.2.8"), "allowed without 0");
});

Deno.test("judgeRequest() counts the probes that would be sent against policy.max_probes", () => {
  const maxProbes = 256;
  const f = (ip: string, ports: string, exclude: string[] = []) =>
    verdict(ip, { maxProbes, exclude: networks(...exclude) }, ports);
  assert.equal(f("127.0.0.0/24", "22"), "allowed without 0");
  assert.equal(f("127.0.0.1", "1-256"), "allowed without 0");
  assert.equal(f("127.0.0.0/24", "22,80", ["127.0.0.0/25"]), "allowed without 128");
  assert.equal(
    f("127.0.0.0/24", "22,80"),
    "400 ip: Cannot send 512 probes (addresses × ports): policy.max_probes allows 256; " +
      "ask for a narrower network or fewer ports",
  );
  assert.equal(
    f("127.0.0.1", "1-257"),
    "400 ports: Cannot send 257 probes (addresses × ports): policy.max_probes allows 256; ask for fewer ports",
  );
});

Deno.test("/query answers what the policy refuses, asks for nothing, and takes nothing from the rate limit", async () => {
  const policy = makePolicy({
    allowedNetworks: networks("127.0.0.0/8"),
    exclude: networks("127.0.1.0/24"),
    maxProbes: 256,
  });
  const rateLimiter = new RateLimiter({ perMinute: 1, now: () => 0 });
  const { ask, asked } = makeRoutes({ policy: () => policy, rateLimiter });
  const f = async (query: string, status: number, parameter: string) =>
    assert.equal((await errorOf(await ask(`/query?${query}`), status)).parameter, parameter);
  await f("ip=10.0.0.1&ports=22", 403, "ip");
  await f("ip=127.0.1.9&ports=22", 403, "ip");
  await f("ip=127.0.0.0/24&ports=1-2", 400, "ip");
  await f("ip=127.0.0.1&ports=1-1000", 400, "ports");
  await f("ip=::ffff:127.0.1.9&ports=22", 400, "ip");
  assert.deepEqual(asked, []);
  assert.equal((await ask(VALID)).status, 202);
});

Deno.test("/query says how many excluded addresses are skipped", async () => {
  const policy = makePolicy({ exclude: networks("127.0.0.8/30") });
  const key = { target: "127.0.0.0/24", portRange: "22", protocol: "tcp" } as const;
  const queued = makeRoutes({
    policy: () => policy,
    result: { status: "queued", queued: [key], active: 0 },
  });
  const body = await (await queued.ask("/query?ip=127.0.0.0/24&ports=22")).json();
  assert.equal(body.message, "Queued 1 scan, without 4 excluded of the addresses");
  assert.equal(body.details.excluded_addresses, 4);
  const skipped = makeRoutes({ policy: () => policy });
  const { details } = await (await skipped.ask("/query?ip=127.0.0.0/24&ports=22")).json();
  assert.deepEqual(details, { queued: 0, already_active: 1, excluded_addresses: 4 });
});

Deno.test("clientNetworks() lets in only clients of policy.client_networks, and follows a reload", async () => {
  let policy = makePolicy({ clientNetworks: networks("192.0.2.0/24", "2001:db8::/32") });
  const { ask, asked } = makeRoutes({ policy: () => policy });
  for (const from of ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"]) {
    assert.equal((await ask(VALID, { from })).status, 202, from);
  }
  asked.length = 0;
  for (const from of ["192.0.3.1", "127.0.0.1", "::1", "::192.0.2.1", undefined]) {
    const init = from === undefined ? {} : { from };
    const { message } = await errorOf(await ask(VALID, init), 403);
    assert.match(message, /^Cannot take this request from .*: policy\.client_networks /);
    await errorOf(await ask("/query", { ...init, method: "POST" }), 403);
  }
  assert.deepEqual(asked, []);
  policy = makePolicy();
  assert.equal((await ask(VALID, { from: "127.0.0.1" })).status, 202);
});

Deno.test("clientNetworks() is not deceived by a forged X-Forwarded-For", async () => {
  const policy = makePolicy({
    clientNetworks: networks("192.0.2.0/24"),
    trustedProxies: networks("10.0.0.1/32"),
  });
  const { ask } = makeRoutes({ policy: () => policy });
  const f = async (from: string, forwarded: string) => {
    const response = await ask(VALID, { from, headers: { "X-Forwarded-For": forwarded } });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await f("198.51.100.1", "192.0.2.1"), 403);
  assert.equal(await f("10.0.0.1", "192.0.2.1, 198.51.100.1"), 403);
  assert.equal(await f("10.0.0.1", "192.0.2.1, 198.51.100.1, 10.0.0.1"), 403);
  assert.equal(await f("10.0.0.2", "192.0.2.1"), 403);
  assert.equal(await f("10.0.0.1", "198.51.100.1, 192.0.2.1"), 202);
  assert.equal(await f("192.0.2.1", "198.51.100.1"), 202);
});

Deno.test("clientNetworks() guards what starts scans and nothing else, after the password", async () => {
  const policy = makePolicy({ clientNetworks: networks("192.0.2.0/24") });
  const { ask } = makeRoutes({ policy: () => policy, auth: AUTH });
  const headers = { Authorization: basic(AUTH.username, AUTH.password) };
  for (const path of ["/metrics", "/", "/healthz", "/v1/hosts"]) {
    assert.equal((await ask(path, { headers, from: "127.0.0.1" })).status, 200, path);
  }
  await errorOf(await ask(VALID, { from: "192.0.2.1" }), 401);
  await errorOf(await ask(VALID, { from: "127.0.0.1", headers }), 403);
});

Deno.test("requestPolicy() is what the configuration says", () => {
  const text = "policy: { allowed_networks: [10.0.0.0/8], client_networks: [127.0.0.1], " +
    "trusted_proxies: ['::1'], max_probes: 7 }\nscanning: { exclude: [10.1.0.0/16] }";
  const found = requestPolicy(parseConfig(text, "c").config);
  const covers =
    (key: "allowedNetworks" | "clientNetworks" | "trustedProxies" | "exclude") => (text: string) =>
      found[key].covers(parseNetwork(text).network);
  assert.ok(covers("allowedNetworks")("10.0.0.0/8"));
  assert.ok(covers("clientNetworks")("127.0.0.1"));
  assert.ok(covers("trustedProxies")("::1"));
  assert.ok(covers("exclude")("10.1.0.0/16"));
  assert.equal(found.maxProbes, 7);
  assert.ok(requestPolicy(parseConfig("", "c").config).allowedNetworks.isEmpty);
});
