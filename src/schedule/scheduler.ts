import type { ScanUnit } from "../domain/scan.ts";
import { type PlannedTarget, unitOf } from "./plan.ts";
import {
  type ComingTarget,
  type DueUnit,
  type RoundPosition,
  type RoundState,
  Schedule,
} from "./schedule.ts";

/** Longest sleep of a platform timer, 2^31 - 1 ms (HTML standard, setTimeout); longer waits are cut up. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds that units are handed out at a stretch, and units between two looks at the clock. */
const FILL_MS = 5;
const FILL_STEP = 16;

/** What a scheduler needs from the rest of the program. */
export interface SchedulerOptions {
  readonly targets: readonly PlannedTarget[];
  /** Where an earlier process was with its targets. */
  readonly positions: ReadonlyMap<string, RoundPosition>;
  /** Units that an earlier process took and did not end; they go first. */
  readonly unfinished: readonly DueUnit[];
  /** Milliseconds on a clock that is never set back. */
  readonly now: () => number;
  /** Tasks that the queue would take from the schedule now. */
  readonly room: () => number;
  /** Whether a unit with this id waits or runs. */
  readonly isActive: (id: string) => boolean;
  /** Hands a due unit over; called only while there is room. */
  readonly offer: (due: DueUnit) => void;
  /** Called for `turns` turns that a unit lost because it was still waiting or running. */
  readonly skipped: (unit: ScanUnit, turns: number) => void;
  /** Called when units were taken. */
  readonly filled: () => void;
}

/** Hands due units to the queue as room allows; what is due but has no room stays in the schedule. */
export class Scheduler {
  readonly #options: SchedulerOptions;
  #schedule: Schedule;
  /** Units of an earlier process, the first to go at the end. */
  #unfinished: DueUnit[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    const { targets, positions, unfinished, now } = options;
    this.#schedule = new Schedule(targets, { now: now(), positions, wasDown: true });
    this.#unfinished = unfinished.toReversed();
  }

  /** Seconds by which the most overdue scan that is not even queued is late. */
  get lagSeconds(): number {
    return this.#running ? this.#schedule.lag(this.#options.now()) / 1000 : 0;
  }

  /** The `limit` targets whose next unit is due the soonest, the soonest first. */
  coming(limit: number): ComingTarget[] {
    return this.#schedule.coming(limit);
  }

  /** Where those of `targets` are that are scheduled, in one pass over all that are. */
  roundsOf(targets: ReadonlySet<PlannedTarget>): Map<PlannedTarget, RoundState> {
    return this.#schedule.roundsOf(targets);
  }

  /** Begins to hand out what is due. */
  start(): void {
    this.#running = true;
    this.fill();
  }

  /** Stops for good. */
  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  /**
   * Fills the queue from what is due; to be called whenever room appears. Where there is much room, it
   * goes on in later turns of the event loop, so that nothing else has to wait for it.
   */
  fill(): void {
    if (!this.#running) return;
    const { now, room, isActive, offer, skipped, filled } = this.#options;
    const began = now();
    let taken = 0;
    while (room() > 0) {
      if (taken % FILL_STEP === FILL_STEP - 1 && now() - began > FILL_MS) break;
      const due = this.#unfinished.pop() ?? this.#schedule.take(now());
      if (due === undefined) break;
      taken++;
      const active = isActive(due.id);
      const lostTurns = due.missedTurns + (active ? 1 : 0);
      if (lostTurns > 0) skipped(due.unit, lostTurns);
      if (!active) offer(due);
    }
    if (taken > 0) filled();
    this.#sleep();
  }

  /** Puts other targets in place: those that were there keep their turn, new ones are due at once. */
  replace(targets: readonly PlannedTarget[]): void {
    const known = new Map(
      this.#unfinished.length === 0 ? [] : targets.map((target) => [target.id, target]),
    );
    this.#unfinished = this.#unfinished.flatMap((due) => {
      const target = known.get(due.target.id);
      return target === undefined ? [] : [{ ...due, target, unit: unitOf(target, due.unit) }];
    });
    this.#schedule = this.#schedule.replaced(targets, this.#options.now());
    this.fill();
  }

  /** Hands out a unit that was due while it could not be taken, ahead of all others. */
  resume(due: DueUnit): void {
    this.#unfinished.unshift(due);
    this.fill();
  }

  /** Says that a unit of a large target is being scanned; see `Schedule.begun`. */
  begun(targetId: string, after: RoundPosition): void {
    this.#schedule.begun(targetId, after);
  }

  /** Positions that moved since this was last asked for, by target id. */
  takeMoved(): Map<string, RoundPosition> {
    return this.#schedule.takeMoved();
  }

  /** Makes targets due at once, for instance those that failed for a reason which is gone. */
  hasten(which: (target: PlannedTarget) => boolean): void {
    this.#schedule.hasten(which, this.#options.now());
    this.fill();
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    const { nextDueAt } = this.#schedule;
    // Without room there is nothing to do until a task leaves the queue, which calls fill().
    const dueAt = this.#unfinished.length > 0 ? -Infinity : nextDueAt;
    if (dueAt === undefined || this.#options.room() === 0) return;
    const wait = Math.min(Math.max(0, dueAt - this.#options.now()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.fill(), wait);
  }
}
