import TinyQueue from "tinyqueue";
import { type ScanUnit, unitId } from "../domain/scan.ts";
import { smallest } from "./heap_walk.ts";
import { isLarge, type PlannedTarget } from "./plan.ts";

/** A unit whose turn has come. */
export interface DueUnit {
  readonly unit: ScanUnit;
  readonly id: string;
  readonly target: PlannedTarget;
  /** Whole turns that passed before this one could be taken. */
  readonly missedTurns: number;
  /** Which unit of its target it is and where the schedule was afterwards, when it was taken from one. */
  readonly place?: { readonly index: number; readonly after: RoundPosition };
}

/** Where the schedule is with one target, in milliseconds of its clock. */
export interface RoundPosition {
  readonly dueAt: number;
  /** Units of the round that were taken. */
  readonly taken: number;
  /** A round never began: `dueAt` is when the first one may. */
  readonly isFirst?: boolean;
}

/** A target whose turn comes. */
export interface ComingTarget {
  readonly target: PlannedTarget;
  /** When its next unit is due, milliseconds of the schedule's clock; in the past when it is late. */
  readonly dueAt: number;
}

/** Where a target is in its rounds. */
export interface RoundState {
  /** When the round is due that is under way or comes next. */
  readonly dueAt: number;
  /** Some but not all of its units were handed out. */
  readonly isUnderWay: boolean;
}

interface Entry {
  readonly target: PlannedTarget;
  readonly intervalMs: number;
  /** When the round that is under way, or comes next, is due by the interval. */
  phaseAt: number;
  /** When it may begin: later than its phase where many became due while the program was down. */
  roundDueAt: number;
  /** Units of that round handed out so far. */
  taken: number;
  missedTurns: number;
  /** Whether a round of it ever began, here or in what this schedule goes on from. */
  begun: boolean;
  /** Of a large target, the position to store: after the unit that was begun last. */
  stored: RoundPosition | undefined;
}

/** Share of its interval, and most milliseconds, over which targets that became due while down are spread. */
const SPREAD_SHARE = 0.1;
const MAX_SPREAD_MS = 10 * 60 * 1000;

/**
 * When each target is due: pure arithmetic on milliseconds of a monotonic clock.
 *
 * It costs one small entry a target, however many units the target splits into: the units of a round
 * are made one after the other as they are taken.
 */
export class Schedule {
  /** Targets whose round is due or under way, the most overdue unit first. */
  readonly #due = new TinyQueue<Entry>([], (a, b) => unitDueAt(a) - unitDueAt(b));
  /** Targets whose next round is still to come, the soonest first. */
  readonly #later = new TinyQueue<Entry>([], (a, b) => a.roundDueAt - b.roundDueAt);
  readonly #moved = new Set<Entry>();
  readonly #large = new Map<string, Entry>();

  /**
   * Targets that `positions` knows go on where they were; every other one is due at `now`, and then
   * at every full interval after it. With `wasDown`, turns that nobody was there to take are not made
   * up for, and what became due meanwhile is spread.
   */
  constructor(
    targets: readonly PlannedTarget[],
    { now, positions = new Map(), wasDown = false }: {
      now: number;
      positions?: ReadonlyMap<string, RoundPosition>;
      wasDown?: boolean;
    },
  ) {
    const entries = targets.map((target) => {
      // To make 100,000 ids for nothing takes a while.
      const position = positions.size === 0 ? undefined : positions.get(target.id);
      const entry = newEntry(target, position, now);
      // Else what was corrected here would have to be corrected again after each restart, and move on.
      if (position !== undefined && position.dueAt !== entry.phaseAt) this.#moved.add(entry);
      return entry;
    });
    if (wasDown) spreadOverdue(entries, now);
    for (const entry of entries) this.#add(entry);
  }

  /** When the next unit is due, which is in the past when one is overdue; undefined when nothing is planned. */
  get nextDueAt(): number | undefined {
    const due = this.#due.peek();
    return due === undefined ? this.#later.peek()?.roundDueAt : due.roundDueAt;
  }

