import type { Config } from "../config/config.ts";
import { quote } from "../config/yaml_text.ts";
import type { AlertRule, RuleGroup } from "./alert_rule.ts";
import { changeRules } from "./change_rules.ts";
import { exporterRules } from "./exporter_rules.ts";
import { policyRules } from "./policy_rules.ts";
import { promDuration } from "./promql.ts";
import { scanClasses } from "./scan_classes.ts";
import { scanRules } from "./scan_rules.ts";

/** The alerting rules that match a configuration: its intervals, its limits, its names. */
export function alertingRules(config: Config): RuleGroup[] {
  const classes = scanClasses(config);
  const groups = [
    { name: "openport-changes", rules: changeRules(config, classes) },
    { name: "openport-policy", rules: policyRules(classes) },
    { name: "openport-scans", rules: scanRules(classes) },
    { name: "openport-exporter", rules: exporterRules(classes) },
  ];
  return groups.filter(({ rules }) => rules.length > 0);
}

const HEAD =
  `# Alerting rules for openport-exporter, made from its configuration by "openport-exporter rules".
# Make them again when intervals, targets or limits change. Write no rules of your own in here.
`;

/** The alerting rules that match a configuration, as a rule file of Prometheus 2.42 or later. */
export function alertingRulesYaml(config: Config): string {
  const lines = alertingRules(config).flatMap(({ name, rules }) => [
    `  - name: ${name}`,
    "    rules:",
    ...rules.flatMap(ruleLines),
  ]);
  return [HEAD + "groups:", ...lines, ""].join("\n");
}

function ruleLines(rule: AlertRule): string[] {
  const expr = rule.expr.split("\n");
  return [
    `      - alert: ${rule.alert}`,
    ...(expr.length === 1 && !/[:#{}]/.test(rule.expr)
      ? [`        expr: ${rule.expr}`]
      : ["        expr: |-", ...expr.map((line) => `          ${line}`)]),
    `        for: ${promDuration(rule.for)}`,
    "        labels:",
    `          severity: ${rule.severity}`,
    ...(rule.interval === undefined ? [] : [`          interval: ${rule.interval}`]),
    "        annotations:",
    `          summary: ${quote(rule.summary)}`,
    `          description: ${quote(rule.description)}`,
    `          runbook: README.md#${rule.runbook}`,
  ];
}
