import { PORTS } from "./port_model.ts";
import type { World } from "./world.ts";

/** What a sweep looks at: what is known to be open, the N most frequent ports, or everything. */
export type Range = "known" | "full" | number;

/** Looks at `range` on every host, every `interval` seconds from start to start. */
export interface Sweep {
  readonly range: Range;
  readonly interval: number;
}

/** The sweeps of one target. */
export type Plan = readonly Sweep[];

/** Packets that one scan of one host costs on average; `silent` overrides the share of silent hosts. */
export function packetsPerScan(range: Range, world: World, silent = world.silent): number {
  const { model, overhead } = world;
  if (range === "known") return overhead + model.openPerHost;
  const count = range === "full" ? PORTS : range;
  const open = model.openPerHost * (range === "full" ? 1 : model.shareOfTop(range));
  return overhead + count + silent * (count - open);
}

/** Packets per second that a plan costs on average, over all hosts. */
export function packetsPerSecond(plan: Plan, world: World): number {
  const perHost = plan.map(({ range, interval }) => packetsPerScan(range, world) / interval);
  return world.hosts * perHost.reduce((sum, rate) => sum + rate, 0);
}

/** Whether a sweep looks at the port of this rank, which is known to be open or not. */
export function covers(range: Range, rank: number, known: boolean): boolean {
  return range === "full" || (range === "known" ? known : rank <= range);
}

/** The single sweep of everything, as often as `budget` packets per second allow. */
export function singleSweep(world: World, budget: number): Plan {
  return [{ range: "full", interval: world.hosts * packetsPerScan("full", world) / budget }];
}

/**
 * Adds the sweep of everything, with what the others leave of the budget.
 *
 * @returns undefined where they leave less than a twentieth: everything would hardly ever be looked at.
 */
export function withFullSweep(sweeps: Plan, world: World, budget: number): Plan | undefined {
  const left = budget - packetsPerSecond(sweeps, world);
  if (left < budget / 20) return undefined;
  const interval = world.hosts * packetsPerScan("full", world) / left;
  return [...sweeps, { range: "full", interval: roundUp(interval) }];
}

/** Seconds rounded up to what a person would write, by a tenth at most: whole hours, 5 minutes, minutes, seconds. */
function roundUp(seconds: number): number {
  const step = seconds > 36_000 ? 3600 : seconds > 3600 ? 300 : seconds > 600 ? 60 : 1;
  return Math.ceil(seconds / step) * step;
}

/** An interval as config.yaml takes it: `90s`, `15m`, `6h`, `1d`. */
export function intervalText(seconds: number): string {
  for (const [unit, size] of [["d", 86400], ["h", 3600], ["m", 60]] as const) {
    if (seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${Math.round(seconds)}s`;
}

/** A sweep's range as config.yaml takes it. */
export function rangeText(range: Range): string {
  return range === "full" ? "1-65535" : range === "known" ? "known" : `top:${range}`;
}

/** A plan in one line. */
export function planText(plan: Plan): string {
  return plan.map((sweep) => `${rangeText(sweep.range)} ${intervalText(sweep.interval)}`).join(
    ", ",
  );
}

/** A plan as a target of config.yaml: everything is the target's own schedule, the rest its sweeps. */
export function planYaml(plan: Plan, target: string): string {
  const lines = ["targets:", `  - target: ${target}`];
  for (const { interval } of plan.filter(({ range }) => range === "full")) {
    lines.push('    port_range: "1-65535"', `    interval: ${intervalText(interval)}`);
  }
  lines.push("    sweeps:");
  for (const { range, interval } of plan.filter(({ range }) => range !== "full")) {
    const text = range === "known" ? "known" : `"top:${range}"`;
    lines.push(`      - { port_range: ${text}, interval: ${intervalText(interval)} }`);
  }
  return lines.join("\n");
}
