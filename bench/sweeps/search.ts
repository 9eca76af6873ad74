import { expectedDelays } from "./expect.ts";
import { type Plan, type Range, withFullSweep } from "./plan.ts";
import type { World } from "./world.ts";

const MINUTE = 60;
const HOUR = 3600;

/** Intervals that a person would write, in seconds. */
const INTERVALS: readonly number[] = [
  ...[5, 10, 15, 20, 30],
  ...[1, 2, 3, 5, 10, 15, 20, 30, 45].map((n) => n * MINUTE),
  ...[1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168].map((n) => n * HOUR),
];

/** The `top:N` that are tried beside `known` and everything, alone and together. */
const TOPS: readonly (readonly number[])[] = [
  [1000],
  [100, 1000],
  [100, 1000, 4000],
];

function cost(plan: Plan | undefined, world: World): number {
  if (plan === undefined) return Infinity;
  const { opening, closing } = expectedDelays(plan, world);
  return opening + closing;
}

/**
 * The plan for `ranges` (the most urgent first, so with ever longer intervals) and everything that has the lowest
 * expected mean delay of openings and closings (as many of the one as of the other). Walks over written
 * intervals, one or two sweeps at a time.
 */
function descend(
  ranges: readonly Range[],
  world: World,
  { budget, floor }: { budget: number; floor: number },
): Plan | undefined {
  const allowed = INTERVALS.filter((interval) => interval >= floor);
  const make = (indexes: readonly number[]) =>
    withFullSweep(
      ranges.map((range, i) => ({ range, interval: allowed[indexes[i]!]! })),
      world,
      budget,
    );
  const steps = [-3, -2, -1, 0, 1, 2, 3];
  const moves = ranges.flatMap((_, i) =>
    ranges.slice(i).flatMap((_, k) =>
      steps.flatMap((first) => steps.map((second) => ({ i, k: i + k, first, second })))
    )
  );
  // From the cheapest: the longest interval for all.
  let indexes = ranges.map(() => allowed.length - 1);
  let best = cost(make(indexes), world);
  for (let improved = true; improved;) {
    improved = false;
    const from = indexes;
    for (const { i, k, first, second } of moves) {
      const next = [...from];
      next[i]! += first;
      next[k]! += second;
      const legal = next.every((index, n) =>
        index >= 0 && index < allowed.length && index >= (next[n - 1] ?? 0)
      );
      const value = legal ? cost(make(next), world) : Infinity;
      if (value < best) [best, indexes, improved] = [value, next, true];
    }
  }
  return make(indexes);
}

/**
 * The best plan found for a budget in packets per second, with no interval below `floor` seconds.
 *
 * @throws RangeError when the budget is too small for any.
 */
export function searchPlan(world: World, options: { budget: number; floor: number }): Plan {
  const plans = TOPS
    .filter((tops) => tops.every((top) => top <= world.model.listed))
    .map((tops) => descend(["known", ...tops], world, options))
    .filter((plan) => plan !== undefined)
    .sort((a, b) => cost(a, world) - cost(b, world));
  const [best] = plans;
  if (best === undefined) {
    throw new RangeError(
      `Cannot find a plan as the budget of ${options.budget} packets/s is too small`,
    );
  }
  return best;
}
