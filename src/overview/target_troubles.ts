import type { TargetConfig } from "../config/config.ts";
import type { TargetTrouble } from "./overview.ts";
import { isStale, schedulesOf } from "./target_schedules.ts";
import type { TargetUnits } from "./target_units.ts";
import type { UnitBook } from "./unit_book.ts";

/** Targets are looked through again at the earliest after this many times as long as that took. */
const REST = 20;

/** What troubles are found with. */
export interface TargetTroublesOptions {
  readonly book: Pick<UnitBook, "reader">;
  readonly unitsOf: (target: TargetConfig) => TargetUnits;
  /** Says how many ports of a target deviate from what it says of them, by its name. */
  readonly violationsOf: () => (name: string) => number;
  /** Milliseconds on a monotonic clock, and what to add to get unix milliseconds. */
  readonly now: () => number;
  readonly wallOffset: () => number;
}

interface Found {
  /** What was looked through. */
  readonly among: readonly TargetConfig[];
  readonly targets: ReadonlySet<TargetConfig>;
  /** Milliseconds on the monotonic clock until which it holds. */
  readonly until: number;
}

/** Finds the targets that have a trouble: of 1,000 in some milliseconds, of very many not each time anew. */
export class TargetTroubles {
  readonly #options: TargetTroublesOptions;
  readonly #found = new Map<TargetTrouble, Found>();

  constructor(options: TargetTroublesOptions) {
    this.#options = options;
  }

  /** Those of `all` that have it; all are looked through whatever is searched, or each search would cost as much. */
  of(all: readonly TargetConfig[], trouble: TargetTrouble): ReadonlySet<TargetConfig> {
    const { now } = this.#options;
    const began = now();
    const last = this.#found.get(trouble);
    if (last?.among === all && began < last.until) return last.targets;
    const targets = new Set(this.#having(all, trouble));
    const ended = now();
    this.#found.set(trouble, { among: all, targets, until: ended + REST * (ended - began) });
    return targets;
  }

  #having(all: readonly TargetConfig[], trouble: TargetTrouble): readonly TargetConfig[] {
    const { book, unitsOf, violationsOf, now, wallOffset } = this.#options;
    if (trouble === "violating") {
      const countOf = violationsOf();
      return all.filter(({ name }) => countOf(name) > 0);
    }
    const at = now() + wallOffset();
    const unitsOfAll = all.map(unitsOf);
    const read = book.reader(unitsOfAll);
    return all.filter((target, index) => {
      const units = unitsOfAll[index]!;
      return schedulesOf(target).some((scheduling) => {
        const totals = read(units, scheduling);
        return trouble === "failing"
          ? totals.failing > 0
          : isStale(totals, { units, scheduling, now: at });
      });
    });
  }
}
