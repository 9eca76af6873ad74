import { CollectedFamily } from "../prometheus/collected.ts";
import { Counter } from "../prometheus/counter.ts";
import { Gauge } from "../prometheus/gauge.ts";
import type { Metric } from "../prometheus/metric.ts";

/** What the program tells about itself at scrape time. */
export interface ExporterFacts {
  readonly version: string;
  readonly revision: string;
  /** `deno 2.9.6`. */
  readonly runtime: string;
  readonly queueSize: () => number;
  readonly queueCapacity: () => number;
  readonly workersBusy: () => number;
  readonly workers: () => number;
  /** Seconds. */
  readonly scheduleLag: () => number;
  /** Scan keys of requests that were let go because there were too many. */
  readonly requestedDropped: () => number;
  /** How reading the configuration last went, and when it last went well (unix seconds). */
  readonly lastReload: () => { readonly successful: boolean; readonly succeededAt: number };
  /** Undefined until nmap has answered. */
  readonly nmap: () => { readonly version: string; readonly technique: string } | undefined;
}

/** HTTP requests served, counted by route pattern. */
export function httpRequestCounter(): Counter<"route" | "method" | "code"> {
  return new Counter({
    name: "openport_http_requests_total",
    help: "HTTP requests answered, by route, method and status code.",
    labelNames: ["route", "method", "code"],
  });
}

/** The families about the exporter itself. */
export function exporterMetrics(facts: ExporterFacts): Metric[] {
  return [
    new CollectedFamily({
      name: "openport_exporter_build_info",
      help: "Version of the exporter; the value is always 1.",
      type: "gauge",
      labelNames: ["version", "revision", "runtime"] as const,
      collect: () => [[[facts.version, facts.revision, facts.runtime] as const, 1]],
    }),
    new CollectedFamily({
      name: "openport_nmap_info",
      help: "Version of nmap and the TCP scan technique in use; absent while nmap cannot be run.",
      type: "gauge",
      labelNames: ["version", "scan_technique"] as const,
      collect: function* () {
        const nmap = facts.nmap();
        if (nmap !== undefined) yield [[nmap.version, nmap.technique] as const, 1] as const;
      },
    }),
    new Gauge({ name: "task_queue_size", help: "Tasks waiting.", collect: facts.queueSize }),
    new Gauge({
      name: "openport_task_queue_capacity",
      help: "Tasks that can wait at once.",
      collect: facts.queueCapacity,
    }),
    new CollectedFamily({
      name: "openport_workers",
      help: "Workers by state; a busy one runs an nmap process.",
      type: "gauge",
      labelNames: ["state"] as const,
      collect: function* () {
        const busy = facts.workersBusy();
        yield [["busy"] as const, busy] as const;
        yield [["idle"] as const, Math.max(0, facts.workers() - busy)] as const;
      },
    }),
    new Gauge({
      name: "openport_schedule_lag_seconds",
      help: "By how much the most overdue scheduled scan that is not even queued is late.",
      collect: facts.scheduleLag,
    }),
    new Gauge({
      name: "openport_config_last_reload_successful",
      help:
        "Whether the configuration, the web configuration and files of secrets could be used when last read.",
      collect: () => Number(facts.lastReload().successful),
    }),
    new Gauge({
      name: "openport_config_last_reload_success_timestamp_seconds",
      help: "When the configuration in use was read, in unix seconds.",
      collect: () => facts.lastReload().succeededAt,
    }),
    new CollectedFamily({
      name: "openport_requested_scans_dropped_total",
      help: "Scan keys asked for by requests that left the page early because there were too many.",
      type: "counter",
      collect: () => [[[], facts.requestedDropped()]],
    }),
  ];
}