  /** The `limit` targets whose next unit is due the soonest, the soonest first; costs as much as is given. */
  coming(limit: number): ComingTarget[] {
    const heaps = [
      { data: this.#due.data, keyOf: unitDueAt },
      { data: this.#later.data, keyOf: ({ roundDueAt }: Entry) => roundDueAt },
    ];
    return Array.from(smallest(heaps, limit), ([{ target }, dueAt]) => ({ target, dueAt }));
  }

  /** Where those of `targets` are that this schedule has, in one pass over all that it has. */
  roundsOf(targets: ReadonlySet<PlannedTarget>): Map<PlannedTarget, RoundState> {
    const rounds = new Map<PlannedTarget, RoundState>();
    for (const { data } of [this.#due, this.#later]) {
      for (const { target, roundDueAt, taken } of data) {
        if (!targets.has(target)) continue;
        rounds.set(target, { dueAt: roundDueAt, isUnderWay: taken > 0 });
      }
    }
    return rounds;
  }

  /** Milliseconds by which the most overdue unit that was not taken yet is behind the pace of its round. */
  lag(now: number): number {
    this.#collectDue(now);
    const first = this.#due.peek();
    return first === undefined ? 0 : Math.max(0, now - unitDueAt(first));
  }

  /** Takes the most overdue unit and moves its target on; undefined when none is due. */
  take(now: number): DueUnit | undefined {
    this.#collectDue(now);
    const entry = this.#due.pop();
    if (entry === undefined) return undefined;
    const unit = entry.target.unitAt(entry.taken);
    const { target, missedTurns } = entry;
    entry.taken++;
    entry.begun = true;
    const index = entry.taken - 1;
    if (entry.taken < target.unitCount) this.#due.push(entry);
    else this.#endRound(entry, now);
    if (!isLarge(target)) this.#moved.add(entry);
    const after = { dueAt: entry.phaseAt, taken: entry.taken };
    return { unit, id: unitId(unit), target, missedTurns, place: { index, after } };
  }

  /**
   * Says that a unit of a large target is being scanned, and where the schedule was after it was taken.
   * Those that wait are not stored one by one: a later process takes them again, from here on.
   */
  begun(targetId: string, after: RoundPosition): void {
    const entry = this.#large.get(targetId);
    if (entry === undefined) return;
    entry.stored = after;
    this.#moved.add(entry);
  }

  /** Makes the targets that `which` picks due at once, unless a round of theirs is under way. */
  hasten(which: (target: PlannedTarget) => boolean, now: number): void {
    for (const entry of this.#later.data) {
      if (which(entry.target)) entry.phaseAt = entry.roundDueAt = Math.min(entry.roundDueAt, now);
    }
    const entries = this.#later.data.splice(0);
    this.#later.length = 0;
    for (const entry of entries) this.#later.push(entry);
  }

  /**
   * A schedule of these targets that goes on where this one is; targets that it does not know are due
   * at `now`. One whose interval differs is due a new interval after its last round began, or at `now`
   * if that is over: no turn of the new interval can have been missed.
   */
  replaced(targets: readonly PlannedTarget[], now: number): Schedule {
    const before = new Map(
      [...this.#due.data, ...this.#later.data].map((entry) => [entry.target.id, entry]),
    );
    const schedule = new Schedule([], { now });
    for (const target of targets) {
      const known = before.get(target.id);
      const position = known && positionAfter(known, target, now);
      const entry = newEntry(target, position, now);
      if (known !== undefined) entry.stored = storedAfter(known, entry);
      const isOther = known?.begun === true && known.intervalMs !== entry.intervalMs;
      if (isOther || (position !== undefined && position.dueAt !== entry.phaseAt)) {
        schedule.#moved.add(entry);
      }
      schedule.#add(entry);
    }
    return schedule;
  }

  /** Positions that moved since this was last asked for. */
  takeMoved(): Map<string, RoundPosition> {
    const moved = new Map<string, RoundPosition>();
    for (const { target, phaseAt, taken, stored } of this.#moved) {
      const position = isLarge(target) ? stored : { dueAt: phaseAt, taken };
      if (position !== undefined) moved.set(target.id, position);
    }
    this.#moved.clear();
    return moved;
  }

  #add(entry: Entry): void {
    this.#later.push(entry);
    if (isLarge(entry.target)) this.#large.set(entry.target.id, entry);
  }

  #collectDue(now: number): void {
    for (let first = this.#later.peek(); first !== undefined && first.roundDueAt <= now;) {
      this.#later.pop();
      this.#due.push(first);
      first = this.#later.peek();
    }
  }

  #endRound(entry: Entry, now: number): void {
    const behind = Math.max(0, now - entry.roundDueAt - entry.intervalMs);
    entry.missedTurns = Math.floor(behind / entry.intervalMs);
    entry.phaseAt += (entry.missedTurns + 1) * entry.intervalMs;
    entry.roundDueAt = entry.phaseAt;
    entry.taken = 0;
    this.#later.push(entry);
  }
}

/** What to store of a large target whose interval may be another one. */
function storedAfter({ stored, phaseAt }: Entry, next: Entry): RoundPosition | undefined {
  // Units of the round before this one wait still: they come first.
  if (stored?.dueAt !== phaseAt) return stored;
  return { dueAt: next.phaseAt, taken: stored.taken };
}

/** Where a target goes on whose interval may be another one. */
function positionAfter(
  { roundDueAt, taken, intervalMs, begun }: Entry,
  { interval }: PlannedTarget,
  now: number,
): RoundPosition {
  const next = interval * 1000;
  const dueAt = next === intervalMs || !begun
    ? roundDueAt
    : taken > 0
    ? Math.max(roundDueAt, now - next)
    : Math.max(roundDueAt - intervalMs + next, Math.min(roundDueAt, now));
  return { dueAt, taken, isFirst: !begun };
}

function newEntry(target: PlannedTarget, position: RoundPosition | undefined, now: number): Entry {
  const intervalMs = target.interval * 1000;
  const entry: Entry = {
    target,
    intervalMs,
    phaseAt: now,
    roundDueAt: now,
    taken: 0,
    missedTurns: 0,
    begun: position !== undefined && position.isFirst !== true,
    stored: undefined,
  };
  if (position === undefined) return entry;
  const taken = position.taken < target.unitCount ? position.taken : 0;
  // A clock that was set back while the program was down delays nothing by more than an interval.
  const phaseAt = Math.min(position.dueAt, now + intervalMs);
  const stored = isLarge(target) ? { dueAt: phaseAt, taken } : undefined;
  return { ...entry, phaseAt, roundDueAt: phaseAt, taken, stored };
}

function spreadOverdue(entries: readonly Entry[], now: number): void {
  const overdue = entries.filter(({ phaseAt }) => phaseAt < now);
  for (const entry of overdue) {
    entry.phaseAt += Math.floor((now - entry.phaseAt) / entry.intervalMs) * entry.intervalMs;
    entry.roundDueAt = entry.phaseAt;
  }
  // A round that was under way goes on: its units are spread already.
  const idle = overdue.filter(({ taken }) => taken === 0);
  for (const [index, entry] of idle.entries()) {
    const spread = Math.min(entry.intervalMs * SPREAD_SHARE, MAX_SPREAD_MS);
    entry.roundDueAt = now + spread * (index / idle.length);
  }
}

/**
 * The units of a round share its interval evenly, so that a target of many units cannot push
 * every other target back until all of its own have been taken.
 */
function unitDueAt({ roundDueAt, taken, target, intervalMs }: Entry): number {
  return roundDueAt + (taken / target.unitCount) * intervalMs;
}
