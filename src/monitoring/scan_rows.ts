import { barGauge, type Row, table, timeseries } from "./dashboard_panel.ts";
import { chosen, OF } from "./dashboard_variables.ts";
import type { ScanClass } from "./scan_classes.ts";

/** Most lines of a panel with a line for each scan, and most rows of a table. */
const TOP = 20;
const TOP_ROWS = 1000;

const LAST = "last_scan_timestamp_seconds";
const SCAN_COLUMNS = { target: "Target", port_range: "Ports", protocol: "Protocol" };
const BY_SCAN = "by (target, port_range, protocol)";
const SCAN_LEGEND = "{{target}} {{protocol}} {{port_range}}";

/** Ages of the last complete scans, each as a share of what its interval allows before the alert. */
export function agesAsShares(classes: readonly ScanClass[]): string {
  const shares = classes.flatMap(({ staleAfter, selections }) =>
    selections.map(({ matchers }) =>
      `(time() - ${chosen(LAST, "target", { matchers })}) / ${staleAfter}`
    )
  );
  return shares.length === 0 ? `0 * ${chosen(LAST, "target")}` : shares.join("\nor\n");
}

/** How old the data are. */
export function freshnessRow(classes: readonly ScanClass[]): Row {
  return {
    title: "Freshness",
    panels: [
      barGauge({
        title: "Age, of what is allowed",
        description: "Age of the last complete scan, as a share of the age at which the alert " +
          `OpenportScanStale fires: two intervals and some slack. The ${TOP} worst.`,
        queries: [{
          expr: `sort_desc(topk(${TOP}, max ${BY_SCAN} (\n${agesAsShares(classes)}\n)))`,
          legend: SCAN_LEGEND,
          instant: true,
        }],
        width: 8,
        height: 9,
        unit: "percentunit",
        max: 1.2,
        thresholds: [
          { color: "green", value: null },
          { color: "orange", value: 0.7 },
          { color: "red", value: 1 },
        ],
      }),
      timeseries({
        title: "Age of the last complete scan",
        description: `The ${TOP} oldest at the end of the time that is shown.`,
        queries: [{
          // Not the oldest of each moment, which are all of them, one after the other.
          expr: `max ${BY_SCAN} (time() - ${chosen(LAST, "target")})\n` +
            `and bottomk(${TOP}, max ${BY_SCAN} (${chosen(LAST, "target")} @ end()))`,
          legend: SCAN_LEGEND,
        }],
        width: 8,
        height: 9,
        unit: "s",
      }),
      table({
        title: "Last complete scan",
        description: `Of each scan, the oldest first, ${TOP_ROWS} at most.`,
        queries: [{
          expr: `topk(${TOP_ROWS}, max ${BY_SCAN} (time() - ${chosen(LAST, "target")}))`,
        }],
        columns: SCAN_COLUMNS,
        value: "Age",
        sortBy: "Age",
        width: 8,
        height: 9,
        unit: "s",
      }),
    ],
  };
}

