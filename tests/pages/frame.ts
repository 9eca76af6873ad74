import type { Frame } from "../../src/pages/layout.tsx";
import type { StatusQuery } from "../../src/pages/status_query.ts";

/** When the pages of the tests are made. */
export const NOW = Date.UTC(2026, 0, 31, 12);

/** What all pages of the tests have in common. */
export const FRAME: Frame = {
  version: "1.2.3",
  telemetryPath: "/my/metrics",
  assetHref: (name) => `/assets/${name}?v=1`,
  build: "b1",
};

/** A query of the status page in which all is shown from the beginning, but for `wanted`. */
export function statusQuery(wanted: Partial<StatusQuery> = {}): StatusQuery {
  const all = { search: "", page: 1 };
  return { violations: all, hosts: all, targets: all, ...wanted };
}
