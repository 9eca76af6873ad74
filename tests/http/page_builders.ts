import { Hono } from "@hono/hono";
import { createPages, type PageOptions } from "../../src/http/page_routes.ts";
import { FakeOverview } from "../support/fake_overview.ts";

/** When the pages of the tests are made. */
export const NOW = Date.UTC(2026, 0, 31, 12);

/** The pages alone, as an app that can be asked without a socket. */
export function makePages(overrides: Partial<PageOptions> = {}) {
  const problems: unknown[] = [];
  const overview = new FakeOverview();
  const pages = createPages({
    overview,
    version: "1.2.3",
    telemetryPath: "/metrics",
    now: () => NOW,
    onProblem: (error) => problems.push(error),
    ...overrides,
  });
  const app = new Hono();
  for (const { path, handler } of pages.routes) app.get(path, handler);
  return { overview, app, problems, close: () => pages.close() };
}
