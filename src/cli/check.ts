import type { Config } from "../config/config.ts";
import { discoveredTargets } from "../config/discovered.ts";
import { loadConfig } from "../config/load_config.ts";
import { mergeTargets } from "../discovery/merge_targets.ts";
import { TargetLists } from "../discovery/target_lists.ts";
import { makeForecast } from "../forecast/forecast.ts";
import { addressWarnings, emptyWarnings, loadWarnings } from "../forecast/plan_warnings.ts";
import { scanWarnings } from "../scan/scan_warnings.ts";
import { loadProtection } from "./load_protection.ts";
import { planTable } from "./plan_table.ts";

/** What `--config.check` looks at. */
export interface CheckedFiles {
  readonly configFile: string;
  /** TLS and users; undefined for none. */
  readonly webConfigFile: string | undefined;
}

/** What `--config.check` needs. */
export interface CheckOptions {
  /** Absolute; where relative paths begin. */
  readonly workingDirectory: string;
}

/** What a start with this configuration is warned of: scans that cannot finish or cannot be kept up with. */
export function startWarnings(config: Config): string[] {
  return [...scanWarnings(config), ...loadWarnings(makeForecast(config))];
}

/**
 * Reads a configuration, the files that it names, and the web configuration; resolves with the plan, warnings and a
 * verdict, for people. Scans nothing and asks nobody.
 *
 * @throws {ConfigError} when the configuration is wrong.
 */
export async function checkConfig(
  { configFile: file, webConfigFile }: CheckedFiles,
  options: CheckOptions,
): Promise<string> {
  const { config, warnings } = await loadConfig(file);
  const web = await loadProtection(webConfigFile, { config, configFile: file });
  const listed = await withFiles(config, options);
  const { targetsHttp } = config;
  const whole = { ...config, targets: listed.targets };
  const forecast = makeForecast(whole);
  const all = [
    ...warnings,
    ...(web?.warnings ?? []),
    ...listed.warnings,
    ...scanWarnings(whole),
    ...loadWarnings(forecast),
    ...addressWarnings(whole),
    ...emptyWarnings(whole),
  ];
  const found = all.length === 0
    ? ""
    : all.length === 1
    ? " (1 warning)"
    : ` (${all.length} warnings)`;
  return [
    ...planTable(forecast),
    ...(targetsHttp.length > 0
      ? ["Targets of targets_http are not in the plan: nobody is asked for them here.", ""]
      : []),
    ...all.map((warning) => `warning: ${warning}`),
    ...(webConfigFile === undefined ? [] : [`${webConfigFile}: OK`]),
    `${file}: OK${found}`,
    "",
  ].join("\n");
}

/** All targets but those of URLs, and what is wrong with the files. */
async function withFiles(
  config: Config,
  { workingDirectory }: CheckOptions,
): Promise<{ readonly targets: Config["targets"]; readonly warnings: readonly string[] }> {
  const { targetsFiles } = config;
  const lists = new TargetLists({ targetsFiles, targetsHttp: [] }, {
    workingDirectory,
    userAgent: "",
    known: { files: new Map(), urls: new Map() },
    onChange: () => {},
    onProblem: () => {},
    onRecovered: () => {},
  });
  try {
    await lists.start();
  } finally {
    await lists.stop();
  }
  const { targets, problems, warnings } = mergeTargets(config, lists.all, {
    read: (group) => discoveredTargets(group, config),
  });
  return {
    targets,
    warnings: [...lists.problems.map(({ message }) => message), ...problems, ...warnings],
  };
}
