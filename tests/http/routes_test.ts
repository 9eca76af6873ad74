import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import type { Health } from "../../src/http/health.ts";
import { httpRequestCounter } from "../../src/metrics/exporter_metrics.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { AUTH, basic, errorOf, makeRoutes } from "./builders.ts";
import { expositionOf, pageText } from "../support/page_text.ts";

const HEALTH: Health = {
  status: "ok",
  reasons: [],
  queueSize: 2,
  queueCapacity: 10,
  workersBusy: 1,
  workers: 4,
};

/** Paths that anybody can read without saying more. */
const READING = [
  "/metrics",
  "/healthz",
  "/-/healthy",
  "/-/ready",
  "/",
  "/config",
  "/v1/hosts",
  "/v1/changes",
  "/v1/openapi.json",
  "/v1/sd",
  "/v1/tasks",
];

Deno.test("/metrics gives the page in the format asked for", async () => {
  const { ask } = makeRoutes();
  const f = async (accept: string, type: string, page: string) => {
    const response = await ask("/metrics", { headers: { Accept: accept } });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("Content-Type"), type);
    assert.equal(response.headers.get("Content-Encoding"), null);
    assert.equal(response.headers.get("Vary"), "Accept, Accept-Encoding");
    assert.equal(await response.text(), page);
  };
  await f("*/*", "text/plain; version=0.0.4; charset=utf-8", "page in text\n");
  await f(
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "page in openmetrics\n",
  );
});

Deno.test("/metrics compresses for who asks for gzip, both formats and large pages", async () => {
  const page = "ünï 漢 1\n".repeat(200_000);
  const { ask } = makeRoutes({
    openExposition: (format, encoding) => expositionOf(format + page, encoding),
  });
  for (
    const [accept, format] of [["*/*", "text"], ["application/openmetrics-text", "openmetrics"]]
  ) {
    const headers = { "Accept-Encoding": "gzip", "Accept": accept! };
    const response = await ask("/metrics", { headers });
    assert.equal(response.headers.get("Content-Encoding"), "gzip");
    assert.equal(response.headers.get("Vary"), "Accept, Accept-Encoding");
    const bytes = new Uint8Array(await response.arrayBuffer());
    assert.ok(bytes.length < page.length / 20);
    assert.equal(gunzipSync(bytes).toString(), format + page);
  }
});

Deno.test("/metrics is where --web.telemetry-path says, and nowhere else", async () => {
  const { ask, counted } = makeRoutes({ telemetryPath: "/deep/er/prom" });
  assert.equal(await (await ask("/deep/er/prom")).text(), "page in text\n");
  await errorOf(await ask("/metrics"), 404);
  assert.match(await (await ask("/")).text(), /href="\/deep\/er\/prom"/);
  assert.match(counted().join(), /route="\/deep\/er\/prom",method="GET",code="200"/);
});

Deno.test("/healthz tells queue and workers, and what is degraded", async () => {
  const f = async (health: Partial<Health>, status: number, body: Record<string, unknown>) => {
    const { ask } = makeRoutes({ health: () => ({ ...HEALTH, ...health }) });
    const response = await ask("/healthz");
    assert.equal(response.status, status);
    assert.equal(response.headers.get("Content-Type"), "application/json");
    const numbers = { queue_size: 2, queue_capacity: 10, workers_busy: 1, workers: 4 };
    assert.deepEqual(await response.json(), { ...body, ...numbers });
  };
  await f({}, 200, { status: "ok" });
  const reasons = ["nmap was not found"];
  await f({ status: "degraded", reasons }, 200, { status: "degraded", reasons });
  await f({ status: "shutting down" }, 503, {
    status: "error",
    message: "The exporter is shutting down",
  });
});

Deno.test("/-/healthy and /-/ready follow Prometheus", async () => {
  const { ask } = makeRoutes();
  assert.equal(await (await ask("/-/healthy")).text(), "openport-exporter is healthy.\n");
  assert.equal(await (await ask("/-/ready")).text(), "openport-exporter is ready.\n");
  const waiting = makeRoutes({ notReady: () => "nmap has not answered yet" });
  assert.equal((await waiting.ask("/-/healthy")).status, 200);
  const response = await waiting.ask("/-/ready");
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), {
    status: "error",
    message: "openport-exporter is not ready: nmap has not answered yet",
  });
});

