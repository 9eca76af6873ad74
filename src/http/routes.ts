import { type Context, type Handler, Hono } from "@hono/hono";
import { HTTPException } from "@hono/hono/http-exception";
import type { Access } from "./access.ts";
import type { Logger } from "../log/logger.ts";
import type { Counter } from "../prometheus/counter.ts";
import type { ConnectionEnv } from "./connection.ts";
import { accessControl, headLimit, readBody, sameSiteOnly } from "./guards.ts";
import { type Health, healthBody } from "./health.ts";
import type { ApiOptions } from "./api_operations.ts";
import { apiRoutes } from "./api_routes.ts";
import { jsonError } from "./json_error.ts";
import { metricsRoute, type MetricsRouteOptions } from "./metrics_route.ts";
import type { PageRoute } from "./page_routes.ts";
import { queryRoute, type QueryRouteOptions } from "./query_route.ts";
import { reloadRoute, type ReloadRouteOptions } from "./reload_route.ts";
import { clientNetworks } from "./request_policy.ts";
import { routeLabels } from "./route_labels.ts";

/** What the routes need from the rest of the program. */
export interface RouteDeps
  extends MetricsRouteOptions, QueryRouteOptions, ReloadRouteOptions, ApiOptions {
  readonly telemetryPath: string;
  /** The pages for people, and what belongs to them. */
  readonly pages: readonly PageRoute[];
  /** Who may ask, now; undefined makes everything public. */
  readonly access: () => Access | undefined;
  readonly health: () => Health;
  /** The configuration in use, as YAML without secrets. */
  readonly effectiveConfig: () => string;
  /** Why the program is not ready; undefined when it is. */
  readonly notReady: () => string | undefined;
  readonly requests: Counter<"route" | "method" | "code">;
  readonly log: Logger;
}

/** Paths that monitoring may ask without a password. */
const OPEN_PATHS = new Set(["/healthz", "/-/healthy", "/-/ready"]);
/** Paths of requests that start or end something, or hold one of few places. */
const NOT_FOR_OTHER_SITES = [
  "/query",
  "/-/reload",
  "/v1/tasks/scan",
  "/v1/tasks/:id/cancel",
  "/events",
];
/** Methods that the request counter tells apart, so that a client cannot make series. */
const KNOWN_METHODS = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);

/**
 * The whole HTTP interface as one app that can be asked without a socket. A listener gives `fetch`
 * what it knows of the connection, as its second argument.
 */
export function createRoutes(deps: RouteDeps): Hono<ConnectionEnv> {
  const table: readonly { path: string; methods: readonly string[]; handler: Handler }[] = [
    { path: deps.telemetryPath, methods: ["GET"], handler: metricsRoute(deps) },
    { path: "/query", methods: ["GET", "POST"], handler: queryRoute(deps) },
    { path: "/healthz", methods: ["GET"], handler: healthRoute(deps.health) },
    {
      path: "/-/healthy",
      methods: ["GET"],
      handler: (c) => c.text("openport-exporter is healthy.\n"),
    },
    { path: "/-/ready", methods: ["GET"], handler: readyRoute(deps.notReady) },
    { path: "/-/reload", methods: ["POST", "PUT"], handler: reloadRoute(deps) },
    { path: "/config", methods: ["GET"], handler: configRoute(deps.effectiveConfig) },
    ...apiRoutes(deps),
    ...deps.pages,
  ];
  const labelOf = routeLabels(table.map(({ path }) => path));
  // Present from the first scrape on, so that increase() sees the first request.
  for (const { path, methods: [method = "GET"] } of table) {
    deps.requests.init({ route: labelOf(path), method, code: "200" });
  }

  const app = new Hono<ConnectionEnv>();
  app.use(async function countRequests(c, next) {
    await next();
    const route = labelOf(c.req.path);
    const method = KNOWN_METHODS.has(c.req.method) ? c.req.method : "other";
    deps.requests.inc({ route, method, code: String(c.res.status) });
  });
  app.use(headLimit, accessControl({ ...deps, open: OPEN_PATHS }), readBody);
  for (const path of NOT_FOR_OTHER_SITES) app.use(path, sameSiteOnly);
  for (const path of ["/query", "/v1/tasks/*"]) app.use(path, clientNetworks(deps.policy));
  for (const { path, methods, handler } of table) {
    // HEAD is GET without a body, but what starts something is not asked for by HEAD.
    const allowed = methods.includes("POST") ? methods : [...methods, "HEAD"];
    app.all(
      path,
      (c, next) => allowed.includes(c.req.method) ? handler(c, next) : notAllowed(c, allowed),
    );
  }
  app.notFound((c) => jsonError(c, 404, { message: "There is nothing at this path" }));
  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    deps.log.error("Request failed", { route: c.req.path.slice(0, 200), error: String(error) });
    return jsonError(c, 500, { message: "The request failed; the log says why" });
  });
  return app;
}

function notAllowed(c: Context, allowed: readonly string[]): Response {
  c.header("Allow", allowed.join(", "));
  return jsonError(c, 405, { message: `Method not allowed: use ${allowed.join(" or ")}` });
}

function healthRoute(health: () => Health) {
  return function healthz(c: Context): Response {
    const report = health();
    return c.json(healthBody(report), report.status === "shutting down" ? 503 : 200);
  };
}

function readyRoute(notReady: () => string | undefined) {
  return function ready(c: Context): Response {
    const reason = notReady();
    return reason === undefined
      ? c.text("openport-exporter is ready.\n")
      : jsonError(c, 503, { message: `openport-exporter is not ready: ${reason}` });
  };
}

function configRoute(effectiveConfig: () => string) {
  return function config(c: Context): Response {
    c.header("Content-Type", "text/yaml; charset=utf-8");
    c.header("X-Content-Type-Options", "nosniff");
    return c.body(effectiveConfig());
  };
}
