import type { TaskRecord } from "./scan_task.ts";

/** What bounds the records of tasks that are over. */
export interface FinishedTasksOptions {
  /** Most of them. */
  readonly limit: number;
  /** Milliseconds that one stays. */
  readonly retention: number;
  /** Milliseconds on a clock that is never set back. */
  readonly now: () => number;
  /** Called with each record that leaves. */
  readonly onDropped: (record: TaskRecord) => void;
}

/** Records of tasks that are over, for a while and not too many: the oldest leave first. */
export class FinishedTasks {
  readonly #options: FinishedTasksOptions;
  readonly #byId = new Map<string, { readonly record: TaskRecord; readonly at: number }>();

  constructor(options: FinishedTasksOptions) {
    this.#options = options;
  }

  /** Records that have not left. */
  get size(): number {
    return this.#byId.size;
  }

  /** Keeps a record. */
  add(record: TaskRecord): void {
    this.#byId.set(record.id, { record, at: this.#options.now() });
    this.prune();
  }

  /** The record of a task; undefined when it left, or never was here. */
  get(id: string): TaskRecord | undefined {
    return this.#byId.get(id)?.record;
  }

  /** All records, in the order in which the tasks ended. */
  *values(): Iterable<TaskRecord> {
    for (const { record } of this.#byId.values()) yield record;
  }

  /** Lets go of what is too old or too much. */
  prune(): void {
    const { limit, retention, now, onDropped } = this.#options;
    const oldest = now() - retention;
    for (const [id, { record, at }] of this.#byId) {
      if (at >= oldest && this.#byId.size <= limit) return;
      this.#byId.delete(id);
      onDropped(record);
    }
  }
}
