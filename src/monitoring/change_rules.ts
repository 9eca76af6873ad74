import type { Config } from "../config/config.ts";
import type { AlertRule } from "./alert_rule.ts";
import { promDuration } from "./promql.ts";
import type { ScanClass } from "./scan_classes.ts";

/** For how long a change is told: it is an event, which flapping does not begin anew. */
const WINDOW_SECONDS = 900;
const WINDOW = promDuration(WINDOW_SECONDS);

/** Seconds that a closed port has to stay as a 0 for every scrape interval that Prometheus bears with. */
const MIN_RETENTION = 300;

/** What is said of a port in every alert that names one. */
const PORT = "{{ $labels.ip }} {{ $labels.port }}/{{ $labels.protocol }}";

/**
 * Alerts about ports that opened and closed.
 *
 * `port_state_changes_total` knows what a change is (a first look is none) but names no port;
 * `open_port_status` names ports, and gets new series for other reasons too: a target that was added, a
 * restart without a state file, series limits. So a new series is an opening if a scan of the same
 * block of addresses counted one, and a 0 that became 1 always is.
 */
export function changeRules(config: Config, classes: readonly ScanClass[]): AlertRule[] {
  const blocks = blockOf(config.scanning.maxCidrSize);
  const opened = `increase(port_state_changes_total{change_type="closed_to_open"}[${WINDOW}]) > 0`;
  // A start or a reload brings addresses that are new, until all were looked at once.
  const firstRound = classes.reduce((longest, { slack }) => Math.max(longest, slack), 0);
  const justRead = "time() - openport_config_last_reload_success_timestamp_seconds < " +
    `${WINDOW_SECONDS + firstRound}`;
  const { perHost, total } = cutOff(config);
  // A 0 that leaves before two scrapes is not seen.
  const unseen = config.state.closedPortRetention < MIN_RETENTION
    ? `
or
# Closed ports leave at once.
increase(port_state_changes_total{change_type="open_to_closed"}[${WINDOW}]) > 0`
    : "";
  return [
    {
      alert: "OpenportPortOpened",
      expr: `max without (block) (
  ${
        blocks("ip", [
          "(",
          "  # Series that are younger than what is known of their address.",
          `  count_over_time(open_port_status[${WINDOW}])`,
          "    < on (job, instance, ip) group_left ()",
          `    max by (job, instance, ip) (count_over_time(open_ports_total[${WINDOW}]))`,
          "  or",
          "  # All series of an address that is new, while targets are not.",
          "  open_port_status and on (job, instance, ip) (",
          `    count_over_time(open_ports_total[${WINDOW}])`,
          "      < on (job, instance) group_left ()",
          `      max by (job, instance) (count_over_time(task_queue_size[${WINDOW}]))`,
          `    unless on (job, instance) (${justRead})`,
          "  )",
          ")",
          `unless open_port_status offset ${WINDOW}`,
          "# Where series are cut off, others come in their place.",
          `unless on (job, instance, ip) (${perHost})`,
          `unless on (job, instance) (${total})`,
        ])
      }
  and on (job, instance, block)
  ${blocks("target", [opened])}
)
or
# Became 1 again: of all changes, those that are no decrease.
changes(open_port_status[${WINDOW}]) - resets(open_port_status[${WINDOW}]) > 0`,
      for: 0,
      severity: "warning",
      summary: `Port ${PORT} opened.`,
      description: `nmap found ${PORT} open, which was not open at the look before. ` +
        "Find out what listens there: close it, or write it into expected_ports or allowed_ports " +
        "of its target. /hosts/{{ $labels.ip }} of the exporter {{ $labels.instance }} has its history.",
      runbook: "what-the-data-means",
    },
    {
      alert: "OpenportPortClosed",
      expr: `resets(open_port_status[${WINDOW}]) > 0`,
      for: 0,
      severity: "info",
      summary: `Port ${PORT} closed.`,
      description:
        `${PORT} was open, and ${
          config.scanning.confirmChanges ? "two looks" : "a look"
        } found it closed. ` +
        "If that was not planned, look whether the service or the host is down, or a firewall changed. " +
        "Write it into expected_ports of its target to be told for as long as it is missing.",
      runbook: "what-the-data-means",
    },
    {
      alert: "OpenportPortsChangedUnnamed",
      expr: `max without (block) (
  ${blocks("target", [`increase(port_state_changes_total[${WINDOW}]) > 0`])}
  and on (job, instance, block)
  ${blocks("ip", [perHost])}
)
or
increase(port_state_changes_total[${WINDOW}]) > 0
and on (job, instance) (${total})
or
# A device that appeared right after a start or a reload.
${opened}
and on (job, instance) (${justRead})
unless on (job, instance) ALERTS{alertname="OpenportPortOpened"}${unseen}`,
      for: 0,
      severity: "warning",
      summary: "Ports of {{ $labels.target }} changed ({{ $labels.change_type }}), maybe unnamed.",
      description:
        "Alerts may not name the port, because a host in {{ $labels.target }}, or the page as a whole, " +
        "has more ports than may have series, because a device appeared right after a start or a reload, " +
        "or because closed ports leave the page at once. /v1/changes of the exporter " +
        "{{ $labels.instance }} names it.",
      runbook: "what-the-data-means",
    },
  ];
}

/** The hosts, and the exporters, whose port series are as many as may be: some may be missing. */
function cutOff({ scanning, metrics }: Config): { perHost: string; total: string } {
  return {
    perHost: `count by (job, instance, ip) (open_port_status) >= ${scanning.maxOpenPortsPerHost}`,
    total: "openport_port_series_dropped > 0 and on (job, instance) " +
      `scrape_samples_scraped >= ${metrics.portSeriesLimit}`,
  };
}

/**
 * Gives series a label `block`, from the address in another label: the octets that all addresses of a scan
 * have in common, as scans are no broader than `maxCidrSize`; all of IPv6 is one block, because its
 * texts are shortened.
 */
function blockOf(maxCidrSize: number): (label: string, lines: readonly string[]) => string {
  const octets = Math.min(3, Math.floor(maxCidrSize / 8));
  const pattern = octets === 0
    ? "()[0-9]+[.].*"
    : `(${Array.from({ length: octets }, () => "[0-9]+").join("[.]")})[.].*`;
  return (label, lines) =>
    [
      "label_replace(label_replace((",
      ...lines.map((line) => `    ${line}`),
      `  ), "block", "IPv6", "${label}", ".*:.*"), "block", "IPv4 $1", "${label}", "${pattern}")`,
    ].join("\n");
}
