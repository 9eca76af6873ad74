/** How bad it is: what wakes somebody, what is looked at today, what is good to know. */
export type Severity = "critical" | "warning" | "info";

/** One alerting rule. */
export interface AlertRule {
  readonly alert: string;
  /** PromQL, on one line or more. */
  readonly expr: string;
  /** Seconds for which `expr` holds before the alert fires, at least 0. */
  readonly for: number;
  readonly severity: Severity;
  /** Of the scans that it is about: tells it from the rule of the same name for others. */
  readonly interval?: string;
  /** Template of one line: what is so. */
  readonly summary: string;
  /** Template: what it means, and what to do. */
  readonly description: string;
  /** Heading of README.md that says more, as an anchor. */
  readonly runbook: string;
}

/** Template of a value that counts something; `{{ $value }}` writes a million as 1e+06. */
export const COUNT = '{{ printf "%.0f" $value }}';

/** Rules that are evaluated one after the other. */
export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly AlertRule[];
}
