import { type AlertRule, COUNT } from "./alert_rule.ts";
import type { ScanClass } from "./scan_classes.ts";

/** Seconds that an expected port may be missing, and that a policy may be unknown, before it is told. */
const MISSING_FOR = 300;
const UNKNOWN_FOR = 900;

/** How far back a deviation is looked for that is not exported now: Prometheus reads all of it each time. */
const TOLD_WITHIN = "6h";

const PORT =
  "{{ $labels.ip }} {{ $labels.port }}/{{ $labels.protocol }} of target {{ $labels.name }}";

/**
 * A deviation that was told, or, with `pending`, is about to be, and is not exported now: that nothing can be said of a port for a while makes
 * it neither as expected, nor anew a deviation when it is said again.
 */
function told(metric: string, alert: string, { pending = false } = {}): string {
  const state = pending ? "" : `,alertstate="firing"`;
  return `last_over_time(${metric}[${TOLD_WITHIN}])
and on (job, instance, name, ip, port, protocol) ALERTS{alertname="${alert}"${state}}`;
}

/** Alerts about what deviates from policies; without policies there are no such series. */
export function policyRules(classes: readonly ScanClass[]): AlertRule[] {
  const slack = classes.reduce((longest, each) => Math.max(longest, each.slack), UNKNOWN_FOR);
  const unexpected = told("openport_unexpected_open_port", "OpenportUnexpectedOpenPort");
  const missing = told("openport_expected_port_missing", "OpenportExpectedPortMissing");
  const missed = told("openport_expected_port_missing", "OpenportExpectedPortMissing", {
    pending: true,
  });
  return [
    {
      alert: "OpenportUnexpectedOpenPort",
      expr: `openport_unexpected_open_port == 1
or
# Told before, and the exporter is down.
${unexpected}
and on (job, instance) up == 0`,
      for: 0,
      severity: "critical",
      summary: `Unexpected open port: ${PORT}.`,
      description: `${PORT} is open, and neither expected nor allowed. ` +
        "Close it, or write it into expected_ports or allowed_ports of the target.",
      runbook: "which-ports-may-be-open",
    },
    {
      alert: "OpenportExpectedPortMissing",
      expr: `openport_expected_port_missing == 1
or
# Told before, and the exporter is down.
${missing}
and on (job, instance) up == 0
or
# Missing before, and unknown since a scan failed.
${missed}
unless on (job, instance, ip, port, protocol) open_port_status == 1
and on (job, instance, name) openport_policy_unknown_ports > 0`,
      for: MISSING_FOR,
      severity: "warning",
      summary: `Expected port missing: ${PORT}.`,
      description: `The last look did not find ${PORT} open, which is expected. ` +
        "Look whether the service or the host is down, or a firewall changed.",
      runbook: "which-ports-may-be-open",
    },
    {
      alert: "OpenportPolicyUnknown",
      expr: "openport_policy_unknown_ports > 0",
      for: Math.ceil(slack / 60) * 60,
      severity: "warning",
      summary: `Expected ports of target {{ $labels.name }} that are unknown: ${COUNT}.`,
      description:
        "Whether ports that target {{ $labels.name }} expects are open is not known: its scans fail, its hosts time out, its host name does not resolve, or its first " +
        "scan takes long. The log of the exporter {{ $labels.instance }} says which.",
      runbook: "which-ports-may-be-open",
    },
  ];
}
