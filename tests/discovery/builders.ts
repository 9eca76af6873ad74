import type {
  DiscoveryListener,
  DiscoveryProblem,
  TargetLists,
} from "../../src/discovery/discovery.ts";

/** Targets of each list, by the last part of its source. */
export function targetsOf(lists: TargetLists): Record<string, string[]> {
  return Object.fromEntries(
    Array.from(lists, ([source, groups]) => [
      source.slice(source.lastIndexOf("/") + 1),
      groups.flatMap(({ targets }) => targets),
    ]),
  );
}

/** A listener that remembers what it was told. */
export function makeListener() {
  const changes: Record<string, string[]>[] = [];
  const problems: DiscoveryProblem[] = [];
  const recovered: string[] = [];
  const listener: DiscoveryListener = {
    onChange: (lists) => changes.push(targetsOf(lists)),
    onProblem: (problem) => problems.push(problem),
    onRecovered: (source) => recovered.push(source),
  };
  return { changes, problems, recovered, listener };
}
