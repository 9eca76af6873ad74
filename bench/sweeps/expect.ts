import { covers, packetsPerScan, type Plan } from "./plan.ts";
import type { World } from "./world.ts";

/** Mean delays of a plan in seconds. */
export interface MeanDelays {
  readonly opening: number;
  readonly closing: number;
}

/**
 * Share of the moments after which no look of a sweep comes within `t` seconds. Looks are G = interval +
 * duration * (u2 - u1) apart, u uniform, so this is E[max(G - t, 0)] / interval.
 */
function survival(t: number, interval: number, duration: number): number {
  const a = duration > 0 ? (t - interval) / duration : t < interval ? -1 : 1;
  if (a <= -1) return 1 - t / interval;
  if (a >= 1) return 0;
  const excess = a < 0 ? -a + (1 + a) ** 3 / 6 : (1 - a) ** 3 / 6;
  return duration * excess / interval;
}

/** Mean time until the first look of any of these sweeps, by Simpson's rule. */
function meanDelay(sweeps: readonly { interval: number; duration: number }[]): number {
  const end = Math.min(...sweeps.map(({ interval, duration }) => interval + duration));
  const steps = 64;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    const t = end * i / steps;
    sum += sweeps.reduce(
      (p, { interval, duration }) => p * survival(t, interval, duration),
      weight,
    );
  }
  return sum * end / (3 * steps);
}

/**
 * The mean delays that the model leads to when a change is seen with its answer: what the simulation must come
 * to. A single sweep of interval T and duration d gives T/2 + d²/(12 T).
 */
export function expectedDelays(plan: Plan, world: World): MeanDelays {
  const { model } = world;
  const sweeps = plan.map(({ range, interval }) => ({
    range,
    interval,
    duration: packetsPerScan(range, world) / world.rate,
  }));
  const tops = plan.map(({ range }) => range).filter((range) => typeof range === "number");
  const bounds = [...tops.sort((a, b) => a - b), Infinity];
  let [opening, closing, below] = [0, world.confirmation, 0];
  for (const rank of bounds) {
    const upTo = rank === Infinity ? 1 : model.shareOfTop(rank);
    const of = (known: boolean) => meanDelay(sweeps.filter((s) => covers(s.range, rank, known)));
    opening += (upTo - below) * of(false);
    closing += (upTo - below) * of(true);
    below = upTo;
  }
  return { opening, closing };
}
