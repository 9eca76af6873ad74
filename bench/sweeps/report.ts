import {
  intervalText,
  packetsPerSecond,
  type Plan,
  planText,
  planYaml,
  singleSweep,
  withFullSweep,
} from "./plan.ts";
import { searchPlan } from "./search.ts";
import { type Observation, type Seen, simulate } from "./simulate.ts";
import { mean, quantile, rangeOf, secondsText, table } from "./statistics.ts";
import { makeHistory, wholeHosts, type World } from "./world.ts";

/** How a comparison is run. */
export interface RunOptions {
  /** Packets per second, on average, for all hosts together. */
  readonly budget: number;
  /** Each seed is a run of its own; the smallest and the largest ratio are shown. */
  readonly seeds: readonly number[];
  /** Openings per run. */
  readonly openings: number;
  /** Shortest interval that the search may use, in seconds. */
  readonly floor: number;
}

/** A plan with one observation per seed. */
interface Watched {
  readonly name: string;
  readonly plan: Plan;
  readonly runs: readonly Observation[];
}

type Pick = (run: Observation) => readonly Seen[];
const OPENINGS: Pick = (run) => run.openings;
const CLOSINGS: Pick = (run) => run.closings;

function watch(name: string, plan: Plan, world: World, { seeds, openings }: RunOptions): Watched {
  const runs = seeds.map((seed) => simulate(plan, world, makeHistory(world, { seed, openings })));
  return { name, plan, runs };
}

function delays(run: Observation, pick: Pick): number[] {
  return pick(run).map(({ delay }) => delay);
}

/** Mean delay of a run in which every opening is followed by a closing: half of each. */
function bothMean(run: Observation): number {
  return (mean(delays(run, OPENINGS)) + mean(delays(run, CLOSINGS))) / 2;
}

/** How many times sooner than `base`, seed by seed. */
function ratios(base: Watched, plan: Watched, value: (run: Observation) => number): number[] {
  return base.runs.map((run, i) => value(run) / value(plan.runs[i]!));
}

function spread(watched: Watched, pick: Pick): string[] {
  const all = watched.runs.flatMap((run) => delays(run, pick));
  return [mean(all), quantile(all, 0.5), quantile(all, 0.95)].map(secondsText);
}

function ratioRow(base: Watched, watched: Watched): string[] {
  const meanOf = (pick: Pick) => (run: Observation) => mean(delays(run, pick));
  return [meanOf(OPENINGS), meanOf(CLOSINGS), bothMean].map((value) =>
    rangeOf(ratios(base, watched, value))
  );
}

function plansTable(base: Watched, plans: readonly Watched[]): string {
  const rows = plans.map((watched) => [
    watched.name,
    mean(watched.runs.map(({ packets }) => packets)).toPrecision(4),
    ...spread(watched, OPENINGS),
    ...spread(watched, CLOSINGS),
    `${(100 * mean(watched.runs.map(({ missed }) => missed))).toFixed(2)} %`,
    ...ratioRow(base, watched),
  ]);
  const head = ["plan", "packets/s", "opening mean", "median", "p95", "closing mean", "median"];
  head.push("p95", "missed", "openings sooner", "closings sooner", "both");
  return table(head, rows);
}

/** Ports by how often they are open. */
const CLASSES: readonly { name: string; has: (seen: Seen) => boolean }[] = [
  { name: "rank 1-10", has: ({ service: { rank, random } }) => !random && rank <= 10 },
  { name: "rank 11-100", has: ({ service: { rank } }) => rank > 10 && rank <= 100 },
  { name: "rank 101-1000", has: ({ service: { rank } }) => rank > 100 && rank <= 1000 },
  {
    name: "listed, rank above 1000",
    has: ({ service: { rank } }) => rank > 1000 && rank < Infinity,
  },
  { name: "the long tail: any port", has: ({ service: { random } }) => random },
  { name: "in no list at all", has: ({ service: { rank } }) => rank === Infinity },
];

