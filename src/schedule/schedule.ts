import TinyQueue from "tinyqueue";
import { type ScanUnit, unitId } from "../domain/scan.ts";
import type { PlannedTarget } from "./plan.ts";

/** A unit whose turn has come. */
export interface DueUnit {
  readonly unit: ScanUnit;
  readonly id: string;
  readonly target: PlannedTarget;
  /** Whole turns that passed before this one could be taken. */
  readonly missedTurns: number;
}

interface Entry {
  readonly target: PlannedTarget;
  readonly intervalMs: number;
  /** When the round that is under way, or comes next, began to be due. */
  roundDueAt: number;
  /** Units of that round handed out so far. */
  taken: number;
  missedTurns: number;
}

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
  readonly #later: TinyQueue<Entry>;

  /** Every target is due at `now`, then at every full interval after it. */
  constructor(targets: readonly PlannedTarget[], now: number) {
    this.#later = new TinyQueue(
      targets.map((target) => ({
        target,
        intervalMs: target.interval * 1000,
        roundDueAt: now,
        taken: 0,
        missedTurns: 0,
      })),
      (a, b) => a.roundDueAt - b.roundDueAt,
    );
  }

  /** When the next unit is due, which is in the past when one is overdue; undefined when nothing is planned. */
  get nextDueAt(): number | undefined {
    const due = this.#due.peek();
    return due === undefined ? this.#later.peek()?.roundDueAt : due.roundDueAt;
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
    if (entry.taken < target.unitCount) this.#due.push(entry);
    else this.#endRound(entry, now);
    return { unit, id: unitId(unit), target, missedTurns };
  }

  /** Makes the targets that `which` picks due at once, unless a round of theirs is under way. */
  hasten(which: (target: PlannedTarget) => boolean, now: number): void {
    for (const entry of this.#later.data) {
      if (which(entry.target)) entry.roundDueAt = Math.min(entry.roundDueAt, now);
    }
    const entries = this.#later.data.splice(0);
    this.#later.length = 0;
    for (const entry of entries) this.#later.push(entry);
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
    entry.roundDueAt += (entry.missedTurns + 1) * entry.intervalMs;
    entry.taken = 0;
    this.#later.push(entry);
  }
}

/**
 * The units of a round share its interval evenly, so that a target of many units cannot push
 * every other target back until all of its own have been taken.
 */
function unitDueAt({ roundDueAt, taken, target, intervalMs }: Entry): number {
  return roundDueAt + (taken / target.unitCount) * intervalMs;
}
