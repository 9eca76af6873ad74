import { CollectedFamily } from "../prometheus/collected.ts";
import { Gauge } from "../prometheus/gauge.ts";
import type { Metric } from "../prometheus/metric.ts";

/** What the runtime tells about this process. */
export interface ProcessFacts {
  /** Resident memory in bytes. */
  readonly residentMemory: () => number;
  /** User and system CPU time in seconds. */
  readonly cpuSeconds: () => number;
  /** Unix seconds. */
  readonly startTime: number;
}

/** The `process_*` families that need no access to `/proc`. */
export function processMetrics(facts: ProcessFacts): Metric[] {
  return [
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Resident memory size in bytes.",
      collect: facts.residentMemory,
    }),
    new CollectedFamily({
      name: "process_cpu_seconds_total",
      help: "Total user and system CPU time spent in seconds, nmap not included.",
      type: "counter",
      collect: () => [[[], facts.cpuSeconds()]],
    }),
    new Gauge({
      name: "process_start_time_seconds",
      help: "Start time of the process since unix epoch in seconds.",
      collect: () => facts.startTime,
    }),
  ];
}
