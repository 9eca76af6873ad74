import { formatNetwork } from "../domain/network.ts";
import { DedupeKeys } from "./dedupe_keys.ts";
import { FinishedTasks } from "./finished_tasks.ts";
import { type Clocks, LiveTask } from "./live_task.ts";
import { isWorthRetry, jittered, retryDelay, SHORT_DELAY } from "./retries.ts";
import type { TaskRecord, TaskRequest, TaskState } from "./scan_task.ts";
import type { CancelResult, SubmitTaskResult } from "./task_results.ts";
import type { OpenUnit } from "./task_units.ts";
import type { SubmittedUnit, UnitOutcome, UnitRunner, WantedScan } from "./unit_runner.ts";
import { WantedUnits } from "./wanted_units.ts";

/** Most tasks that are not over, and most units of all of them above which no further task is taken. */
export const MAX_LIVE_TASKS = 1000;
export const MAX_LIVE_UNITS = 100_000;
/** Most records of tasks that are over, and milliseconds that one is kept: a day. */
export const MAX_FINISHED_TASKS = 1000;
export const FINISHED_RETENTION = 86_400_000;

/** What the manager needs from the rest of the program. */
export interface TaskManagerOptions extends Clocks {
  readonly runner: UnitRunner;
  /** A text that nobody guesses and that is never given twice. */
  readonly randomId: () => string;
  /** In [0, 1). */
  readonly random: () => number;
  readonly events: TaskEvents;
}

/** What happens to tasks, for the log. */
export interface TaskEvents {
  /** A task was taken in. */
  accepted(record: TaskRecord): void;
  /** A task is over. */
  ended(record: TaskRecord): void;
}

/**
 * What people asked to have scanned, and how far it is. A task is a set of scan units; a unit that
 * several tasks want, or that is waiting or running for somebody else, is scanned once for all.
 */
export class TaskManager {
  readonly #options: TaskManagerOptions;
  /** In the order of submission. */
  readonly #live = new Map<string, LiveTask>();
  readonly #finished: FinishedTasks;
  readonly #keys = new DedupeKeys();
  readonly #wanted = new WantedUnits<LiveTask>();
  #submitted = 0;
  #closing = false;

