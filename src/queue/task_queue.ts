import { PRIORITIES, type Priority } from "../domain/priority.ts";
import type { ScanUnit } from "../domain/scan.ts";
import type { PlannedTarget } from "../schedule/plan.ts";
import { Line } from "./line.ts";

/** Who asked for a scan: the schedule, or a person through the API. */
export type TaskOrigin = "schedule" | "request";

/** Where a task waits; a request for what waits in a later lane moves it ahead. */
const LANES = [...PRIORITIES, "schedule"] as const;
/** See `LANES`. */
export type Lane = typeof LANES[number];

/** A scan unit that waits for a worker. */
export interface Task {
  readonly unit: ScanUnit;
  /** Identity of the unit: no two tasks with one id wait at once. */
  readonly id: string;
  readonly origin: TaskOrigin;
  /** Of a request. */
  readonly priority?: Priority;
  /** Seconds that a request wants one process to take, in the place of what is configured. */
  readonly timeout?: number | undefined;
  /** What it was planned for; undefined for a request. */
  readonly target: PlannedTarget | undefined;
  /** Grows with the size of the unit: 0 for the smallest. */
  readonly sizeClass: number;
}

/** The lane that a task waits in; a request without a priority is a normal one. */
export function laneOf({ origin, priority = "normal" }: Pick<Task, "origin" | "priority">): Lane {
  return origin === "schedule" ? origin : priority;
}

/** Share of the capacity that scheduled tasks may fill; the rest is kept for requests. */
const SCHEDULE_SHARE = 0.75;

/** Bounded queue of scan tasks in lanes, each first in, first out. */
export class TaskQueue {
  /** Tasks that can wait at once; those above a lower number wait on, but no more are taken in. */
  capacity: number;
  readonly #waiting: Readonly<Record<Lane, Line<Task>>> = {
    high: new Line(),
    normal: new Line(),
    low: new Line(),
    schedule: new Line(),
  };

  /** `capacity` is the number of tasks that can wait at once, at least 1. */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Tasks waiting now. */
  get size(): number {
    return LANES.reduce((sum, lane) => sum + this.#waiting[lane].size, 0);
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
    return this.#laneWith(id) !== undefined;
  }

  /** Adds a task, or says why not; a request for what waits in a later lane moves that task ahead. */
  offer(task: Task): "accepted" | "full" | "duplicate" {
    const lane = laneOf(task);
    const waitsIn = this.#laneWith(task.id);
    if (waitsIn !== undefined) {
      if (LANES.indexOf(lane) < LANES.indexOf(waitsIn)) {
        const { unit, id, target, sizeClass, timeout } = this.#waiting[waitsIn].remove(task.id)!;
        const asked = { origin: "request", priority: task.priority ?? "normal", timeout } as const;
        this.#waiting[lane].add({ unit, id, ...asked, target, sizeClass });
      }
      return "duplicate";
    }
    const room = lane === "schedule" ? this.scheduleRoom : this.requestRoom;
    if (room < 1) return "full";
    this.#waiting[lane].add(task);
    return "accepted";
  }

  /** Adds what waited before, or a part of it, also when the queue is full. */
  putBack(task: Task): void {
    if (!this.has(task.id)) this.#waiting[laneOf(task)].add(task);
  }

  /** Removes and returns the oldest task of a lane that is no larger than `sizeClass`. */
  take(lane: Lane, sizeClass = Infinity): Task | undefined {
    return this.#waiting[lane].take(sizeClass);
  }

  /** What waits, lane by lane and each the oldest first; not to be changed meanwhile. */
  *inOrder(): Generator<Task> {
    for (const lane of LANES) yield* this.#waiting[lane].inOrder();
  }

  /** Removes those of the tasks with these ids that `which` picks, however many others wait. */
  withdraw(ids: Iterable<string>, which: (task: Task) => boolean): void {
    for (const id of ids) {
      const lane = this.#laneWith(id);
      if (lane !== undefined && which(this.#waiting[lane].get(id)!)) this.#waiting[lane].remove(id);
    }
  }

  /** Removes and returns the tasks that `which` picks; looks at all of them. */
  remove(which: (task: Task) => boolean): Task[] {
    return Object.values(this.#waiting).flatMap((line) =>
      [...line.tasks()].filter(which).flatMap(({ id }) => line.remove(id) ?? [])
    );
  }

  /** Replaces waiting tasks by what `renew` makes of them; their place and id stay. */
  renew(renew: (task: Task) => Task): void {
    for (const line of Object.values(this.#waiting)) line.renew(renew);
  }

  /** Ids of the tasks that wait, in no particular order. */
  *ids(): Iterable<string> {
    for (const line of Object.values(this.#waiting)) yield* line.ids();
  }

  /** The lane in which a task with this id waits. */
  #laneWith(id: string): Lane | undefined {
    return LANES.find((lane) => this.#waiting[lane].has(id));
  }
}