/** How scans end, and how long they take where that is exported. */
export function scanRow({ durationMetrics }: { readonly durationMetrics: boolean }): Row {
  const counter = (name: string, by = "") =>
    `sum${by} (increase(${chosen(name, "target")}[$__rate_interval]))`;
  const failed = chosen("scans_failed_total", "target");
  const width = durationMetrics ? 8 : 12;
  return {
    title: "Scans",
    panels: [
      timeseries({
        title: "Scans by outcome",
        description:
          "Complete ones, failed and partial ones by their reason, partial ones once more, " +
          "timeouts once more, and turns that were lost because a scan was not over yet.",
        queries: [
          { expr: counter("scans_successful_total"), legend: "complete" },
          { expr: counter("scans_failed_total", " by (error_type)"), legend: "{{error_type}}" },
          { expr: counter("openport_scans_partial_total"), legend: "partial" },
          { expr: counter("nmap_scan_timeouts_total"), legend: "timed out" },
          { expr: counter("openport_scans_skipped_total"), legend: "skipped turns" },
        ],
        width,
        height: 9,
        bars: true,
      }),
      ...(durationMetrics ? durationPanels() : []),
      table({
        title: "Scans that failed",
        description:
          "Failed and partial scans in the time that is shown, by their reason. Empty is good.",
        queries: [{
          // What failed for the first time has no count at the beginning.
          expr:
            `topk(${TOP_ROWS}, sum by (target, port_range, protocol, error_type) (${failed} - ` +
            `(${failed} offset $__range or ${failed} * 0)) > 0)`,
        }],
        columns: { ...SCAN_COLUMNS, error_type: "Reason" },
        value: "Times",
        sortBy: "Times",
        width: 12,
        height: 8,
      }),
      timeseries({
        title: "Hosts",
        description:
          "Of the last scans: addresses that nmap called up and not up (with -Pn it calls " +
          "every address of a routed network up), that ran into host_timeout, and of which nothing was " +
          "learnt. All targets added up.",
        queries: [
          { expr: `sum(${chosen("nmap_host_up_count", "target")})`, legend: "up" },
          { expr: `sum(${chosen("nmap_host_down_count", "target")})`, legend: "down" },
          { expr: `sum(${chosen("openport_hosts_timed_out", "target")})`, legend: "timed out" },
          { expr: `sum(${chosen("openport_hosts_incomplete", "target")})`, legend: "incomplete" },
        ],
        width: 12,
        height: 8,
      }),
    ],
  };
}

function durationPanels() {
  const last = chosen("scan_duration_seconds", "target");
  const buckets = chosen("scan_duration_histogram_seconds_bucket", "target");
  return [
    timeseries({
      title: "Duration of the last scan",
      description:
        `Of complete scans, the ${TOP} that took longest at the end of the time that is shown.`,
      queries: [{
        expr: `max ${BY_SCAN} (${last})\nand topk(${TOP}, max ${BY_SCAN} (${last} @ end()))`,
        legend: SCAN_LEGEND,
      }],
      width: 8,
      height: 9,
      unit: "s",
    }),
    barGauge({
      title: "Durations, 95 of 100 below",
      description:
        "Of the complete scans in the time that is shown, by target, read off a histogram " +
        `with broad buckets. The ${TOP} longest.`,
      queries: [{
        expr: `sort_desc(topk(${TOP}, histogram_quantile(0.95, ` +
          `sum by (le, target) (increase(${buckets}[$__range]))) >= 0))`,
        legend: "{{target}}",
        instant: true,
      }],
      width: 8,
      height: 9,
      unit: "s",
    }),
  ];
}

/** What waits, and who works. */
export function queueRow(): Row {
  return {
    title: "Queue and workers",
    panels: [
      timeseries({
        title: "Queue",
        description:
          "Scans that wait, and how many can. The schedule fills three quarters; the rest is " +
          "for requests.",
        queries: [
          { expr: `sum by (instance) (task_queue_size{${OF}})`, legend: "waiting {{instance}}" },
          {
            expr: `sum by (instance) (openport_task_queue_capacity{${OF}})`,
            legend: "capacity {{instance}}",
          },
        ],
        width: 8,
        height: 8,
      }),
      timeseries({
        title: "Workers",
        description: "A busy one runs an nmap process.",
        queries: [{ expr: `sum by (state) (openport_workers{${OF}})`, legend: "{{state}}" }],
        width: 8,
        height: 8,
        stacked: true,
      }),
      timeseries({
        title: "Schedule lag",
        description: "By how much the most overdue scan that is not even queued is late.",
        queries: [{
          expr: `max by (instance) (openport_schedule_lag_seconds{${OF}})`,
          legend: "{{instance}}",
        }],
        width: 8,
        height: 8,
        unit: "s",
      }),
    ],
  };
}