function classTable(base: Watched, watched: Watched): string {
  const total = watched.runs.flatMap(OPENINGS).length;
  const rows = CLASSES.map(({ name, has }) => {
    const pick = (all: Pick): Pick => (run) => all(run).filter(has);
    const row = [name];
    for (const all of [OPENINGS, CLOSINGS]) {
      const some = pick(all);
      if (all === OPENINGS) {
        row.push(`${(100 * watched.runs.flatMap(some).length / total).toFixed(1)} %`);
      }
      const of = ({ runs }: Watched) => mean(runs.flatMap((run) => delays(run, some)));
      row.push(secondsText(of(base)), secondsText(of(watched)));
      const sooner = of(base) / of(watched);
      row.push(Number.isNaN(sooner) ? "-" : sooner.toPrecision(sooner < 1 ? 2 : 3));
    }
    return row;
  });
  const head = ["ports", "of openings", "opening (a)", "recommended", "sooner"];
  return table([...head, "closing (a)", "recommended", "sooner"], rows);
}

/** Compares the plans at one budget. */
export function compare(world: World, options: RunOptions): string {
  const { budget, seeds, openings, floor } = options;
  const whole = wholeHosts(world);
  const single = singleSweep(whole, budget);
  const base = watch(
    `(a) everything every ${secondsText(single[0]!.interval)}`,
    single,
    whole,
    options,
  );
  const plans = [base];
  const fixed: readonly Plan[] = [
    [{ range: "known", interval: 60 }, { range: 1000, interval: 900 }],
    [
      { range: "known", interval: 60 },
      { range: 100, interval: 300 },
      { range: 1000, interval: 3600 },
    ],
  ];
  const refused: string[] = [];
  for (const sweeps of fixed) {
    const plan = withFullSweep(sweeps, whole, budget);
    if (plan === undefined) {
      refused.push(`does not fit the budget: ${planText(sweeps)}`);
    } else plans.push(watch(`(b) ${planText(plan)}`, plan, whole, options));
  }
  const best = searchPlan(whole, { budget, floor });
  const recommended = watch(`recommended: ${planText(best)}`, best, whole, options);
  plans.push(recommended);
  const hosts = whole.hosts === 1 ? "1 host" : `${whole.hosts} hosts`;
  const shares = best.map((sweep) => {
    const share = packetsPerSecond([sweep], whole) / budget;
    return `${intervalText(sweep.interval)} ${(100 * share).toFixed(1)} %`;
  });
  const scansOf = (plan: Plan) =>
    plan.reduce((sum, { interval }) => sum + whole.hosts / interval, 0).toPrecision(2);
  return [
    `## ${hosts}, ${budget.toPrecision(4)} packets/s`,
    `${seeds.length} runs of ${openings} openings; ${
      whole.model.openPerHost.toFixed(2)
    } open ports ` +
    `per host; ${(100 * whole.silent).toFixed(0)} % of the hosts silent; long tail ` +
    `${
      (100 * whole.model.tail).toFixed(0)
    } %; "sooner" is (a)'s mean / the plan's mean, min..max of the runs.`,
    plansTable(base, plans),
    ...refused,
    `Share of the budget by sweep: ${shares.join(", ")}. ` +
    `Scans of one host per second: ${scansOf(best)}, with (a) ${scansOf(single)}.`,
    classTable(base, recommended),
    planYaml(best, whole.hosts === 1 ? "192.0.2.1" : "192.0.2.0/24"),
  ].join("\n\n");
}

/** One row per world: what the plan recommended for the first comes to there, and the best plan for it. */
export function sensitivity(
  worlds: readonly { name: string; world: World }[],
  options: RunOptions,
): string {
  const { budget, floor } = options;
  let recommended: Plan | undefined;
  const rows = worlds.map(({ name, world }) => {
    const whole = wholeHosts(world);
    const best = searchPlan(whole, { budget, floor });
    recommended ??= best;
    // Where the recommended sweeps cost more or less here, the sweep of everything gives way.
    const sweeps = recommended.filter(({ range }) => range !== "full");
    const adapted = withFullSweep(sweeps, whole, budget) ?? best;
    const base = watch("(a)", singleSweep(whole, budget), whole, options);
    const row = ratioRow(base, watch("", adapted, whole, options));
    const [own] = ratioRow(base, watch("", best, whole, options));
    return [name, ...row, own!, planText(best), `${whole.model.bestRatio().toPrecision(3)}`];
  });
  const head = ["assumption", "openings sooner", "closings sooner", "both"];
  return table([...head, "openings, its own best plan", "that plan", "openings, bound"], rows);
}
