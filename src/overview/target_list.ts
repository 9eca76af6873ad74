import type { TargetConfig } from "../config/config.ts";
import { lastOf, type Network, networkContains } from "../domain/network.ts";
import type { Plan, PlannedTarget } from "../schedule/plan.ts";
import type { RoundState } from "../schedule/schedule.ts";
import type { Scheduler } from "../schedule/scheduler.ts";
import type { ScanRecords } from "../state/scan_records.ts";
import type { Part, ScheduleView, TargetQuery, TargetRow } from "./overview.ts";
import { Recent } from "./recent.ts";
import { parseSearch, type Search } from "./search.ts";
import { isStale, schedulesOf, type TargetSchedule } from "./target_schedules.ts";
import { TargetTroubles } from "./target_troubles.ts";
import { TargetUnits, type UnitRules } from "./target_units.ts";
import { UnitBook } from "./unit_book.ts";
import type { UnitTotals } from "./unit_totals.ts";

/** Searches whose finds are kept, and targets of which is kept how they are scanned. */
const SEARCHES = 8;
const TARGETS = 500;

/** What the list of targets is made from. */
export interface TargetListOptions {
  /** Another list when one of them changes. */
  readonly targets: () => readonly TargetConfig[];
  /** Another one when anything planned changes. */
  readonly plan: () => Pick<Plan, "targetOf">;
  readonly rules: () => UnitRules;
  readonly records: Pick<ScanRecords, "get" | "blocks">;
  readonly schedule: Pick<Scheduler, "roundsOf">;
  /** Says how many ports of a target deviate from what it says of them, by its name. */
  readonly violationsOf: () => (name: string) => number;
  /** Milliseconds on the schedule's clock. */
  readonly now: () => number;
  /** Milliseconds to add to the schedule's clock to get unix milliseconds. */
  readonly wallOffset: () => number;
}

/** A schedule, with what is planned for it. */
interface Scheduling extends TargetSchedule {
  /** What is planned for it, be it together with other targets. */
  readonly planned: readonly PlannedTarget[];
}

/** How a target is scanned. */
interface Scanned {
  readonly units: TargetUnits;
  readonly schedules: readonly Scheduling[];
}

/** The targets, with what became of their scans. */
export class TargetList {
  readonly #options: TargetListOptions;
  readonly #book: UnitBook;
  readonly #troubles: TargetTroubles;
  readonly #finds = new Recent<string, readonly TargetConfig[]>(SEARCHES);
  readonly #scanned = new Recent<TargetConfig, Scanned>(TARGETS);
  #targets: readonly TargetConfig[] | undefined;
  #plan: unknown;

  constructor(options: TargetListOptions) {
    this.#options = options;
    this.#book = new UnitBook(options.records);
    this.#troubles = new TargetTroubles({
      ...options,
      book: this.#book,
      unitsOf: (target) => new TargetUnits(target, options.rules()),
    });
  }

  /** What became of the scans of all targets. */
  totals(): UnitTotals {
    return this.#book.readAll();
  }

  /** Those that fit a search, in the order of the configuration and its lists. */
  find({ search, trouble, offset, limit }: TargetQuery): Part<TargetRow> {
    const { targets, plan, schedule } = this.#options;
    const all = targets();
    if (all !== this.#targets) this.#finds.clear();
    if (all !== this.#targets || plan() !== this.#plan) this.#scanned.clear();
    this.#targets = all;
    this.#plan = plan();
    const text = search.trim();
    const fitting = text === "" ? all : this.#finds.of(text, () => {
      const wanted = parseSearch(text, { hasPorts: false });
      return all.filter((target) => fits(target, wanted));
    });
    const having = trouble && this.#troubles.of(all, trouble);
    const found = having === undefined ? fitting : fitting.filter((each) => having.has(each));
    const shown = found.slice(offset, offset + limit);
    const scanned = shown.map((target) => this.#scanned.of(target, () => this.#scannedAs(target)));
    const planned = scanned.flatMap(({ schedules }) => schedules.flatMap(({ planned }) => planned));
    const rounds = schedule.roundsOf(new Set(planned));
    const violationsOf = this.#options.violationsOf();
    const rows = shown.map(({ name, texts }, index): TargetRow => {
      const { units, schedules } = scanned[index]!;
      const views = schedules.map((each) => this.#view(units, each, rounds));
      return { name, texts, violations: violationsOf(name), schedules: views };
    });
    return { total: found.length, atLeast: false, rows };
  }

  #scannedAs(target: TargetConfig): Scanned {
    const units = new TargetUnits(target, this.#options.rules());
    const firsts = units.firsts();
    const schedules = schedulesOf(target).map((schedule): Scheduling => {
      const { portRange, protocol, ports } = schedule;
      const key = { target: "", portRange, protocol };
      const planned = firsts.map((network) =>
        this.#options.plan().targetOf({ key, network, ports })
      );
      const known = new Set(planned.filter((each) => each !== undefined));
      return { ...schedule, planned: [...known] };
    });
    return { units, schedules };
  }

  #view(
    units: TargetUnits,
    scheduling: Scheduling,
    rounds: ReadonlyMap<PlannedTarget, RoundState>,
  ): ScheduleView {
    const { protocol, portRange, planned } = scheduling;
    const totals = this.#book.read(units, scheduling);
    const { scanned, complete, failing, failure, completeSince, lastEndAt, isPending } = totals;
    const now = this.#options.now() + this.#options.wallOffset();
    return {
      portRange,
      protocol,
      // Where several targets share a unit, it is scanned as often as one of them asks for.
      interval: planned.reduce(
        (least, { interval }) => Math.min(least, interval),
        scheduling.interval,
      ),
      units: units.count,
      unitsNeverScanned: units.count - scanned,
      unitsFailing: failing,
      failure,
      completeSince: units.count > 0 && complete === units.count ? completeSince : undefined,
      isStale: isStale(totals, { units, scheduling, now }),
      lastEndAt: scanned > 0 ? lastEndAt : undefined,
      ...this.#next(planned, { rounds, isPending }),
    };
  }

  /** Whether one of several rounds is under way and, if not, when the next is due. */
  #next(
    planned: readonly PlannedTarget[],
    { rounds, isPending }: {
      readonly rounds: ReadonlyMap<PlannedTarget, RoundState>;
      readonly isPending: boolean;
    },
  ): Pick<ScheduleView, "isUnderWay" | "nextAt"> {
    const known = planned.map((target) => rounds.get(target)).filter((each) => each !== undefined);
    if (isPending || known.some(({ isUnderWay }) => isUnderWay)) {
      return { isUnderWay: true, nextAt: undefined };
    }
    const next = known.reduce((least, { dueAt }) => Math.min(least, dueAt), Infinity);
    // Of what is excluded, and of names without an address, nothing is planned.
    const nextAt = next === Infinity ? undefined : Math.round(next + this.#options.wallOffset());
    return { isUnderWay: false, nextAt };
  }
}

/** Whether a name or address of a target fits. */
function fits({ name, texts, networks }: TargetConfig, search: Search): boolean {
  const { text } = search;
  const isNamed = text === "" || name.toLowerCase().includes(text) ||
    texts.some((each) => each.toLowerCase().includes(text));
  return isNamed &&
    search.networks.every((wanted) => networks.some(({ network }) => overlaps(network, wanted)));
}

function overlaps(network: Network, wanted: Network): boolean {
  if (network.family !== wanted.family) return false;
  // Of two networks that share an address, one contains the other.
  return network.base >= wanted.base
    ? network.base <= lastOf(wanted)
    : networkContains(network, { family: wanted.family, value: wanted.base });
}
