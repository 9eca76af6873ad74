import type { ScanUnit } from "../domain/scan.ts";
import type { PlannedTarget } from "../schedule/plan.ts";
import type { RoundPosition } from "../schedule/schedule.ts";
import type { Task } from "./task_queue.ts";

/** A task of the schedule that makes its unit when asked for it: 750,000 may wait. */
export class ScheduledTask implements Task {
  readonly origin = "schedule";
  readonly id: string;
  readonly target: PlannedTarget;
  readonly sizeClass: number;
  /** Where the schedule was with the target once it had handed this unit out. */
  readonly after: RoundPosition;
  readonly #index: number;

  /** The task of the unit of `target` at `index`. */
  constructor(
    { id, target, index, after }: {
      id: string;
      target: PlannedTarget;
      index: number;
      after: RoundPosition;
    },
    sizeClass: number,
  ) {
    this.id = id;
    this.target = target;
    this.#index = index;
    this.after = after;
    this.sizeClass = sizeClass;
  }

  get unit(): ScanUnit {
    return this.target.unitAt(this.#index);
  }

  /** The same task for a target with the same id, which may have other options. */
  renewed(target: PlannedTarget, sizeClass: number): ScheduledTask {
    const { id, after } = this;
    return new ScheduledTask({ id, target, index: this.#index, after }, sizeClass);
  }
}
