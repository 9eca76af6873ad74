import assert from "node:assert/strict";
import type { Access } from "../../src/http/access.ts";
import type { ConnectionInfo } from "../../src/http/connection.ts";
import { RateLimiter } from "../../src/http/rate_limiter.ts";
import { createPages } from "../../src/http/page_routes.ts";
import { FakeOverview } from "../support/fake_overview.ts";
import type { QueryResult } from "../../src/requests/scan_requests.ts";
import { createRoutes, type RouteDeps } from "../../src/http/routes.ts";
import type { RequestPolicy } from "../../src/http/request_policy.ts";
import type { ScanQuery } from "../../src/http/scan_query.ts";
import { parseNetwork } from "../../src/domain/network.ts";
import { NetworkSet } from "../../src/domain/network_set.ts";
import { createLogger } from "../../src/log/logger.ts";
import { httpRequestCounter } from "../../src/metrics/exporter_metrics.ts";
import { configAccess } from "../../src/web/access.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { expositionOf, pageText } from "../support/page_text.ts";

/** A user of Basic authentication. */
export interface TestUser {
  readonly username: string;
  readonly password: string;
}

/** The user of the tests that need one. */
export const AUTH: TestUser = { username: "ömer", password: "sésame öffne 漢" };

/** The header `Authorization` of a user and password. */
export function basic(username: string, password: string): string {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

/** A set of networks from their texts. */
export function networks(...texts: readonly string[]): NetworkSet {
  return NetworkSet.of(texts.map((text) => parseNetwork(text).network));
}

/** A policy that allows what is not set. */
export function makePolicy(overrides: Partial<RequestPolicy> = {}): RequestPolicy {
  return {
    allowedNetworks: NetworkSet.EMPTY,
    clientNetworks: NetworkSet.EMPTY,
    trustedProxies: NetworkSet.EMPTY,
    exclude: NetworkSet.EMPTY,
    maxProbes: 2 ** 40,
    ...overrides,
  };
}

/** Routes without a program behind them. */
export interface TestRoutes {
  /** Asks without a socket; `from` is the address of the client, unknown when it is left out. */
  readonly ask: (path: string, init?: RequestInit & { from?: string }) => Promise<Response>;
  /** Every scan that was asked for. */
  readonly asked: ScanQuery[];
  /** Every log line. */
  readonly log: string[];
  /** Samples of the request counter that are not 0. */
  readonly counted: () => string[];
  /** Changes who may ask. */
  readonly setAuth: (auth: TestUser | undefined) => void;
  readonly fetch: (request: Request, info?: ConnectionInfo) => Response | Promise<Response>;
}

/** What the tests set; the rest works, without authentication and without a rate limit. */
export type TestRouteOptions = Partial<Omit<RouteDeps, "requestScan">> & {
  readonly auth?: TestUser | undefined;
  readonly result?: QueryResult;
};

/** Makes routes that remember what they were asked. */
export function makeRoutes({ result, auth, ...overrides }: TestRouteOptions = {}): TestRoutes {
  const asked: ScanQuery[] = [];
  const log: string[] = [];
  const requests = httpRequestCounter();
  const registry = new Registry();
  registry.register(requests);
  const routes = createRoutes({
    version: "1.2.3",
    telemetryPath: "/metrics",
    access: () => accessOf(auth),
    openExposition: (format, encoding) => expositionOf(`page in ${format}\n`, encoding),
    health: () => ({
      status: "ok",
      reasons: [],
      queueSize: 2,
      queueCapacity: 10,
      workersBusy: 1,
      workers: 4,
    }),
    notReady: () => undefined,
    effectiveConfig: () => "server:\n  port: 9919\n",
    reload: () => Promise.resolve({ ok: true }),
    hosts: () => ({ hosts: [], next: undefined }),
    host: () => undefined,
    changes: () => [],
    openPorts: () => [],
    tasks: {
      submit: () => ({ status: "closing" }),
      get: () => undefined,
      list: () => [],
      cancel: () => ({ status: "unknown" }),
    },
    pages: createPages({
      overview: new FakeOverview(),
      version: "1.2.3",
      telemetryPath: overrides.telemetryPath ?? "/metrics",
      now: () => 0,
      onProblem: (error) => log.push(String(error)),
    }).routes,
    apiSecurity: () => auth === undefined ? [] : ["basic"],
    requestScan: (query) => {
      asked.push(query);
      return result ?? { status: "skipped", active: 1 };
    },
    policy: () => makePolicy(),
    rateLimiter: new RateLimiter({ perMinute: 0, now: () => 0 }),
    requests,
    log: createLogger({
      level: "debug",
      format: "logfmt",
      write: (line) => log.push(line),
      date: () => new Date(0),
    }),
    ...overrides,
  });
  return {
    ask: async (path, { from, ...init } = {}) =>
      await routes.request(
        path,
        init,
        from === undefined ? {} : { remoteAddr: { hostname: from } },
      ),
    asked,
    log,
    counted: () =>
      pageText(registry).split("\n").filter((line) => /^openport_.* [1-9]\d*$/.test(line)),
    setAuth: (changed) => {
      auth = changed;
    },
    fetch: routes.fetch,
  };
}

function accessOf(user: TestUser | undefined): Access | undefined {
  if (user === undefined) return undefined;
  const { username, password: value } = user;
  const basic = { username, password: { value, file: undefined } };
  return configAccess({ basic, bearerToken: undefined }, (secret) => secret.value);
}

/** The error in a response, which is JSON with a message and nothing that belongs into a log. */
export async function errorOf(
  response: Response,
  status: number,
): Promise<{ message: string; parameter: string | undefined; problems: string[] | undefined }> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get("Content-Type"), "application/json");
  // deno-lint-ignore no-control-regex -- a terminal may obey these
  assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f]/);
  assert.doesNotMatch(text, /\bat .*\.ts\b|node_modules|file:/);
  const body = JSON.parse(text);
  assert.equal(body.status, "error");
  assert.ok(typeof body.message === "string" && body.message.length > 10, text);
  const { parameter, problems } = body.details ?? {};
  return { message: body.message, parameter, problems };
}
