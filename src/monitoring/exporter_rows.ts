import {
  type Panel,
  type Row,
  stat,
  table,
  type Threshold,
  timeseries,
} from "./dashboard_panel.ts";
import { chosen, OF } from "./dashboard_variables.ts";
import type { ScanClass } from "./scan_classes.ts";
import { agesAsShares } from "./scan_rows.ts";

const RED_ABOVE_0: readonly Threshold[] = [
  { color: "green", value: null },
  { color: "red", value: 1 },
];
const OK_OR_NOT = {
  "1": { text: "yes", color: "green" },
  "0": { text: "no", color: "red" },
};

/** The answers at a glance: one row of numbers. */
export function glanceRow(classes: readonly ScanClass[]): Row {
  const number = (title: string, description: string, expr: string): Panel =>
    stat({ title, description, queries: [{ expr }], width: 3, height: 4, sparkline: true });
  const bad = (title: string, description: string, expr: string): Panel =>
    stat({
      title,
      description,
      queries: [{ expr, instant: true }],
      width: 3,
      height: 4,
      thresholds: RED_ABOVE_0,
    });
  const changes = (type: string) =>
    `round(sum(increase(${
      chosen("port_state_changes_total", "target", { matchers: `change_type="${type}"` })
    }[$__range]))) or vector(0)`;
  const total = chosen("open_ports_total", "ip");
  return {
    title: "At a glance",
    panels: [
      number("Open ports", "On all chosen addresses.", `sum(${total}) or vector(0)`),
      number("Hosts", "With at least one open port.", `count(${total} > 0) or vector(0)`),
      stat({
        title: "Opened",
        description: "Ports that opened in the time that is shown.",
        queries: [{ expr: changes("closed_to_open"), instant: true }],
        width: 3,
        height: 4,
      }),
      stat({
        title: "Closed",
        description: "Ports that closed in the time that is shown.",
        queries: [{ expr: changes("open_to_closed"), instant: true }],
        width: 3,
        height: 4,
      }),
      bad(
        "Policy deviations",
        "Unexpected open ports and missing expected ports; 0 where there is no policy.",
        `sum(openport_policy_violations{${OF}}) or vector(0)`,
      ),
      bad(
        "Failed scans",
        "Failed and partial ones in the time that is shown.",
        `round(sum(increase(${chosen("scans_failed_total", "target")}[$__range]))) or vector(0)`,
      ),
      stat({
        title: "Oldest data",
        description:
          "Age of the last complete scan, as a share of the age at which the alert fires: " +
          "the worst of all.",
        queries: [{ expr: `max(\n${agesAsShares(classes)}\n)`, instant: true }],
        width: 3,
        height: 4,
        unit: "percentunit",
        thresholds: RED_ABOVE_0,
      }),
      stat({
        title: "Exporter is up",
        description: "Whether Prometheus could scrape it; of several, the worst.",
        queries: [{
          expr: `min(up{${OF}} and on (job, instance) ` +
            `last_over_time(openport_task_queue_capacity{${OF}}[1d])) or vector(0)`,
          instant: true,
        }],
        width: 3,
        height: 4,
        texts: OK_OR_NOT,
      }),
    ],
  };
}

