import assert from "node:assert/strict";
import type { LabelledTarget, OpenPortQuery, OpenPorts } from "../../src/policy/open_ports.ts";
import { AUTH, basic, errorOf, makeRoutes } from "./builders.ts";

/** A target without networks, which the route has no use for. */
function makeTarget(name: string, labels: Record<string, string> = {}): LabelledTarget {
  return { name, labels, networks: [] };
}

const DMZ = makeTarget("dmz", { env: "prod" });

/** Routes that remember what was asked of the open ports. */
function makeSd(found: Iterable<OpenPorts | undefined> = []) {
  const queries: unknown[] = [];
  const openPorts = ({ ports, ...query }: OpenPortQuery) => {
    queries.push({ ...query, ...(ports !== undefined && { ports: `${ports}` }) });
    return found;
  };
  return { ...makeRoutes({ openPorts }), queries };
}

const groupsOf = async (found: Iterable<OpenPorts | undefined>) =>
  await (await makeSd(found).ask("/v1/sd")).json();

Deno.test("/v1/sd lists open ports as Prometheus's http_sd takes them", async () => {
  const groups = await groupsOf([
    { ip: "192.0.2.1", protocol: "tcp", ports: [80, 443], target: DMZ },
    undefined,
    { ip: "192.0.2.1", protocol: "udp", ports: [53], target: DMZ },
    { ip: "2001:db8::1", protocol: "tcp", ports: [22], target: undefined },
  ]);
  const group = (text: string, own: object, [ip, port, protocol]: string[]) => ({
    targets: [text],
    labels: {
      ...own,
      __meta_openport_ip: ip,
      __meta_openport_port: port,
      __meta_openport_protocol: protocol,
    },
  });
  const own = { env: "prod", name: "dmz" };
  assert.deepEqual(groups, [
    group("192.0.2.1:80", own, ["192.0.2.1", "80", "tcp"]),
    group("192.0.2.1:443", own, ["192.0.2.1", "443", "tcp"]),
    group("192.0.2.1:53", own, ["192.0.2.1", "53", "udp"]),
    group("[2001:db8::1]:22", {}, ["2001:db8::1", "22", "tcp"]),
  ]);
});

Deno.test("/v1/sd keeps the label name for the target, as openport_target_info does", async () => {
  const f = async (target: LabelledTarget, expected: Record<string, string>) => {
    const [{ labels }] = await groupsOf([{ ip: "::1", protocol: "tcp", ports: [1], target }]);
    const own = Object.entries(labels).filter(([label]) => !label.startsWith("__meta_openport_"));
    assert.deepEqual(Object.fromEntries(own), expected);
  };
  await f(makeTarget("a"), { name: "a" });
  await f(makeTarget("a", { name: "b" }), { name: "a", label_name: "b" });
  await f(makeTarget("a", { name: "b", label_name: "c" }), { name: "a", label_name: "c" });
  const text = '"\\\n\u2028é漢';
  await f(makeTarget(text, { job: text }), { name: text, job: text });
});

Deno.test("/v1/sd answers with an empty list, for HEAD and with a password, as JSON", async () => {
  const { ask, setAuth } = makeSd();
  const response = await ask("/v1/sd");
  // Prometheus takes no other type.
  assert.equal(response.headers.get("Content-Type"), "application/json");
  assert.equal(await response.text(), "[]\n");
  const head = await ask("/v1/sd", { method: "HEAD" });
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  assert.equal(head.headers.get("Content-Type"), "application/json");
  assert.deepEqual(await groupsOf([undefined, undefined]), []);
  setAuth(AUTH);
  await errorOf(await ask("/v1/sd"), 401);
  const Authorization = basic(AUTH.username, AUTH.password);
  assert.equal((await ask("/v1/sd", { headers: { Authorization } })).status, 200);
});

Deno.test("/v1/sd reads port, name and protocol", async () => {
  const { ask, queries } = makeSd();
  const f = async (query: string, expected: object) => {
    queries.length = 0;
    assert.equal((await ask(`/v1/sd${query}`)).status, 200, query);
    assert.deepEqual(queries, [expected], query);
  };
  await f("", {});
  await f("?", {});
  await f("?port=443", { ports: "443" });
  await f("?port=443,80,8000-8100", { ports: "80,443,8000-8100" });
  await f("?name=dmz", { name: "dmz" });
  await f("?name=192.0.2.0%2F24", { name: "192.0.2.0/24" });
  await f("?name=B%C3%BCro+2", { name: "Büro 2" });
  await f("?protocol=tcp", { protocol: "tcp" });
  await f("?protocol=udp&port=53&name=a", { protocol: "udp", ports: "53", name: "a" });
});

Deno.test("/v1/sd names the parameter that cannot be used, and asks for nothing", async () => {
  const { ask, queries } = makeSd();
  const f = async (query: string, parameter: string, message: RegExp) => {
    const answer = await errorOf(await ask(`/v1/sd?${query}`), 400);
    assert.equal(answer.parameter, parameter, query);
    assert.match(answer.message, message);
  };
  for (const port of ["", "0", "65536", "80;443", "http", "-1", "80,", "%2B80", "443/tcp", "9-8"]) {
    await f(`port=${port}`, "port", /^port: Cannot (?:read|use) /);
  }
  await f("name=", "name", /^name: Cannot use an empty name: write the name of a target$/);
  for (const protocol of ["", "TCP", "both", "sctp", "tcp,udp"]) {
    await f(`protocol=${protocol}`, "protocol", /^protocol: Cannot use it: write tcp or udp$/);
  }
  for (const name of ["ports", "ip", "Port", "limit", "constructor"]) {
    await f(`${name}=1`, name, /Cannot use this parameter: allowed are port, name, protocol$/);
  }
  await f("port=80&port=443", "port", /^port: Cannot use it more than once$/);
  await f("name=a&name=b", "name", /^name: Cannot use it more than once$/);
  assert.deepEqual(queries, []);
});
