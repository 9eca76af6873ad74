import type { ScanUnit } from "../domain/scan.ts";
import type { PlannedTarget } from "../schedule/plan.ts";

/** Who asked for a scan: the schedule, or a person through the API. */
export type TaskOrigin = "schedule" | "request";

/** A scan unit that waits for a worker. */
export interface Task {
  readonly unit: ScanUnit;
  /** Identity of the unit: no two tasks with one id wait at once. */
  readonly id: string;
  readonly origin: TaskOrigin;
  /** What it was planned for; undefined for a request. */
  readonly target: PlannedTarget | undefined;
}

/** Share of the capacity that scheduled tasks may fill; the rest is kept for requests. */
export const SCHEDULE_SHARE = 0.75;

/** Bounded first-in, first-out queue of scan tasks in which requests go before scheduled tasks. */
export class TaskQueue {
  readonly capacity: number;
  // A Map keeps insertion order and finds duplicates at once.
  readonly #waiting: Record<TaskOrigin, Map<string, Task>> = {
    request: new Map(),
    schedule: new Map(),
  };

  /** `capacity` is the number of tasks that can wait at once, at least 1. */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Tasks waiting now. */
  get size(): number {
    return this.#waiting.request.size + this.#waiting.schedule.size;
  }

  /** Scheduled tasks that would be accepted now. */
  get scheduleRoom(): number {
    const share = Math.max(1, Math.floor(this.capacity * SCHEDULE_SHARE));
    return Math.max(
      0,
      Math.min(share - this.#waiting.schedule.size, this.capacity - this.size),
    );
  }

  /** Requested tasks that would be accepted now. */
  get requestRoom(): number {
    return this.capacity - this.size;
  }

  /** Whether a task with this id waits. */
  has(id: string): boolean {
    return this.#waiting.request.has(id) || this.#waiting.schedule.has(id);
  }

  /** Adds a task, or says why not; a request for what is already scheduled moves that task ahead. */
  offer(task: Task): "accepted" | "full" | "duplicate" {
    if (this.has(task.id)) {
      if (task.origin === "request" && this.#waiting.schedule.delete(task.id)) {
        this.#waiting.request.set(task.id, task);
      }
      return "duplicate";
    }
    const room = task.origin === "schedule" ? this.scheduleRoom : this.requestRoom;
    if (room < 1) return "full";
    this.#waiting[task.origin].set(task.id, task);
    return "accepted";
  }

  /** Removes and returns the task whose turn it is; undefined when none waits. */
  take(): Task | undefined {
    for (const waiting of [this.#waiting.request, this.#waiting.schedule]) {
      for (const [id, task] of waiting) {
        waiting.delete(id);
        return task;
      }
    }
    return undefined;
  }

  /** Ids of the tasks that wait, in no particular order. */
  *ids(): Iterable<string> {
    yield* this.#waiting.request.keys();
    yield* this.#waiting.schedule.keys();
  }
}
