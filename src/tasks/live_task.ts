import { formatNetwork } from "../domain/network.ts";
import { isOver, type TaskRecord, type TaskRequest, type TaskState } from "./scan_task.ts";
import { TaskUnits } from "./task_units.ts";
import type { UnitProgress, WantedScan } from "./unit_runner.ts";

/** Most targets that a record repeats. */
const SHOWN_TARGETS = 100;
/** Share that must be done before the end is reckoned from the time that it took. */
const TELLING_SHARE = 0.05;

/** What a record is made from besides the task. */
export interface Clocks {
  /** Milliseconds on a clock that is never set back. */
  readonly now: () => number;
  /** Unix milliseconds. */
  readonly wallClock: () => number;
}

/** A task on its way, and everything that is needed only until it is over. */
export class LiveTask {
  readonly id: string;
  /** Grows with each task. */
  readonly number: number;
  readonly request: TaskRequest;
  /** What is to be scanned, one for each network and protocol. */
  readonly scans: readonly WantedScan[];
  readonly units = new TaskUnits();
  state: TaskState = "pending";
  /** The first failure for good, and that of the scan that is tried again. */
  error = "";
  trouble = "";
  retriesMade = 0;
  openTuples = 0;
  readonly #clocks: Clocks;
  readonly #submittedAt: number;
  #startedAt: number | undefined;
  /** On the monotonic clock. */
  #began = 0;
  #doneBefore = 0;

  constructor(
    id: string,
    { request, number, clocks }: { request: TaskRequest; number: number; clocks: Clocks },
  ) {
    this.id = id;
    this.number = number;
    this.request = request;
    this.#clocks = clocks;
    this.#submittedAt = clocks.wallClock();
    const { networks, protocols, ports, portRange, timeout } = request;
    this.scans = networks.flatMap((network) =>
      protocols.map((protocol) => ({ network, ports, portRange, protocol, timeout }))
    );
  }

  /** Notes that one of the units runs; `doneBefore` is the share that was done for others by then. */
  start(doneBefore = 0): void {
    if (this.state !== "pending") return;
    this.state = "running";
    this.#startedAt = this.#clocks.wallClock();
    this.#began = this.#clocks.now();
    this.#doneBefore = doneBefore;
  }

  /** The task as it is now. */
  record(progressOf: (id: string) => UnitProgress | undefined): TaskRecord {
    const { request, units, state } = this;
    const over = isOver(state);
    const { up, down } = units.hosts;
    const { fraction, remaining } = units.progress(progressOf);
    return {
      id: this.id,
      number: this.number,
      state,
      submittedAt: this.#submittedAt,
      startedAt: this.#startedAt,
      finishedAt: over ? this.#clocks.wallClock() : undefined,
      summary: { hostsUp: up, hostsDown: down, openTuples: this.openTuples },
      error: this.error !== "" || over ? this.error : this.trouble,
      targets: request.networks.slice(0, SHOWN_TARGETS).map(formatNetwork),
      targetCount: request.networks.length,
      portRange: request.portRange,
      protocols: request.protocols,
      priority: request.priority,
      dedupeKey: request.dedupeKey,
      // Nothing waits or runs for a task that was cancelled.
      units: over ? { ...units.counts, waiting: 0, running: 0 } : units.counts,
      progress: fraction,
      expectedEnd: over ? undefined : this.#expectedEnd(fraction, remaining),
      retries: request.retries,
      retriesMade: this.retriesMade,
      nextTryAt: over ? undefined : units.nextTryAt,
    };
  }

  #expectedEnd(fraction: number, remaining: number | undefined): number | undefined {
    const { now, wallClock } = this.#clocks;
    if (this.state !== "running") return undefined;
    if (remaining !== undefined) return wallClock() + remaining * 1000;
    const done = fraction - this.#doneBefore;
    if (done < TELLING_SHARE || fraction === 1) return undefined;
    return wallClock() + (now() - this.#began) * (1 - fraction) / done;
  }
}
