import { isDeepStrictEqual } from "node:util";
import type { Config } from "../config/config.ts";
import type { DiscoveredTargets } from "../config/discovered.ts";
import { type MergedList, type MergedTargets, mergeTargets } from "./merge_targets.ts";
import type { TargetGroup } from "./target_group.ts";
import type { TargetList } from "./target_lists.ts";

/** What all lists say, and which version of each is in use. Labels that mean nothing are left out. */
export class ListVersions {
  #newest: readonly TargetList[];
  /** By the source of a list. */
  #merged: ReadonlyMap<string, MergedList> = new Map();

  constructor(lists: readonly TargetList[]) {
    this.#newest = relevantLists(lists);
  }

  /** What is in use, by the source of a list; the same object while it says the same. */
  get inUse(): ReadonlyMap<string, readonly TargetGroup[]> {
    return new Map(Array.from(this.#merged, ([source, { groups }]) => [source, groups]));
  }

  /** Sources of lists of which not all is in use. */
  get failing(): readonly string[] {
    return [...this.#merged].filter(([, { state }]) => state !== "whole").map(([source]) => source);
  }

  /** Takes what the lists say now, for the next `merge`; returns whether that is anything else. */
  update(lists: readonly TargetList[]): boolean {
    const before = this.#newest;
    const known = new Map(before.map((list) => [list.source, list]));
    this.#newest = relevantLists(lists).map((list) => {
      const versions = [known.get(list.source)?.groups, this.#merged.get(list.source)?.groups];
      const same = versions.find((groups) => isDeepStrictEqual(groups, list.groups));
      return same === undefined ? list : { ...list, groups: same };
    });
    return !isDeepStrictEqual(this.#newest, before);
  }

  /** Merges the newest versions, or the ones in use where those are no good; says which lists are again. */
  merge(
    config: Pick<Config, "targets">,
    { read }: { readonly read: (group: TargetGroup) => DiscoveredTargets },
  ): MergedTargets & { readonly recovered: readonly string[] } {
    const before = this.#merged;
    const given = this.#newest.map(({ source, shown, groups }) => ({
      shown,
      groups,
      last: before.get(source)?.groups,
    }));
    const merged = mergeTargets(config, given, { read });
    const recovered: string[] = [];
    const next = new Map<string, MergedList>();
    for (const [index, { source, shown }] of this.#newest.entries()) {
      const list = merged.lists[index]!;
      next.set(source, list);
      const message = recovery(before.get(source)?.state, list.state);
      if (message !== undefined) recovered.push(`${shown}${message}`);
    }
    this.#merged = next;
    return { ...merged, recovered };
  }
}

function recovery(
  before: MergedList["state"] | undefined,
  now: MergedList["state"],
): string | undefined {
  if (before === "kept" && now !== "kept") return " can be used again";
  return before === "partly" && now === "whole" ? ": nothing is left out any more" : undefined;
}

/** Lists without the labels that are dropped anyway, some of which change all the time. */
function relevantLists(lists: readonly TargetList[]): readonly TargetList[] {
  return lists.map((list) =>
    list.groups.some(hasDropped) ? { ...list, groups: list.groups.map(relevantGroup) } : list
  );
}

function relevantGroup(group: TargetGroup): TargetGroup {
  if (!hasDropped(group)) return group;
  const labels = Object.entries(group.labels).filter(([label]) => !isDropped(label));
  return { targets: group.targets, labels: Object.fromEntries(labels) };
}

function hasDropped({ labels }: TargetGroup): boolean {
  return Object.keys(labels).some(isDropped);
}

function isDropped(label: string): boolean {
  return label.startsWith("__") && !label.startsWith("__openport_");
}
