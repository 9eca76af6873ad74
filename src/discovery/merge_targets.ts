import type { Config, TargetConfig } from "../config/config.ts";
import type { DiscoveredTargets } from "../config/discovered.ts";
import { show } from "../config/show.ts";
import { formatNetwork, MAX_ADDRESSES, networkSize } from "../domain/network.ts";
import type { TargetList } from "./target_lists.ts";
import type { TargetGroup } from "./target_group.ts";

/** Most lines of one list that are told; the rest is counted. */
const MAX_LINES = 10;

/** All targets of a configuration and its lists. */
export interface MergedTargets {
  /** Those of the configuration first; their names are unique, and they have 2^24 addresses at most. */
  readonly targets: readonly TargetConfig[];
  /** Why something of a list was left out, one line each. */
  readonly problems: readonly string[];
  /** What is allowed but unwise, one line each. */
  readonly warnings: readonly string[];
}

/**
 * Puts the targets of lists behind those of the configuration. One whose name is taken, or with which
 * there would be too many addresses, is left out. `read` makes targets of a group.
 */
export function mergeTargets(
  { targets: written }: Pick<Config, "targets">,
  lists: readonly Pick<TargetList, "shown" | "groups">[],
  { read }: { readonly read: (group: TargetGroup) => DiscoveredTargets },
): MergedTargets {
  const targets: TargetConfig[] = [...written];
  const names = new Set(written.map(({ name }) => name));
  const addresses = new AddressCount();
  for (const target of written) addresses.take(target);
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const { shown, groups } of lists) {
    const wrong = new Lines(shown);
    const unwise = new Lines(shown);
    for (const found of groups.map(read)) {
      for (const line of found.problems) wrong.add(line);
      for (const line of found.warnings) unwise.add(line);
      for (const target of found.targets) {
        const { name } = target;
        if (names.has(name)) {
          wrong.add(
            `target ${show(name)} is left out: its name is taken (write another __openport_name)`,
          );
        } else if (!addresses.take(target)) {
          wrong.add(
            `target ${show(name)} is left out: with it there would be more than ` +
              `${MAX_ADDRESSES} addresses in all (write fewer or narrower targets)`,
          );
        } else {
          names.add(name);
          targets.push(target);
        }
      }
    }
    problems.push(...wrong.all());
    warnings.push(...unwise.all());
  }
  return { targets, problems, warnings };
}

/** Lines about one list, of which a million may be wrong. */
class Lines {
  readonly #shown: string;
  readonly #lines: string[] = [];
  #more = 0;

  constructor(shown: string) {
    this.#shown = shown;
  }

  add(line: string): void {
    if (this.#lines.length < MAX_LINES) this.#lines.push(`${this.#shown}: ${line}`);
    else this.#more++;
  }

  all(): readonly string[] {
    const { length } = this.#lines;
    return this.#more === 0 ? this.#lines : [
      ...this.#lines,
      `${this.#shown}: and ${this.#more} more lines after the first ${length}`,
    ];
  }
}

/** Addresses of targets, equal networks counted once; those of host names are not known yet. */
class AddressCount {
  readonly #seen = new Set<string>();
  #total = 0n;

  /** Counts the networks of a target; counts none of them and returns false where they are too many. */
  take({ networks }: Pick<TargetConfig, "networks">): boolean {
    const added = new Map<string, bigint>();
    for (const { network } of networks) {
      const text = formatNetwork(network);
      if (!this.#seen.has(text)) added.set(text, networkSize(network));
    }
    const total = added.values().reduce((sum, size) => sum + size, this.#total);
    if (total > MAX_ADDRESSES) return false;
    this.#total = total;
    for (const text of added.keys()) this.#seen.add(text);
    return true;
  }
}