Deno.test("createRoutes() answers 404 in JSON for every other path", async () => {
  const { ask, asked } = makeRoutes();
  const paths = [
    "/nothing",
    "/metrics/",
    "/query/",
    "//metrics",
    "/Metrics",
    "/-/reload/",
    "/-/reload/now",
    "/config/",
    "/config.yaml",
    "/v1",
    "/v1/",
    "/v1/hosts/",
    "/v1/hosts/127.0.0.1/",
    "/v1/hosts/127.0.0.1/24",
    "/v1/changes/",
    "/-/quit",
    "/v1/tasks/",
    "/v1/tasks/a/b",
    "/v1/tasks/a/cancel/",
    "/v1/openapi.yaml",
    "/favicon.ico",
    "/%ff",
    "/%zz",
    "/%00",
    "/metrics%2f",
    "/:path",
    "/*",
    "/..%2fquery",
  ];
  for (const path of paths) {
    for (const method of ["GET", "POST", "PUT", "DELETE", "OPTIONS"]) {
      const { message } = await errorOf(await ask(path, { method }), 404);
      assert.equal(message, "There is nothing at this path");
    }
  }
  assert.deepEqual(asked, []);
});

Deno.test("createRoutes() answers other methods with 405 and says which are allowed", async () => {
  const { ask, asked } = makeRoutes();
  const f = async (path: string, allowed: string, refused: readonly string[]) => {
    for (const method of refused) {
      const response = await ask(path, { method });
      assert.equal(response.headers.get("Allow"), allowed, `${method} ${path}`);
      const { message } = await errorOf(response, 405);
      assert.equal(message, `Method not allowed: use ${allowed.replace(", ", " or ")}`);
    }
  };
  const never = ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "X"];
  for (const path of [...READING, "/v1/hosts/127.0.0.1"]) {
    await f(path, "GET, HEAD", ["POST", ...never]);
  }
  for (const path of ["/v1/tasks/scan", "/v1/tasks/a/cancel"]) {
    await f(path, "POST", ["GET", ...never]);
    assert.equal((await ask(path, { method: "HEAD" })).status, 405);
  }
  await f("/v1/tasks/a", "GET, HEAD", ["POST", ...never]);
  await f("/-/reload", "POST, PUT", ["GET", "DELETE", "PATCH", "OPTIONS", "PROPFIND", "X"]);
  assert.equal((await ask("/-/reload", { method: "HEAD" })).status, 405);
  await f("/query?ip=127.0.0.1&ports=22", "GET, POST", never);
  const head = await ask("/query?ip=127.0.0.1&ports=22", { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("Allow")], [405, "GET, POST"]);
  assert.deepEqual(asked, []);
});

Deno.test("createRoutes() answers HEAD as GET without a body", async () => {
  const { ask } = makeRoutes();
  for (const path of READING) {
    const [head, get] = [await ask(path, { method: "HEAD" }), await ask(path)];
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
    assert.deepEqual([...head.headers], [...get.headers]);
    await get.body?.cancel();
  }
});

Deno.test("createRoutes() answers 500 without a stack when something fails, and logs it in one line", async () => {
  const { ask, log, counted } = makeRoutes({
    openExposition: () => {
      throw new TypeError("no such\nfamily");
    },
  });
  const { message } = await errorOf(await ask("/metrics?password=sesame"), 500);
  assert.equal(message, "The request failed; the log says why");
  assert.deepEqual(log, [
    'time=1970-01-01T00:00:00.000Z level=error msg="Request failed" route=/metrics error="TypeError: no such\\nfamily"\n',
  ]);
  assert.deepEqual(counted(), [
    'openport_http_requests_total{route="/metrics",method="GET",code="500"} 1',
  ]);
});

