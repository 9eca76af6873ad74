import type { Context, Handler } from "@hono/hono";
import type { Overview } from "../overview/overview.ts";
import { hashOf, readAssets } from "../pages/assets.ts";
import { hostPage } from "../pages/host_page.tsx";
import type { Frame } from "../pages/layout.tsx";
import { statusPage } from "../pages/status_page.tsx";
import { assetRoute } from "./asset_route.ts";
import { EventHub, type EventHubOptions } from "./event_hub.ts";
import { eventsRoute } from "./events_route.ts";
import { answerError, answerPage, refusingPage } from "./page_answer.ts";
import { parseHostPage, parseStatusQuery } from "./page_query.ts";
import { addressParameters } from "./parameters.ts";

/** What the pages are made from. */
export interface PageOptions {
  readonly overview: Overview;
  readonly version: string;
  /** Path of the exposition. */
  readonly telemetryPath: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** A page that could not be renewed while it was open. */
  readonly onProblem: (error: unknown) => void;
  /** Limits of the events, other than usual. */
  readonly events?: Omit<EventHubOptions, "now" | "build" | "onProblem">;
}

/** A row for the table of routes. */
export interface PageRoute {
  readonly path: string;
  readonly methods: readonly string[];
  readonly handler: Handler;
}

/** The pages for people, and what keeps them live. */
export interface Pages {
  readonly routes: readonly PageRoute[];
  /** Has open pages ask again who they are for. */
  renew(): void;
  /** Ends what keeps pages live, so that the listener can end; the pages themselves go on. */
  close(): void;
}

/**
 * Makes the pages.
 *
 * @throws when a file that they refer to cannot be read.
 */
export function createPages({ overview, version, telemetryPath, ...options }: PageOptions): Pages {
  const { now, onProblem } = options;
  const assets = readAssets();
  const frame: Frame = {
    version,
    telemetryPath,
    assetHref: (name) => `/assets/${name}?v=${assets.get(name)?.hash}`,
    build: hashOf([version, ...[...assets.values()].map(({ hash }) => hash)].join(" ")),
  };
  const hub = new EventHub({ ...options.events, now, onProblem, build: frame.build });
  const showStatus = (c: Context) => {
    const query = parseStatusQuery(addressParameters(c));
    return answerPage(c, statusPage(frame, { overview, query, now: now() }));
  };
  const showHost = (c: Context) => {
    const ip = parseHostPage(c.req.param("ip") ?? "", addressParameters(c));
    const host = overview.host(ip);
    return host === undefined
      ? answerError(c, 404, { frame, now, message: `Nothing is known of ${ip}` })
      : answerPage(c, hostPage(frame, { host, now: now() }));
  };
  const get = (path: string, handler: Handler) => ({ path, methods: ["GET"], handler });
  return {
    routes: [
      get("/", refusingPage(showStatus, { frame, now })),
      get("/hosts/:ip", refusingPage(showHost, { frame, now })),
      get("/events", eventsRoute({ overview, hub })),
      get("/assets/:name", assetRoute(assets)),
    ],
    renew: () => hub.renew(),
    close: () => hub.close(),
  };
}
