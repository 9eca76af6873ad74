import { type AlertRule, COUNT } from "./alert_rule.ts";
import { promDuration, promString } from "./promql.ts";
import type { ScanClass } from "./scan_classes.ts";

const KEY = "(job, instance, target, port_range, protocol)";
/** What is said of a scan in every alert that names one. */
const SCAN = "{{ $labels.target }} ({{ $labels.protocol }} {{ $labels.port_range }}" +
  "{{ with $labels.name }}, target {{ . }}{{ end }})";
/** Seconds: bounds of the time in which turns that are lost are counted, and how many are too many in it. */
const MIN_SKIPPED = 3600;
const MAX_SKIPPED = 7 * 86_400;
const SKIPPED = 3;

/** Alerts about the scans of each interval: too old, failing, partial, incomplete, skipped. */
export function scanRules(classes: readonly ScanClass[]): AlertRule[] {
  return classes.flatMap((scans) => [...rulesOf(scans), skippedRule(scans)]);
}

function rulesOf(scans: ScanClass): AlertRule[] {
  const every = promDuration(scans.interval);
  const stale = promDuration(scans.staleAfter);
  const failing = promDuration(scans.failingAfter);
  const never = promDuration(scans.neverLookback);
  const before = promDuration(scans.failingLookback);
  // What is first counted within the time has no count before it; nor has anything where nobody asked then.
  const grew = (counter: string) =>
    `${counter} > (
  ${counter} offset ${before}
  or ${counter} * 0 and on (job, instance) openport_task_queue_capacity offset ${before}
)`;
  const failures = (matchers: string) =>
    `${grew(`scans_failed_total{${matchers}}`)}
unless on ${KEY} (
  time() - last_scan_timestamp_seconds{${matchers}} <= ${scans.failingAfter}
)`;
  const partial = (matchers: string) =>
    `on ${KEY} (
${indented(grew(`openport_scans_partial_total{${matchers}}`))}
)`;
  return [
    {
      alert: "OpenportScanStale",
      // What is overdue after a long pause is caught up within the slack.
      expr: `(
${
        indented(each(scans, (matchers) =>
          `time() - last_scan_timestamp_seconds{${matchers}} > ${scans.staleAfter}`))
      }
)
unless on (job, instance) (time() - process_start_time_seconds < ${scans.slack})`,
      for: 60,
      severity: "warning",
      interval: every,
      summary: `The last complete scan of ${SCAN} ended {{ $value | humanizeDuration }} ago.`,
      description: `It is scanned every ${every}, and no scan was complete for more than ` +
        `${stale}: what the metrics say of it is old. Look at scans_failed_total, ` +
        "openport_scans_skipped_total and openport_schedule_lag_seconds, and at the log of the exporter " +
        "{{ $labels.instance }}.",
      runbook: "what-the-data-means",
    },
    {
      alert: "OpenportNeverScanned",
      expr: each(scans, (matchers) => {
        const complete = `scans_successful_total{${matchers}}`;
        return `${complete} == 0 and ${complete} offset ${never} == 0`;
      }),
      for: 60,
      severity: "warning",
      interval: every,
      summary: `No scan of ${SCAN} was ever complete.`,
      description: `It is known for more than ${never} and scanned every ${every}, and nothing ` +
        "or not everything is known of its ports. Look at scans_failed_total and at the log of the " +
        "exporter {{ $labels.instance }}.",
      runbook: "what-the-data-means",
    },
    {
      alert: "OpenportScansFailing",
      expr: each(scans, (matchers) =>
        `${failures(matchers)}
unless ${partial(matchers)}`),
      for: 60,
      severity: "warning",
      interval: every,
      summary: `Scans of ${SCAN} fail: {{ $labels.error_type }}.`,
      description: `No scan of it was complete in the last ${failing}, ` +
        "and some failed with {{ $labels.error_type }}; its ports keep their last known state. " +
        "The log of the exporter {{ $labels.instance }} says why; the README explains the types.",
      runbook: "what-the-data-means",
    },
    {
      alert: "OpenportScansPartial",
      expr: each(scans, (matchers) =>
        `${failures(matchers)}
and ${partial(matchers)}`),
      for: 60,
      severity: "warning",
      interval: every,
      summary: `Scans of ${SCAN} stay partial: {{ $labels.error_type }}.`,
      description: `No scan of it was complete in the last ${failing}: some hosts were ` +
        "looked at, the others keep their last known state ({{ $labels.error_type }}). Give it more time, " +
        "fewer ports or a higher rate; the log of the exporter {{ $labels.instance }} says more.",
      runbook: "what-the-data-means",
    },
    {
      alert: "OpenportHostsTimedOut",
      expr: each(scans, (matchers) => `openport_hosts_timed_out{${matchers}} > 0`),
      for: Math.ceil((scans.interval + scans.slack) / 60) * 60,
      severity: "info",
      interval: every,
      summary: `Hosts of ${SCAN} that time out in every scan: ${COUNT}.`,
      description:
        "They ran into scanning.host_timeout and keep their last known state, which grows " +
        "old although the scan is complete. Raise host_timeout or min_rate, or scan fewer ports.",
      runbook: "limitations",
    },
  ];
}

function skippedRule(scans: ScanClass): AlertRule {
  const seconds = Math.min(MAX_SKIPPED, Math.max(MIN_SKIPPED, 4 * scans.interval));
  const window = promDuration(Math.ceil(seconds / 60) * 60);
  return {
    alert: "OpenportScansSkipped",
    expr: each(scans, (matchers) => {
      const skipped = `openport_scans_skipped_total{${matchers}}`;
      return `${skipped} - ${skipped} offset ${window} >= ${SKIPPED}`;
    }),
    for: 0,
    severity: "info",
    interval: promDuration(scans.interval),
    summary: `Scans of ${SCAN} lost ${COUNT} turns in ${window}.`,
    description:
      "They were still waiting or running when they were due again, so that the interval is " +
      "not kept. Raise the interval, the rates or worker_count, or scan fewer ports; --config.check " +
      "says what takes long.",
    runbook: "how-often-to-scan-what",
  };
}

/** An expression for each selection of scan keys, with the name of its target where it has one. */
function each(
  { selections }: ScanClass,
  expression: (matchers: string) => string,
): string {
  return selections.map(({ matchers, name }) => {
    const own = expression(matchers);
    if (name === undefined) return selections.length === 1 ? own : `(\n${indented(own)}\n)`;
    const label = promString(name.replaceAll("$", "$$$$"));
    return `label_replace((\n${indented(own)}\n), "name", ${label}, "", "")`;
  }).join("\nor\n");
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}
