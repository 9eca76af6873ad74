import assert from "node:assert/strict";
import * as z from "zod";
import { apiOperations } from "../../src/http/api_operations.ts";
import { openapiDocument } from "../../src/http/openapi.ts";
import { createRoutes, type RouteDeps } from "../../src/http/routes.ts";
import { httpRequestCounter } from "../../src/metrics/exporter_metrics.ts";
import { assertValid, resolve, type Schema } from "../support/json_schema.ts";
import { AUTH, basic, errorOf, makeRoutes } from "./builders.ts";

/** The parts of a document that the tests look at. */
interface Document extends Schema {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly security?: readonly Schema[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Schema; readonly securitySchemes?: Schema };
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; required: boolean; schema: Schema }[];
  readonly requestBody?: { readonly content: { "application/json": { schema: Schema } } };
  readonly responses: Readonly<Record<string, Schema>>;
}

async function documentOf(routes = makeRoutes()): Promise<Document> {
  const headers = { Authorization: basic(AUTH.username, AUTH.password) };
  const response = await routes.ask("/v1/openapi.json", { headers });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Content-Type"), "application/json");
  return await response.json();
}

/** Every operation as `GET /path`. */
function operationsOf({ paths }: Document): [name: string, operation: Operation][] {
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]): [string, Operation] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ])
  );
}

/** Calls `look` with everything in a document. */
function walk(value: unknown, look: (part: Schema) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) look(value as Schema);
  for (const part of Object.values(value)) walk(part, look);
}

Deno.test("the document describes every route under /v1, and no other", async () => {
  const document = await documentOf();
  // What is asked for now is of no interest.
  const deps = { requests: httpRequestCounter(), telemetryPath: "/metrics", pages: [] };
  const { routes } = createRoutes(deps as unknown as RouteDeps);
  const paths = new Set(
    routes.filter(({ path }) => path.startsWith("/v1") && !path.endsWith("*"))
      .map(({ path }) => path.replace(/:(\w+)/g, "{$1}")),
  );
  assert.deepEqual(Object.keys(document.paths).sort(), [...paths].sort());
  const { ask } = makeRoutes();
  for (const [path, item] of Object.entries(document.paths)) {
    const response = await ask(path.replace(/\{\w+\}/g, "x"), { method: "PROPFIND" });
    const allowed = response.headers.get("Allow")!.split(", ").filter((name) => name !== "HEAD");
    assert.deepEqual(Object.keys(item).map((name) => name.toUpperCase()), allowed, path);
    await errorOf(response, 405);
  }
});

Deno.test("the document holds together", async () => {
  const document = await documentOf();
  assert.match(document.openapi, /^3\.1\.\d+$/);
  assert.equal(document.info.version, "1.2.3");
  const ids = operationsOf(document).map(([, { operationId }]) => operationId);
  assert.equal(new Set(ids).size, ids.length);
  const used = new Set<string>();
  walk(document, ({ $ref }) => {
    if (typeof $ref !== "string") return;
    resolve($ref, document);
    used.add($ref.split("/").at(-1)!);
  });
  assert.deepEqual(Object.keys(document.components.schemas).sort(), [...used].sort());
  for (const [name, { parameters = [], responses }] of operationsOf(document)) {
    const inPath = [...name.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter);
    const described = parameters.filter((parameter) => parameter.in === "path");
    assert.deepEqual(described.map((parameter) => parameter.name), inPath, name);
    assert.ok(described.every(({ required }) => required), name);
    assert.ok("200" in responses && "400" in responses && "default" in responses, name);
  }
});

