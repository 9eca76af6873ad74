import type { Network } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import type { Priority } from "../domain/priority.ts";
import type { Protocol } from "../domain/scan.ts";

/** States of a task; the last three are final. The names are those of the Go openport-exporter. */
export const TASK_STATES = ["pending", "running", "succeeded", "failed", "cancelled"] as const;
/** See `TASK_STATES`. */
export type TaskState = typeof TASK_STATES[number];

/** Most further tries that a task may ask for. */
export const MAX_RETRIES = 10;

/** What somebody asks to have scanned. */
export interface TaskRequest {
  /** No two of them overlap; at least one. */
  readonly networks: readonly Network[];
  readonly ports: PortSet;
  /** The ports as written, for the label `port_range`. */
  readonly portRange: string;
  /** Each once; at least one. */
  readonly protocols: readonly Protocol[];
  readonly priority: Priority;
  /** Requests with the same key are one task for a while. */
  readonly dedupeKey: string | undefined;
  /** Seconds that one nmap process may take; undefined for what the configuration says. */
  readonly timeout: number | undefined;
  /** Further tries of each scan that failed, 0 to 10. */
  readonly retries: number;
}

/** What a task found. */
export interface TaskSummary {
  readonly hostsUp: number;
  readonly hostsDown: number;
  /** Open (address, protocol, port) that are known in the networks and ports of the task. */
  readonly openTuples: number;
}

/** How many scans a task was split into, and how far they are. */
export interface UnitCounts {
  /** Of a cancelled task, more than the sum of the others: those that were not scanned to the end. */
  readonly total: number;
  /** In the queue, or waiting for another try. */
  readonly waiting: number;
  readonly running: number;
  /** Ended complete. */
  readonly done: number;
  /** Ended otherwise, after all their tries. */
  readonly failed: number;
}

/** A task as it is now. All times are unix milliseconds. */
export interface TaskRecord {
  readonly id: string;
  /** Grows with each task. */
  readonly number: number;
  readonly state: TaskState;
  readonly submittedAt: number;
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  readonly summary: TaskSummary;
  /** The first failure, in one line; empty when there is none. */
  readonly error: string;
  /** The first of the networks, canonical; `targetCount` is the number of all. */
  readonly targets: readonly string[];
  readonly targetCount: number;
  readonly portRange: string;
  readonly protocols: readonly Protocol[];
  readonly priority: Priority;
  readonly dedupeKey: string | undefined;
  readonly units: UnitCounts;
  /** 0 to 1: the share of the addresses, each weighed once for each protocol, that is done. */
  readonly progress: number;
  /** Undefined while that is anybody's guess, and when the task is over. */
  readonly expectedEnd: number | undefined;
  readonly retries: number;
  /** Further tries that were begun. */
  readonly retriesMade: number;
  /** When the next further try is made; undefined while none waits. */
  readonly nextTryAt: number | undefined;
}

/** Whether a task in this state is over. */
export function isOver(state: TaskState): boolean {
  return state !== "pending" && state !== "running";
}