  constructor(options: TaskManagerOptions) {
    this.#options = options;
    this.#finished = new FinishedTasks({
      limit: MAX_FINISHED_TASKS,
      retention: FINISHED_RETENTION,
      now: options.now,
      onDropped: ({ id, dedupeKey }) => this.#release(dedupeKey, id),
    });
  }

  /** Tasks that are not over, their units, records of tasks that are over, and dedupe keys held. */
  get sizes(): { live: number; units: number; finished: number; keys: number } {
    return {
      live: this.#live.size,
      units: this.#wanted.size,
      finished: this.#finished.size,
      keys: this.#keys.size,
    };
  }

  /** Takes a task in and queues its units, or says why not. */
  submit(request: TaskRequest): SubmitTaskResult {
    const { runner, randomId, now } = this.#options;
    if (this.#closing) return { status: "closing" };
    this.#finished.prune();
    const { dedupeKey, priority } = request;
    const known = dedupeKey === undefined ? undefined : this.#keys.find(dedupeKey, {
      request,
      now: now(),
      isUnfinished: (id) => this.#live.has(id),
    });
    if (known !== undefined) {
      return { status: known.same ? "duplicate" : "conflict", id: known.id };
    }
    if (this.#live.size >= MAX_LIVE_TASKS || this.#wanted.size >= MAX_LIVE_UNITS) {
      return { status: "busy" };
    }
    const number = this.#submitted;
    const task = new LiveTask(randomId(), { request, number, clocks: this.#options });
    const result = runner.submit(task.scans, priority);
    if (result.status !== "queued") return result;
    this.#submitted++;
    this.#live.set(task.id, task);
    if (dedupeKey !== undefined) this.#keys.hold(dedupeKey, { id: task.id, request, now: now() });
    this.#addAll(task, result.units);
    this.#options.events.accepted(task.record(this.#progressOf));
    if (result.units.length === 0) task.error = "Nothing is left to scan: all of it is excluded";
    this.#finishIfOver(task);
    return { status: "accepted", id: task.id };
  }

  /** The record of a task; undefined when there is none, or none any more. */
  get(id: string): TaskRecord | undefined {
    this.#finished.prune();
    return this.#live.get(id)?.record(this.#progressOf) ?? this.#finished.get(id);
  }

  /** Records of the tasks in `state`, or of all, the newest first; at most `limit`. */
  list({ state, limit }: { state: TaskState | undefined; limit: number }): TaskRecord[] {
    this.#finished.prune();
    const wanted = (task: { readonly state: TaskState }) =>
      state === undefined || task.state === state;
    const live = [...this.#live.values()].filter(wanted).slice(-limit)
      .map((task) => task.record(this.#progressOf));
    const all = [...[...this.#finished.values()].filter(wanted), ...live];
    return all.sort((a, b) => b.number - a.number).slice(0, limit);
  }

  /** Cancels a task that is not over: what only it wants is not scanned, or not any further. */
  cancel(id: string): CancelResult {
    const task = this.#live.get(id);
    if (task === undefined) {
      const state = this.get(id)?.state;
      return state === undefined ? { status: "unknown" } : { status: "over", state };
    }
    const active = task.units.activeIds;
    const record = this.#finish(task, "cancelled");
    // Whoever cancelled it may ask for it again at once.
    this.#release(task.request.dedupeKey, id);
    const unwanted = active.filter((unit) => !this.#wanted.has(unit));
    if (unwanted.length > 0) this.#options.runner.withdraw(unwanted);
    return { status: "cancelled", record };
  }

  /** Says that a unit is being scanned now, whoever wants it. */
  unitBegan(id: string): void {
    for (const task of this.#wanted.tasksOf(id)) {
      if (task.units.begin(id)) task.retriesMade++;
      task.start();
    }
  }

  /** Says how a unit ended that was being scanned, whoever wanted it. */
  unitEnded(id: string, outcome: UnitOutcome): void {
    for (const task of this.#wanted.tasksOf(id)) {
      const unit = task.units.get(id)!;
      if (outcome.end === "complete") this.#end(task, unit, { how: "done", hosts: outcome });
      else if (outcome.end === "stopped") this.#restShortly(task, unit, false);
      else this.#unitFailed(task, unit, outcome);
      this.#finishIfOver(task);
    }
  }

  /**
   * Says that a unit left the queue without being scanned, for `reason`, a sentence without its full
   * stop; `instead` are the units that are scanned in its place.
   */
  unitGone(
    id: string,
    { reason, instead = [] }: { reason: string; instead?: readonly SubmittedUnit[] },
  ): void {
    for (const task of this.#wanted.tasksOf(id)) {
      const unit = task.units.get(id)!;
      // Somebody else waited for it; what is to come of it is found out with the next try.
      if (unit.rest !== undefined) continue;
      if (instead.length > 0) this.#replace(task, unit, { by: instead, tries: unit.tries });
      else this.#fail(task, unit, { message: reason });
      this.#finishIfOver(task);
    }
  }

  /** Takes no more tasks and tries nothing again; those that are not over are lost. */
  stop(): void {
    this.#closing = true;
    for (const task of this.#live.values()) task.units.clear();
    this.#live.clear();
    this.#wanted.clear();
  }

  readonly #progressOf = (id: string) => this.#options.runner.progressOf(id);

  #unitFailed(task: LiveTask, unit: OpenUnit, outcome: UnitOutcome): void {
    const { type, message } = outcome.failure ?? { type: "other" as const, message: outcome.end };
    if (unit.tries >= task.request.retries || !isWorthRetry(type)) {
      this.#fail(task, unit, { message, hosts: outcome });
      return;
    }
    task.trouble = troubleOf(unit.scan, message);
    const wait = retryDelay(unit.tries + 1, this.#options.random);
    this.#rest(task, unit, { wait, counts: true });
  }

  #restShortly(task: LiveTask, unit: OpenUnit, counts: boolean): void {
    this.#rest(task, unit, { wait: jittered(SHORT_DELAY, this.#options.random), counts });
  }

  #rest(
    task: LiveTask,
    { id }: OpenUnit,
    { wait, counts }: { wait: number; counts: boolean },
  ): void {
    const timer = setTimeout(() => this.#tryAgain(task, id, counts), wait);
    task.units.rest(id, { until: this.#options.wallClock() + wait, timer, counts });
  }

  #tryAgain(task: LiveTask, id: string, counts: boolean): void {
    const unit = task.units.get(id)!;
    const result = this.#options.runner.submit([unit.scan], task.request.priority);
    switch (result.status) {
      case "queued":
        if (result.units.length === 0) {
          this.#fail(task, unit, { message: "all of it is excluded now (scanning.exclude)" });
        } else {
          if (counts) task.retriesMade++;
          this.#replace(task, unit, { by: result.units, tries: unit.tries + (counts ? 1 : 0) });
        }
        break;
      case "too_many":
        this.#fail(task, unit, {
          message: `${result.units} scans are needed now, and the queue holds ${result.capacity} ` +
            "(scanning.task_queue_size)",
        });
        break;
      case "full":
        this.#restShortly(task, unit, counts);
        break;
      case "closing":
        return;
    }
    this.#finishIfOver(task);
  }

  #replace(
    task: LiveTask,
    unit: OpenUnit,
    { by, tries }: { by: readonly SubmittedUnit[]; tries: number },
  ): void {
    this.#wanted.remove(unit.id, task);
    task.units.remove(unit.id);
    this.#addAll(task, by, tries);
  }

  #addAll(task: LiveTask, units: readonly SubmittedUnit[], tries = 0): void {
    for (const unit of units) {
      if (task.units.add(unit, tries)) this.#wanted.add(unit.id, task);
    }
    if (units.some(({ running }) => running)) {
      task.start(task.units.progress(this.#progressOf).fraction);
    }
  }

  #fail(
    task: LiveTask,
    unit: OpenUnit,
    { message, hosts }: { message: string; hosts?: UnitOutcome },
  ): void {
    if (task.error === "") task.error = troubleOf(unit.scan, message);
    this.#end(task, unit, { how: "failed", ...(hosts !== undefined && { hosts }) });
  }

  #end(
    task: LiveTask,
    { id, scan }: OpenUnit,
    { how, hosts }: { how: "done" | "failed"; hosts?: UnitOutcome },
  ): void {
    this.#wanted.remove(id, task);
    task.units.end(id, how, hosts);
    // When the task is over, all of it is counted anyway.
    if (task.units.openCount > 0) task.openTuples += this.#options.runner.openTuples([scan]);
  }

  #finishIfOver(task: LiveTask): void {
    if (task.units.openCount > 0 || !this.#live.has(task.id)) return;
    this.#finish(task, task.error === "" ? "succeeded" : "failed");
  }

  #finish(task: LiveTask, state: TaskState): TaskRecord {
    if (task.state === "running") task.openTuples = this.#options.runner.openTuples(task.scans);
    task.state = state;
    const record = task.record(this.#progressOf);
    for (const id of task.units.ids) this.#wanted.remove(id, task);
    task.units.clear();
    this.#live.delete(task.id);
    this.#finished.add(record);
    this.#options.events.ended(record);
    return record;
  }

  #release(key: string | undefined, id: string): void {
    if (key !== undefined) this.#keys.release(key, id);
  }
}

/** A failure of one scan, in one line. */
function troubleOf({ network, protocol }: WantedScan, message: string): string {
  return `${formatNetwork(network)} ${protocol}: ${message}`;
}
