import type { ScanUnit } from "../domain/scan.ts";
import type { PlannedTarget } from "../schedule/plan.ts";
import { Line } from "./line.ts";

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
  /** Grows with the size of the unit: 0 for the smallest. */
  readonly sizeClass: number;
}

/** Share of the capacity that scheduled tasks may fill; the rest is kept for requests. */
export const SCHEDULE_SHARE = 0.75;

/** Bounded queue of scan tasks: requests and scheduled tasks apart, each first in, first out. */
export class TaskQueue {
  /** Tasks that can wait at once; those above a lower number wait on, but no more are taken in. */
  capacity: number;
  readonly #waiting: Record<TaskOrigin, Line<Task>> = {
    request: new Line(),
    schedule: new Line(),
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
    return Math.max(0, this.capacity - this.size);
  }

  /** Whether a task with this id waits. */
  has(id: string): boolean {
    return this.#waiting.request.has(id) || this.#waiting.schedule.has(id);
  }

  /** Adds a task, or says why not; a request for what is already scheduled moves that task ahead. */
  offer(task: Task): "accepted" | "full" | "duplicate" {
    if (this.has(task.id)) {
      const scheduled = task.origin === "request" && this.#waiting.schedule.remove(task.id);
      if (scheduled) {
        const { unit, id, target, sizeClass } = scheduled;
        this.#waiting.request.add({ unit, id, origin: "request", target, sizeClass });
      }
      return "duplicate";
    }
    const room = task.origin === "schedule" ? this.scheduleRoom : this.requestRoom;
    if (room < 1) return "full";
    this.#waiting[task.origin].add(task);
    return "accepted";
  }

  /** Removes and returns the oldest task of an origin that is no larger than `sizeClass`. */
  take(origin: TaskOrigin, sizeClass = Infinity): Task | undefined {
    return this.#waiting[origin].take(sizeClass);
  }

  /** Removes and returns the tasks that `which` picks. */
  remove(which: (task: Task) => boolean): Task[] {
    return [this.#waiting.request, this.#waiting.schedule].flatMap((line) =>
      [...line.tasks()].filter(which).flatMap(({ id }) => line.remove(id) ?? [])
    );
  }

  /** Replaces waiting tasks by what `renew` makes of them; their place and id stay. */
  renew(renew: (task: Task) => Task): void {
    for (const line of [this.#waiting.request, this.#waiting.schedule]) line.renew(renew);
  }

  /** Ids of the tasks that wait, in no particular order. */
  *ids(): Iterable<string> {
    yield* this.#waiting.request.ids();
    yield* this.#waiting.schedule.ids();
  }
}
