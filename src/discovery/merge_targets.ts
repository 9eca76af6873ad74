import type { Config, TargetConfig } from "../config/config.ts";
import type { DiscoveredTargets } from "../config/discovered.ts";
import { show } from "../config/show.ts";
import { MAX_ADDRESSES } from "../domain/network.ts";
import { Claims, placesOf } from "./claims.ts";
import type { TargetList } from "./target_lists.ts";
import type { TargetGroup } from "./target_group.ts";

/** Most lines of one list that are told; the rest is counted. */
const MAX_LINES = 10;

/** A list as it is now, and as it was in use until now. */
export interface ListToMerge extends Pick<TargetList, "shown" | "groups"> {
  /** Without it, what can be used of `groups` is used. */
  readonly last?: readonly TargetGroup[] | undefined;
}

/** What became of a list. */
export interface MergedList {
  /** What is in use: `groups` of the list, or `last`. */
  readonly groups: readonly TargetGroup[];
  /** Whether all of `groups` is used, some of it is left out, or `last` is used in its place. */
  readonly state: "whole" | "partly" | "kept";
}

/** All targets of a configuration and its lists. */
export interface MergedTargets {
  /** Those of the configuration first; their names are unique, and they have 2^24 addresses at most. */
  readonly targets: readonly TargetConfig[];
  /** What became of each list, in their order. */
  readonly lists: readonly MergedList[];
  /** Why something of a list was left out, or the list is not used, one line each. */
  readonly problems: readonly string[];
  /** What is allowed but unwise, one line each. */
  readonly warnings: readonly string[];
}

/** Makes targets of a group. */
type Read = (group: TargetGroup) => DiscoveredTargets;

/**
 * Puts the targets of lists behind those of the configuration. One whose name is taken, or with which
 * there would be too many addresses, is left out. Where that, or a wrong label, would take away what
 * the last version of the list has, or where only the new one has wrong labels, the last one is used.
 */
export function mergeTargets(
  { targets: written }: Pick<Config, "targets">,
  given: readonly ListToMerge[],
  { read }: { readonly read: Read },
): MergedTargets {
  const claims = new Claims();
  for (const target of written) claims.claim(target);
  const targets: TargetConfig[] = [...written];
  const lists: MergedList[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const list of given) {
    const { used, wrong } = choose(list, { claims, read });
    for (const target of used.targets) targets.push(target);
    const isKept = used !== wrong;
    const state = isKept ? "kept" : wrong.problems.length > 0 ? "partly" : "whole";
    lists.push({ groups: used.groups, state });
    const suffix = isKept ? " (the last list is still used)" : "";
    problems.push(...linesOf(list.shown, wrong.problems.map((line) => line + suffix)));
    warnings.push(...linesOf(list.shown, used.warnings));
  }
  return { targets, lists, problems, warnings };
}

/** What comes of one version of a list. */
interface Attempt {
  readonly groups: readonly TargetGroup[];
  /** Those that are claimed. */
  readonly targets: readonly TargetConfig[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** Targets that could not be claimed. */
  readonly refused: readonly TargetConfig[];
  /** Targets of groups that cannot be used because of their labels, as they would be without any. */
  readonly mislabelled: readonly TargetConfig[];
}

/** Claims what one of the two versions needs. */
function choose(
  { groups, last = groups }: ListToMerge,
  { claims, read }: { claims: Claims; read: Read },
): { used: Attempt; wrong: Attempt } {
  const { size } = claims;
  const next = attempt(groups, { claims, read });
  if (last === groups || next.problems.length === 0) return { used: next, wrong: next };
  const missing = missingPlaces(next, claims);
  claims.rollBack(size);
  const before = attempt(last, { claims, read });
  const isWorse = next.mislabelled.length > 0 && before.mislabelled.length === 0;
  if (isWorse || before.targets.some((target) => placesOf(target).some((at) => missing.has(at)))) {
    return { used: before, wrong: next };
  }
  claims.rollBack(size);
  const again = attempt(groups, { claims, read });
  return { used: again, wrong: again };
}

function attempt(
  groups: readonly TargetGroup[],
  { claims, read }: { claims: Claims; read: Read },
): Attempt {
  const targets: TargetConfig[] = [];
  const problems: string[] = [];
  const warnings: string[] = [];
  const refused: TargetConfig[] = [];
  const mislabelled: TargetConfig[] = [];
  for (const group of groups) {
    const found = read(group);
    for (const line of found.problems) problems.push(line);
    for (const line of found.warnings) warnings.push(line);
    if (found.targets.length === 0 && hasOptions(group)) {
      for (const target of read(unlabelled(group)).targets) mislabelled.push(target);
    }
    for (const target of found.targets) {
      const lacking = claims.claim(target);
      if (lacking === undefined) targets.push(target);
      else {
        refused.push(target);
        problems.push(`target ${show(target.name)} is left out: ${REFUSALS[lacking]}`);
      }
    }
  }
  return { groups, targets, problems, warnings, refused, mislabelled };
}

const REFUSALS = {
  name: "its name is taken (write another __openport_name)",
  addresses: `with it there would be more than ${MAX_ADDRESSES} addresses in all ` +
    "(write fewer or narrower targets)",
};

/** Whether labels set anything: without those, none can be wrong. */
function hasOptions({ labels }: TargetGroup): boolean {
  return Object.keys(labels).some((label) => label.startsWith("__openport_"));
}

/** The same object for the same group, so that it is read once. */
const withoutLabels = new WeakMap<TargetGroup, TargetGroup>();

function unlabelled(group: TargetGroup): TargetGroup {
  const plain = withoutLabels.get(group) ?? { targets: group.targets, labels: {} };
  withoutLabels.set(group, plain);
  return plain;
}

/** What a version names and does not get, nor any other target. */
function missingPlaces({ refused, mislabelled }: Attempt, claims: Claims): ReadonlySet<string> {
  const places = [...refused, ...mislabelled].flatMap(placesOf);
  return new Set(places.filter((place) => !claims.covers(place)));
}

/** Lines about one list, of which a million may be wrong. */
function linesOf(shown: string, lines: readonly string[]): readonly string[] {
  const first = lines.slice(0, MAX_LINES).map((line) => `${shown}: ${line}`);
  const more = lines.length - first.length;
  return more === 0
    ? first
    : [...first, `${shown}: and ${more} more lines after the first ${MAX_LINES}`];
}
