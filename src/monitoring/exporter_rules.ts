import { type AlertRule, COUNT } from "./alert_rule.ts";
import { promDuration } from "./promql.ts";
import type { ScanClass } from "./scan_classes.ts";

/** `job_name` of the scrape configuration in deploy/. */
const JOB = "openport";
/** Seconds by which the schedule may be late, at least and at most. */
const MIN_LATE = 60;
const MAX_LATE = 3600;

/** How many restarts in what time are no maintenance any more. */
const RESTARTS = 3;
const RESTART_WINDOW = "30m";

/** Exporters that cannot be scraped: of the usual job, or seen lately under whatever job. */
const DOWN = `up{job="${JOB}"} == 0
or
up == 0 and on (job, instance) last_over_time(openport_task_queue_capacity[1d])`;

/** Alerts about the exporter itself, its queue and where its targets come from. */
export function exporterRules(classes: readonly ScanClass[]): AlertRule[] {
  return [...aliveRules(), ...queueRules(classes), ...sourceRules(), ...seriesRules()];
}

function aliveRules(): AlertRule[] {
  return [
    {
      alert: "OpenportExporterDown",
      expr: DOWN,
      for: 180,
      severity: "critical",
      summary: "The exporter {{ $labels.instance }} cannot be scraped.",
      description: "Nothing is known of open ports while it is down. Look at the targets page of " +
        "Prometheus for the error (also a wrong password or path), and at the service and its log.",
      runbook: "have-it-scraped",
    },
    {
      // It may come up often enough to be neither down nor stale.
      alert: "OpenportExporterRestarting",
      expr: `changes(process_start_time_seconds[${RESTART_WINDOW}]) >= ${RESTARTS}
and on (job, instance) last_over_time(openport_task_queue_capacity[${RESTART_WINDOW}])`,
      for: 0,
      severity: "warning",
      summary: `The exporter {{ $labels.instance }} restarted ${COUNT} times in ${RESTART_WINDOW}.`,
      description:
        "Scans that take longer than it runs are never complete. Look at the log of the " +
        "service for why it ends, and at the memory of that machine.",
      runbook: "install-it-as-a-service",
    },
    {
      alert: "OpenportExporterAbsent",
      expr: `absent(openport_task_queue_capacity)
unless on () (
${DOWN.replace(/^/gm, "  ")}
)`,
      for: 600,
      severity: "critical",
      summary: "Prometheus scrapes no openport-exporter.",
      description: "No target serves its metrics. Look whether the scrape job is still in the " +
        "configuration of Prometheus.",
      runbook: "have-it-scraped",
    },
    {
      alert: "OpenportNmapUnavailable",
      expr: "openport_task_queue_capacity unless on (job, instance) openport_nmap_info",
      for: 300,
      severity: "critical",
      summary: "The exporter {{ $labels.instance }} cannot run nmap.",
      description: "Every scan fails, and ports keep their last known state. Install nmap there; " +
        "/healthz of the exporter says what is wrong.",
      runbook: "privileges-and-permissions",
    },
  ];
}

function queueRules(classes: readonly ScanClass[]): AlertRule[] {
  const shortest = classes.reduce((least, { interval }) => Math.min(least, interval), MAX_LATE);
  const late = Math.max(MIN_LATE, shortest);
  return [
    {
      alert: "OpenportQueueFull",
      expr: "task_queue_size >= openport_task_queue_capacity",
      for: 300,
      severity: "warning",
      summary: `The queue of {{ $labels.instance }} is full: ${COUNT} scans wait.`,
      description: "Requests are refused with 503. Send fewer, or raise scanning.worker_count or " +
        "scanning.task_queue_size.",
      runbook: "endpoints",
    },
    {
      alert: "OpenportScheduleLate",
      expr: `openport_schedule_lag_seconds > ${late}`,
      for: 900,
      severity: "warning",
      summary: "Scans of {{ $labels.instance }} are {{ $value | humanizeDuration }} late.",
      description: `What is due is not even queued for more than ${promDuration(late)}: there is ` +
        "more to scan than the workers can. --config.check says what takes how long; raise intervals, " +
        "rates or scanning.worker_count, or scan fewer ports.",
      runbook: "how-often-to-scan-what",
    },
  ];
}

function sourceRules(): AlertRule[] {
  return [
    {
      alert: "OpenportConfigReloadFailed",
      expr: "openport_config_last_reload_successful == 0",
      for: 60,
      severity: "warning",
      summary: "The exporter {{ $labels.instance }} refused its new configuration.",
      description:
        "What it had before stays in use. Its log says why, and --config.check with the same " +
        "files prints every problem of the configuration and of the web configuration.",
      runbook: "reload",
    },
    {
      alert: "OpenportTargetListsFailing",
      expr: "openport_target_lists_failing > 0",
      for: 900,
      severity: "warning",
      summary: `Lists of targets of {{ $labels.instance }} that cannot be used: ${COUNT}.`,
      description:
        "What they said last stays in use. /healthz of the exporter names the file or the URL, " +
        "and what is wrong with it.",
      runbook: "names-and-lists",
    },
    {
      alert: "OpenportTargetNamesUnresolved",
      expr: "openport_target_names_unresolved > 0",
      for: 900,
      severity: "warning",
      summary: `Host names of {{ $labels.instance }} that do not resolve: ${COUNT}.`,
      description: "Their last addresses keep their state and are not scanned. Look at " +
        'scans_failed_total{error_type="unresolved"}, at the log, and at the resolver of that machine.',
      runbook: "names-and-lists",
    },
  ];
}

function seriesRules(): AlertRule[] {
  return [
    {
      alert: "OpenportPortSeriesDropped",
      expr: "openport_port_series_dropped > 0",
      for: 600,
      severity: "warning",
      summary: `Ports of {{ $labels.instance }} that have no series: ${COUNT}.`,
      description:
        "They are not in open_port_status, and alerts do not name them; open_ports_total " +
        "is exact. Look at openport_host_port_limit_exceeded for hosts that answer on every port, or " +
        "raise scanning.max_open_ports_per_host or metrics.port_series_limit.",
      runbook: "metrics",
    },
    {
      alert: "OpenportHostPortLimit",
      expr: "openport_host_port_limit_exceeded == 1",
      for: 600,
      severity: "info",
      summary: "{{ $labels.ip }} has more open ports than series.",
      description:
        "It has more open ports than scanning.max_open_ports_per_host. A firewall or a trap " +
        "that answers on every port looks so: exclude it, or scan it from elsewhere.",
      runbook: "metrics",
    },
  ];
}
