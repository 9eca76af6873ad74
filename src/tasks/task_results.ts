import type { TaskRecord, TaskState } from "./scan_task.ts";

/** What came of submitting a task. */
export type SubmitTaskResult =
  | { readonly status: "accepted"; readonly id: string }
  /** The task with the same dedupe key, which scans the same, or something else. */
  | { readonly status: "duplicate"; readonly id: string }
  | { readonly status: "conflict"; readonly id: string }
  | { readonly status: "too_many"; readonly units: number; readonly capacity: number }
  | { readonly status: "full"; readonly units: number; readonly room: number }
  /** As many tasks, or units of tasks, are on their way as may be. */
  | { readonly status: "busy" }
  | { readonly status: "closing" };

/** What came of cancelling a task. */
export type CancelResult =
  | { readonly status: "cancelled"; readonly record: TaskRecord }
  /** It was over before, in this state. */
  | { readonly status: "over"; readonly state: TaskState }
  | { readonly status: "unknown" };
