import type { TaskRecord } from "../tasks/scan_task.ts";
import type { LogFields, Logger } from "./logger.ts";

/** Targets of a task that its lines name. */
const SHOWN_TARGETS = 5;

/** Says in the log what people ask to have scanned, and what came of it. */
export class TaskLog {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** A task was taken in. */
  accepted(record: TaskRecord): void {
    const { portRange, protocols, priority, dedupeKey, units } = record;
    this.#log.info("Task accepted", {
      ...fieldsOf(record),
      ports: portRange,
      protocol: protocols.join(","),
      priority,
      dedupe_key: dedupeKey,
      scans: units.total,
    });
  }

  /** A task is over. */
  ended(record: TaskRecord): void {
    const { state, summary, error, startedAt, finishedAt } = record;
    const fields = {
      ...fieldsOf(record),
      state,
      hosts_up: summary.hostsUp,
      hosts_down: summary.hostsDown,
      open_tuples: summary.openTuples,
      duration: startedAt === undefined || finishedAt === undefined
        ? undefined
        : `${((finishedAt - startedAt) / 1000).toFixed(3)}s`,
    };
    if (state === "failed") this.#log.warn("Task failed", { ...fields, error });
    else this.#log.info("Task ended", fields);
  }
}

function fieldsOf({ id, targets, targetCount }: TaskRecord): LogFields {
  const more = targetCount - Math.min(targets.length, SHOWN_TARGETS);
  const shown = targets.slice(0, SHOWN_TARGETS).join(",");
  return { task_id: id, targets: more > 0 ? `${shown} and ${more} more` : shown };
}