Deno.test("the document names the parameters that are allowed, with what is", async () => {
  const document = await documentOf();
  const { ask } = makeRoutes();
  for (const [name, { parameters = [] }] of operationsOf(document)) {
    const [method, path] = name.split(" ") as [string, string];
    const query = parameters.filter((parameter) => parameter.in === "query");
    const url = path.replace("{ip}", "127.0.0.1").replace("{id}", "x");
    const { message } = await errorOf(await ask(`${url}?unheard-of=1`, { method }), 400);
    const list = query.length === 0
      ? "none is allowed here"
      : `allowed are ${query.map((parameter) => parameter.name).join(", ")}`;
    assert.equal(message, `unheard-of: Cannot use this parameter: ${list}`, name);
    for (const { schema, ...parameter } of query) {
      const { minimum, maximum, enum: words, examples = [] } = schema as {
        minimum?: number;
        maximum?: number;
        enum?: unknown[];
        examples?: unknown[];
      };
      const status = async (value: unknown) =>
        (await ask(`${url}?${parameter.name}=${encodeURIComponent(String(value))}`)).status;
      for (const value of [minimum, maximum, ...words ?? [], ...examples]) {
        if (value !== undefined) assert.equal(await status(value), 200, `${name} ${value}`);
      }
      if (minimum !== undefined) assert.equal(await status(minimum - 1), 400);
      if (maximum !== undefined) assert.equal(await status(maximum + 1), 400);
      if (words !== undefined) assert.equal(await status("unheard-of"), 400);
    }
  }
});

Deno.test("the document takes the bodies that are taken", async () => {
  const document = await documentOf();
  const schema = resolve("#/components/schemas/ScanTask", document);
  const { ask } = makeRoutes();
  const f = async (body: Record<string, unknown>, isTaken: boolean) => {
    const check = () => assertValid(body, schema, { document });
    if (isTaken) check();
    else assert.throws(check);
    const response = await ask("/v1/tasks/scan", { method: "POST", body: JSON.stringify(body) });
    // The task manager behind these routes is shutting down.
    await errorOf(response, isTaken ? 503 : 400);
  };
  const least = { targets: ["127.0.0.1"], ports: "22" };
  await f(least, true);
  for (const protocol of ["tcp", "udp", "both"]) await f({ ...least, protocol }, true);
  for (const priority of ["high", "normal", "low"]) await f({ ...least, priority }, true);
  for (const timeout of ["30m", 90]) await f({ ...least, timeout }, true);
  for (const retries of [0, 10]) await f({ ...least, retries, dedupe_key: "k" }, true);
  await f({ ...least, ports: 22 }, true);
  await f({ ports: "22" }, false);
  await f({ targets: ["127.0.0.1"] }, false);
  await f({ ...least, targets: [] }, false);
  await f({ ...least, targets: "127.0.0.1" }, false);
  await f({ ...least, targets: [1] }, false);
  await f({ ...least, ports: true }, false);
  await f({ ...least, protocol: "sctp" }, false);
  await f({ ...least, priority: 1 }, false);
  await f({ ...least, retries: 11 }, false);
  await f({ ...least, retries: "1" }, false);
  await f({ ...least, dedupe_key: "k".repeat(201) }, false);
  await f({ ...least, module: "x" }, false);
});

Deno.test("the document says who may ask only where somebody is asked", async () => {
  const open = await documentOf();
  assert.ok(!("security" in open) && !("securitySchemes" in open.components));
  assert.ok(operationsOf(open).every(([, { responses }]) => !("401" in responses)));
  const closed = await documentOf(makeRoutes({ auth: AUTH }));
  assert.deepEqual(closed.security, [{ basic: [] }]);
  assert.deepEqual(closed.components.securitySchemes, { basic: { type: "http", scheme: "basic" } });
  assert.ok(operationsOf(closed).every(([, { responses }]) => "401" in responses));
  const both = openapiDocument([], { version: "1", security: ["basic", "bearer"] }) as Document;
  assert.deepEqual(both.security, [{ basic: [] }, { bearer: [] }]);
});

Deno.test("openapiDocument() describes the very schemas that requests are checked with", () => {
  const operations = apiOperations({} as never);
  const checked = operations.flatMap(({ pathParameters, parameters, body }) =>
    [pathParameters, parameters, body?.schema].filter((schema) => schema !== undefined)
  );
  // One that is strict refuses what it does not describe.
  for (const schema of checked) {
    assert.ok(!schema.safeParse({ unheard_of: 1 }).success);
    assert.equal(z.toJSONSchema(schema, { io: "input" }).additionalProperties, false);
  }
  assert.ok(checked.length > 5);
});
