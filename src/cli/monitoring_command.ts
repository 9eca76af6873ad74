import { loadConfig } from "../config/load_config.ts";
import { alertingRulesYaml } from "../monitoring/alerting_rules.ts";
import { dashboardJson } from "../monitoring/dashboard.ts";

/**
 * Alerting rules of Prometheus that match a configuration file, as YAML.
 *
 * @throws {ConfigError} when the configuration is wrong.
 */
export async function rulesOf(configFile: string): Promise<string> {
  return alertingRulesYaml((await loadConfig(configFile)).config);
}

/**
 * A Grafana dashboard that matches a configuration file, as JSON.
 *
 * @throws {ConfigError} when the configuration is wrong.
 */
export async function dashboardOf(configFile: string): Promise<string> {
  return dashboardJson((await loadConfig(configFile)).config);
}