Deno.test("createRoutes() counts every answer, by route, method and code", async () => {
  const { ask, counted } = makeRoutes({ auth: AUTH });
  const headers = { Authorization: basic(AUTH.username, AUTH.password) };
  await ask("/metrics", { headers });
  await ask("/metrics", { headers });
  await ask("/metrics", { headers, method: "HEAD" });
  await ask("/metrics");
  await ask("/healthz");
  await ask("/query?ip=127.0.0.1&ports=22", { headers, method: "POST" });
  await ask("/query", { headers });
  await ask("/query", { headers, method: "PROPFIND" });
  await ask(`/healthz?${"a".repeat(70_000)}`);
  for (const path of ["/a", "/b", "/c/d", "/metrics/"]) await ask(path, { headers });
  for (const ip of ["127.0.0.1", "::1", "x", "%zz", "1%2F2"]) {
    await ask(`/v1/hosts/${ip}`, { headers });
  }
  await ask("/v1/hosts/127.0.0.1");
  await ask("/v1/hosts/127.0.0.1", { headers, method: "DELETE" });
  await ask("/v1/hosts?limit=1", { headers });
  await ask("/v1/changes", { headers });
  for (const id of ["a", "b"]) {
    await ask(`/v1/tasks/${id}`, { headers });
    await ask(`/v1/tasks/${id}/cancel`, { headers, method: "POST" });
  }
  await ask("/v1/tasks/scan", { headers, method: "POST" });
  await ask("/-/reload", { headers, method: "POST" });
  await ask("/config", { headers });
  const sample = (route: string, method: string, code: number, count: number) =>
    `openport_http_requests_total{route="${route}",method="${method}",code="${code}"} ${count}`;
  assert.deepEqual(
    counted().sort(),
    [
      sample("/metrics", "GET", 200, 2),
      sample("/metrics", "HEAD", 200, 1),
      sample("/metrics", "GET", 401, 1),
      sample("/healthz", "GET", 200, 1),
      sample("/healthz", "GET", 413, 1),
      sample("/query", "POST", 202, 1),
      sample("/query", "GET", 400, 1),
      sample("/query", "other", 405, 1),
      sample("other", "GET", 404, 4),
      sample("/v1/hosts/{ip}", "GET", 404, 2),
      sample("/v1/hosts/{ip}", "GET", 400, 3),
      sample("/v1/hosts/{ip}", "GET", 401, 1),
      sample("/v1/hosts/{ip}", "DELETE", 405, 1),
      sample("/v1/hosts", "GET", 200, 1),
      sample("/v1/changes", "GET", 200, 1),
      sample("/v1/tasks/{id}", "GET", 404, 2),
      sample("/v1/tasks/{id}/cancel", "POST", 404, 2),
      sample("/v1/tasks/scan", "POST", 400, 1),
      sample("/-/reload", "POST", 200, 1),
      sample("/config", "GET", 200, 1),
    ].sort(),
  );
});

Deno.test("createRoutes() keeps the number of series down, whatever clients think up", async () => {
  const { ask, counted } = makeRoutes();
  for (let i = 0; i < 200; i++) await ask(`/path-${i}`, { method: `METHOD${i}` });
  for (let i = 0; i < 200; i++) await ask(`/v1/hosts/${i}`);
  assert.deepEqual(counted(), [
    'openport_http_requests_total{route="other",method="other",code="404"} 200',
    'openport_http_requests_total{route="/v1/hosts/{ip}",method="GET",code="400"} 200',
  ]);
});

Deno.test("createRoutes() never logs or answers a secret", async () => {
  const auth = { username: "somebody", password: "sesame-42" };
  const routes = makeRoutes({
    auth,
    openExposition: () => {
      throw new Error("broken");
    },
  });
  const right = basic(auth.username, auth.password);
  let answers = "";
  for (const authorization of [right, basic("x", auth.password), "Basic sesame-42", "sesame-42"]) {
    for (const path of ["/metrics", "/", "/query?ip=x", "/healthz", "/nothing"]) {
      const response = await routes.ask(path, { headers: { Authorization: authorization } });
      answers += [...response.headers].join() + await response.text();
    }
  }
  for (const text of [answers, routes.log.join("")]) {
    assert.doesNotMatch(text, /sesame|somebody/);
    assert.ok(!text.includes(right.slice(6)));
  }
  assert.equal(routes.log.length, 1);
});

Deno.test("createRoutes() has a sample of every route from the start", () => {
  const requests = httpRequestCounter();
  const registry = new Registry();
  registry.register(requests);
  makeRoutes({ requests });
  const lines = pageText(registry).split("\n").filter((line) => !line.startsWith("#"));
  const sample = (route: string, method = "GET") =>
    `openport_http_requests_total{route="${route}",method="${method}",code="200"} 0`;
  assert.deepEqual(
    lines.filter((line) => line !== "").sort(),
    [
      sample("/assets/{name}"),
      sample("/events"),
      sample("/hosts/{ip}"),
      sample("/v1/hosts/{ip}"),
      sample("/v1/tasks/{id}"),
      sample("/v1/tasks/scan", "POST"),
      sample("/v1/tasks/{id}/cancel", "POST"),
      sample("/-/reload", "POST"),
      sample("/query"),
      ...READING.map((path) => sample(path)),
    ].sort(),
  );
});

Deno.test("/events gives none of its places to another site", async () => {
  const { ask } = makeRoutes();
  const headers = { "Sec-Fetch-Site": "cross-site" };
  await errorOf(await ask("/events?page=status", { headers }), 403);
});

Deno.test("/config gives the configuration as what no browser runs", async () => {
  const { ask } = makeRoutes({ effectiveConfig: () => "targets:\n  - '<script>'\n" });
  const response = await ask("/config");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "text/yaml; charset=utf-8");
  assert.equal(response.headers.get("X-Content-Type-Options"), "nosniff");
  assert.equal(await response.text(), "targets:\n  - '<script>'\n");
});
