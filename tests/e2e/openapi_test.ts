import assert from "node:assert/strict";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { assertValid, resolve, type Schema } from "../support/json_schema.ts";

const AUTH = `Basic ${btoa("somebody:sesame-42")}`;
/** Requests that the rate limit lets through at once: as many as the test has taken before. */
const TAKEN = 6;
const CONFIG = `
scanning: { worker_count: 1, task_queue_size: 2, rate_limit: ${TAKEN} }
auth: { basic: { username: somebody, password: sesame-42 } }
policy: { client_networks: [192.0.2.0/24], trusted_proxies: [127.0.0.0/8], allowed_networks: [127.0.0.0/8] }
targets: [{ target: 127.0.0.1, port_range: "80" }]
`;

interface Operation {
  readonly requestBody?: unknown;
  readonly responses: Readonly<Record<string, Response>>;
}

interface Response {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content: { readonly "application/json": { readonly schema: Schema } };
}

Deno.test("every documented operation answers as the document says, with every documented code", async () => {
  await using nmap = await makeFakeNmap();
  await nmap.set({ hosts: { "127.0.0.1": { tcp: [80] } } });
  await using exporter = await Exporter.start({ config: CONFIG, pathPrefix: nmap.dir });
  const own = { "Authorization": AUTH, "X-Forwarded-For": "192.0.2.1" };
  const document = await (await fetch(`${exporter.url}/v1/openapi.json`, { headers: own })).json();
  const seen = new Set<string>();

  /** Calls an operation, with `{name}` of its path replaced, and checks the answer against the document. */
  const call = async (
    name: string,
    status: number,
    { path = "", headers = own, ...init }: {
      path?: string;
      headers?: Record<string, string>;
      body?: unknown;
      method?: string;
    } = {},
  ) => {
    const [method, pattern] = name.split(" ") as [string, string];
    const operation: Operation = document.paths[pattern][method.toLowerCase()];
    const url = exporter.url + (path === "" || path.startsWith("?") ? pattern + path : path);
    const body = init.body === undefined ? null : JSON.stringify(init.body);
    const response = await fetch(url, { method: init.method ?? method, headers, body });
    const text = await response.text();
    assert.equal(response.status, status, `${name}: ${text}`);
    const code = String(status) in operation.responses ? String(status) : "default";
    const { headers: described = {}, content } = operation.responses[code]!;
    assert.equal(response.headers.get("Content-Type"), "application/json");
    for (const header of Object.keys(described)) assert.ok(response.headers.has(header), header);
    const answer = JSON.parse(text);
    assertValid(answer, content["application/json"].schema, { document });
    seen.add(`${name} ${code}`);
    return answer;
  };

  const hosts = "GET /v1/hosts";
  const deadline = performance.now() + 20_000;
  while ((await call(hosts, 200)).hosts.length === 0) assert.ok(performance.now() < deadline);
  await call(hosts, 200, { path: "?open=true&limit=1" });
  await call("GET /v1/hosts/{ip}", 200, { path: "/v1/hosts/127.0.0.1" });
  await call("GET /v1/hosts/{ip}", 400, { path: "/v1/hosts/x" });
  await call("GET /v1/hosts/{ip}", 404, { path: "/v1/hosts/192.0.2.1" });
  await call("GET /v1/sd", 200, { path: "?port=80&protocol=tcp" });
  await call("GET /v1/openapi.json", 200);
  for (
    const name of [hosts, "GET /v1/changes", "GET /v1/sd", "GET /v1/tasks", "GET /v1/openapi.json"]
  ) {
    await call(name, 400, { path: "?unheard-of=1" });
  }

  // Something changes.
  await nmap.set({});
  const scan = "POST /v1/tasks/scan";
  await call(scan, 200, { body: { targets: ["127.0.0.1"], ports: "80", protocol: "both" } });
  const changes = (query: string) => call("GET /v1/changes", 200, { path: query });
  while ((await changes("?limit=5")).changes.length === 0) assert.ok(performance.now() < deadline);
  await changes("?since=2020-01-01T00:00:00Z&ip=127.0.0.1");
  while ((await call("GET /v1/tasks", 200, { path: "?state=succeeded" })).length === 0) {
    assert.ok(performance.now() < deadline);
  }

  // One is running for long, and two fill the queue.
  await nmap.set({ hosts: { "127.0.0.1": { tcp: [443] } }, delayMs: 60_000 });
  const slow = { targets: ["127.0.0.2"], ports: "80", dedupe_key: "k", retries: 1, timeout: "1m" };
  const { task_id } = await call(scan, 200, { body: slow });
  await call(scan, 400, { body: { targets: ["localhost"], ports: "80" } });
  await call(scan, 403, { body: { targets: ["10.0.0.1"], ports: "80" } });
  await call(scan, 403, { body: slow, headers: { ...own, "Sec-Fetch-Site": "cross-site" } });
  await call(scan, 403, { body: slow, headers: { Authorization: AUTH } });
  await call(scan, 409, { body: { ...slow, ports: "81" } });
  const task = "GET /v1/tasks/{id}";
  const isRunning = async () =>
    (await call(task, 200, { path: `/v1/tasks/${task_id}` })).state === "running";
  while (!await isRunning()) assert.ok(performance.now() < deadline + 20_000);
  const waiting = { targets: ["127.0.0.3", "127.0.0.4"], ports: "80", protocol: "tcp" };
  await call(scan, 200, { body: waiting });
  await call(scan, 503, { body: { ...slow, dedupe_key: null, targets: ["127.0.0.5"] } });
  await call(scan, 200, { body: slow });
  // Meanwhile the limit may have let in some more.
  for (let i = 0; i < 9; i++) {
    const again = { method: "POST", headers: own, body: JSON.stringify(slow) };
    await (await fetch(`${exporter.url}/v1/tasks/scan`, again)).body?.cancel();
  }
  await call(scan, 429, { body: slow });
  await call("GET /v1/tasks", 200);
  await call("GET /v1/tasks", 200, { path: "?state=pending&limit=1" });
  await call("GET /v1/tasks", 403, { headers: { Authorization: AUTH } });
  await call(task, 400, { path: `/v1/tasks/${task_id}?x=1` });
  await call(task, 403, { path: `/v1/tasks/${task_id}`, headers: { Authorization: AUTH } });
  await call(task, 404, { path: "/v1/tasks/nobody" });
  const cancel = "POST /v1/tasks/{id}/cancel";
  const cancelled = { path: `/v1/tasks/${task_id}/cancel` };
  await call(cancel, 400, { path: `${cancelled.path}?x=1` });
  await call(cancel, 403, { ...cancelled, headers: { ...own, Origin: "https://evil.example" } });
  await call(cancel, 404, { path: "/v1/tasks/nobody/cancel" });
  await call(cancel, 200, cancelled);
  await call(cancel, 409, cancelled);

  // Every operation asks who asks, and answers what is no operation as any other error.
  for (const [pattern, item] of Object.entries<Record<string, Operation>>(document.paths)) {
    const path = pattern.replace("{ip}", "127.0.0.1").replace("{id}", "nobody");
    for (const method of Object.keys(item)) {
      const name = `${method.toUpperCase()} ${pattern}`;
      await call(name, 401, { path, headers: {} });
      await call(name, 405, { path, method: "DELETE" });
    }
  }
  const documented = Object.entries<Record<string, Operation>>(document.paths).flatMap(
    ([pattern, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.keys(responses).map((code) => `${method.toUpperCase()} ${pattern} ${code}`)
      ),
  );
  assert.deepEqual([...seen].sort(), documented.sort());
  assert.equal(resolve("#/components/securitySchemes/basic", document).scheme, "basic");
});
