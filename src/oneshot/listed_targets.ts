import type { Config, TargetConfig } from "../config/config.ts";
import { discoveredTargets } from "../config/discovered.ts";
import { HttpDiscovery } from "../discovery/http_discovery.ts";
import { mergeTargets } from "../discovery/merge_targets.ts";
import { type TargetList, TargetLists } from "../discovery/target_lists.ts";

/** All targets of a configuration, as of now. */
export interface ListedTargets {
  readonly targets: readonly TargetConfig[];
  /** Why a list, or something of it, is left out, one line each. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads the lists of targets that a configuration names, and asks its URLs, once. */
export async function listTargets(
  config: Config,
  { workingDirectory, userAgent }: {
    /** Absolute; where relative paths begin. */
    readonly workingDirectory: string;
    readonly userAgent: string;
  },
): Promise<ListedTargets> {
  const { targets, targetsFiles, targetsHttp } = config;
  if (targetsFiles.length + targetsHttp.length === 0) {
    return { targets, problems: [], warnings: [] };
  }
  const silent = { onChange: () => {}, onProblem: () => {}, onRecovered: () => {} };
  const files = new TargetLists({ targetsFiles, targetsHttp: [] }, {
    ...silent,
    workingDirectory,
    userAgent,
    known: { files: new Map(), urls: new Map() },
  });
  const asked = targetsHttp.map(({ url, refreshInterval }) =>
    new HttpDiscovery({ ...silent, url, intervalMs: refreshInterval * 1000, userAgent })
  );
  try {
    await Promise.all([files, ...asked].map((one) => one.start()));
    const lists: Pick<TargetList, "shown" | "groups">[] = [...files.all];
    for (const one of asked) {
      for (const [shown, groups] of one.lists) lists.push({ shown, groups });
    }
    const merged = mergeTargets(config, lists, {
      read: (group) => discoveredTargets(group, config),
    });
    const failed = [...files.problems, ...asked.flatMap(({ problems }) => problems)];
    return {
      targets: merged.targets,
      problems: [...failed.map(({ message }) => message), ...merged.problems],
      warnings: merged.warnings,
    };
  } finally {
    await Promise.all([files, ...asked].map((one) => one.stop()));
  }
}