/** How the exporter itself does. */
export function exporterRow(): Row {
  const byInstance = (title: string, description: string, options: {
    readonly expr: string;
    readonly unit: "bytes" | "percentunit" | "s" | "short";
  }): Panel =>
    timeseries({
      title,
      description,
      queries: [{ expr: `max by (instance) (${options.expr})`, legend: "{{instance}}" }],
      width: 6,
      height: 7,
      unit: options.unit,
    });
  return {
    title: "Exporter",
    panels: [
      byInstance("Memory", "Resident, without nmap.", {
        expr: `process_resident_memory_bytes{${OF}} and on (job, instance) ` +
          `openport_task_queue_capacity{${OF}}`,
        unit: "bytes",
      }),
      byInstance("CPU", "Of one core, without nmap.", {
        expr: `rate(process_cpu_seconds_total{${OF}}[$__rate_interval]) and on (job, instance) ` +
          `openport_task_queue_capacity{${OF}}`,
        unit: "percentunit",
      }),
      byInstance("Scrape duration", "As Prometheus saw it.", {
        expr: `scrape_duration_seconds{${OF}} and on (job, instance) ` +
          `openport_task_queue_capacity{${OF}}`,
        unit: "s",
      }),
      timeseries({
        title: "Series",
        description: "Samples of a scrape, and ports that have no series because of a limit.",
        queries: [
          {
            expr: `max by (instance) (scrape_samples_scraped{${OF}} and on (job, instance) ` +
              `openport_task_queue_capacity{${OF}})`,
            legend: "samples {{instance}}",
          },
          {
            expr: `max by (instance) (openport_port_series_dropped{${OF}})`,
            legend: "dropped {{instance}}",
          },
        ],
        width: 6,
        height: 7,
      }),
      timeseries({
        title: "HTTP requests",
        description: "Answered in a second, by path and status code.",
        queries: [{
          expr:
            `sum by (route, code) (rate(openport_http_requests_total{${OF}}[$__rate_interval]))`,
          legend: "{{route}} {{code}}",
        }],
        width: 12,
        height: 7,
        unit: "reqps",
      }),
      table({
        title: "Versions",
        description: "Of the exporter, its runtime and nmap; without nmap the last two are empty.",
        queries: [{
          expr: `label_replace(openport_nmap_info{${OF}}, "nmap", "$1", "version", "(.*)") * ` +
            `on (job, instance) group_right (nmap, scan_technique) openport_exporter_build_info{${OF}} ` +
            `or openport_exporter_build_info{${OF}} unless on (job, instance) openport_nmap_info`,
        }],
        columns: {
          instance: "Exporter",
          version: "Version",
          revision: "Revision",
          runtime: "Runtime",
          nmap: "nmap",
          scan_technique: "Technique",
        },
        width: 12,
        height: 7,
      }),
      ...stateStats(),
    ],
  };
}

function stateStats(): Panel[] {
  const one = { width: 4, height: 4 } as const;
  return [
    stat({
      title: "Running for",
      description: "Since the start of the exporter; of several, the youngest.",
      queries: [{
        expr: `min(time() - process_start_time_seconds{${OF}} and on (job, instance) ` +
          `openport_task_queue_capacity{${OF}})`,
        instant: true,
      }],
      ...one,
      unit: "s",
    }),
    stat({
      title: "Configuration accepted",
      description:
        "Whether the configuration, and what goes with it, could be used when last read.",
      queries: [{ expr: `min(openport_config_last_reload_successful{${OF}})`, instant: true }],
      ...one,
      texts: OK_OR_NOT,
    }),
    stat({
      title: "Configuration read",
      description: "Time since the configuration in use was read.",
      queries: [{
        expr: `min(time() - openport_config_last_reload_success_timestamp_seconds{${OF}})`,
        instant: true,
      }],
      ...one,
      unit: "s",
    }),
    stat({
      title: "Lists failing",
      description: "Lists of targets that could not be used the last time.",
      queries: [{ expr: `sum(openport_target_lists_failing{${OF}})`, instant: true }],
      ...one,
      thresholds: RED_ABOVE_0,
    }),
    stat({
      title: "Names unresolved",
      description: "Host names that did not resolve the last time.",
      queries: [{ expr: `sum(openport_target_names_unresolved{${OF}})`, instant: true }],
      ...one,
      thresholds: RED_ABOVE_0,
    }),
    stat({
      title: "Hosts above the limit",
      description: "Hosts with more open ports than max_open_ports_per_host.",
      queries: [{
        expr: `count(${chosen("openport_host_port_limit_exceeded", "ip")}) or vector(0)`,
        instant: true,
      }],
      ...one,
      thresholds: RED_ABOVE_0,
    }),
  ];
}
