import type { KnownAddress } from "../domain/known_address.ts";
import { networkSize } from "../domain/network.ts";
import {
  FAILURE_TYPES,
  type FailureType,
  type ScanJob,
  type ScanOutcome,
  type ScanProgress,
} from "../domain/scan.ts";
import type { Task } from "../queue/task_queue.ts";
import type { Look, LooksOfOutcome } from "../state/look.ts";
import type { ScanRecord, UnitSummary } from "../state/scan_records.ts";
import { BatchPlan } from "./batch_plan.ts";
import { addressesThatFinish } from "./batch_size.ts";
import { KnownPlan } from "./known_plan.ts";
import { ProcessBudget } from "./process_budget.ts";
import { atMost } from "./rate_budget.ts";
import { type RunProgress, UnitProgress } from "./unit_progress.ts";

/** A look that says nothing as long as it is open whether the scanner's own network worked at its time. */
export interface HeldLook {
  readonly look: Look;
  /** When its process began, milliseconds on the monotonic clock. */
  readonly since: number;
}

/** What a run needs to know when it begins. */
export interface UnitRunOptions {
  readonly task: Task;
  readonly record: ScanRecord;
  /** What a sweep of known ports looks at; undefined for every other unit. */
  readonly known?: readonly KnownAddress[] | undefined;
  /** Processes that may run at once, which bounds the process time of a unit. */
  readonly workers: number;
  /** Milliseconds on the monotonic clock. */
  readonly now: () => number;
}

/** A batch handed out: the job, where in the run's order of addresses it begins, and how the next run begins with it. */
export interface Batch {
  readonly job: ScanJob;
  readonly position: number;
  readonly resumeAt: number;
}

/** Share of the time of a process that must be left for one to be started. */
const USEFUL_SHARE = 0.1;

/**
 * One scan of one unit on its way: which addresses were handed to which process, how much process
 * time is left, and what the processes said. It makes its batches one by one and does no IO.
 */
export class UnitRun {
  readonly task: Task;
  readonly record: ScanRecord;
  /** Whether something in this unit answered when it was last looked at. */
  readonly hadLife: boolean;
  /** When the latest process began in which something answered; undefined while nothing has. */
  answeredSince: number | undefined;
  /** Looks to be applied once something answers a process no older than theirs. */
  held: HeldLook[] = [];
  /** Addresses that were known to answer and were silent, or could not be reached, in this run. */
  silent = 0;
  /** Batches handed out that have not ended. */
  running = 0;
  /** Whether its batches are over and its end is being settled. */
  concluding = false;

  /** Process time of the batches, and of second looks, which have as much again. */
  readonly batchTime: ProcessBudget;
  readonly secondLookTime: ProcessBudget;

  readonly #startedAt: number;
  readonly #progress: UnitProgress<Batch>;
  readonly #plan: BatchPlan | KnownPlan;
  /** Time left below which no further process is worth starting. */
  readonly #usefulMs: number;
  readonly #failures = new Map<FailureType, string>();
  /** The first batch that was cut short because the time of the unit was used up. */
  #firstCut: Batch | undefined;
  readonly #ending = new AbortController();
  #abandoned = false;
  #stopped = false;
  #applied = 0;
  #up = 0;
  #down = 0;
  #timedOut = 0;
  #unreachable = 0;

  constructor({ task, record, known, workers, now }: UnitRunOptions) {
    this.task = task;
    this.record = record;
    this.hadLife = record.alive.size > 0;
    this.#startedAt = now();
    const { network, ports, nmap, timeout } = task.unit;
    const { alive, resumeAt } = record;
    const cost = { ports: ports.size, nmap, timeout };
    this.#plan = known === undefined
      ? new BatchPlan({ network, alive, resumeAt, workers, cost })
      : new KnownPlan(known, { network, resumeAt });
    this.#progress = new UnitProgress({ size: this.#plan.size, startedAt: this.#startedAt });
    const timeoutMs = timeout * 1000;
    const total = timeoutMs * Math.min(workers, this.#plan.count);
    this.#usefulMs = timeoutMs * USEFUL_SHARE;
    this.batchTime = new ProcessBudget({ total, now });
    this.secondLookTime = new ProcessBudget({ total, now });
  }

  /** Number of addresses that are looked at. */
  get size(): number {
    return this.#plan.size;
  }

  /** When the run began, milliseconds on the monotonic clock. */
  get startedAt(): number {
    return this.#startedAt;
  }

  /** Whether the run was ended by us. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Whether something has answered in this run. */
  get answered(): boolean {
    return this.answeredSince !== undefined;
  }

  /** Whether a batch can be handed out now: there is one, and time for it that is worth a process. */
  get hasBatch(): boolean {
    return !this.#stopped && this.#plan.position < this.#plan.size &&
      this.batchTime.left >= this.#usefulMs;
  }

  /** Whether all batches have been handed out and have ended. */
  get isOver(): boolean {
    return this.running === 0 && !this.hasBatch;
  }

  /**
   * The next batch; to be called when `hasBatch`. `share` is the packets per second that a process
   * may send now, 0 for any number: it may be less than when the run began.
   */
  takeBatch(share = 0): Batch {
    const { unit } = this.task;
    const { addresses, ports = unit.ports, position, resumeAt } = this.#plan.take(
      this.#mostAddresses(share),
    )!;
    this.running++;
    const job = {
      addresses,
      family: unit.network.family,
      ports,
      protocol: unit.key.protocol,
      nmap: unit.nmap,
      timeoutMs: unit.timeout * 1000,
      confirming: false,
    };
    return { job, position, resumeAt };
  }

  #mostAddresses(share: number): number {
    const { ports, nmap, timeout } = this.task.unit;
    return addressesThatFinish({ ports: ports.size, nmap: atMost(share, nmap), timeout });
  }

  /** Notes how far the process of a batch is. */
  noteProgress(batch: Batch, { percent, remaining }: ScanProgress): void {
    this.#progress.note(batch, { size: batch.job.addresses.length, percent, remaining });
  }

  /** Notes that the process of a batch has ended. */
  noteEnd(batch: Batch): void {
    this.#progress.end(batch, batch.job.addresses.length);
  }

  /** How far the run is at `now`, milliseconds on the monotonic clock. */
  progress(now: number): RunProgress {
    return this.#progress.at(now, { running: this.running });
  }

  /** Notes that a batch was cut short because the time of the unit was used up. */
  cut(batch: Batch): void {
    if (batch.position < (this.#firstCut?.position ?? Infinity)) this.#firstCut = batch;
  }

  /** Notes how a process ended and what it saw. */
  note(outcome: ScanOutcome, seen: LooksOfOutcome): void {
    if (outcome.failure?.type === "stopped") this.#stopped = true;
    else if (outcome.failure !== undefined) {
      this.fail(outcome.failure.type, outcome.failure.message);
    }
    this.#up += seen.up;
    this.#down += seen.down;
    this.#timedOut += seen.timedOut.length;
    this.#unreachable += seen.unreachable.length;
    this.#applied += seen.looks.length;
  }

  /** Notes that the run failed in some way; the first message of each kind is kept. */
  fail(type: FailureType, message: string): void {
    if (!this.#failures.has(type)) this.#failures.set(type, message);
  }

  /** Notes that the run was ended by us. */
  stop(): void {
    this.#stopped = true;
  }

  /** Ends the run, its processes too; what they reported whole is kept. */
  cancel(): void {
    this.#stopped = true;
    this.#ending.abort();
  }

  /** Ends the run, its processes too, because nobody wants to know any more: what they found out is thrown away. */
  abandon(): void {
    this.#abandoned = true;
    this.cancel();
  }

  /** Aborted when the run is ended before its time. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Whether what the run finds out is thrown away. */
  get abandoned(): boolean {
    return this.#abandoned;
  }

  /** How the unit ended; `noAnswer` when it is in doubt whether the scanner's own network works. */
  summary({ now, noAnswer }: { now: number; noAnswer: boolean }): UnitSummary {
    const failure = this.#failure(noAnswer);
    const partial = this.#applied > 0 && !noAnswer;
    // Beside the look at an address there may be second looks at its ports.
    const dropped = new Set(this.held.map(({ look }) => look.address)).size;
    const known = this.#applied - dropped + this.#timedOut;
    return {
      end: this.#stopped
        ? "stopped"
        : failure === undefined
        ? "complete"
        : partial
        ? "partial"
        : "failed",
      failure: this.#stopped ? undefined : failure,
      startedAt: this.#startedAt,
      duration: (now - this.#startedAt) / 1000,
      up: this.#up,
      down: this.#down,
      timedOut: this.#timedOut,
      incomplete: Math.max(0, this.size - known),
      lookedAtAll: this.#up + this.#down === Number(networkSize(this.task.unit.network)),
      resumeAt: this.#outOfTime ? (this.#firstCut ?? this.#plan).resumeAt : 0,
    };
  }

  get #outOfTime(): boolean {
    return !this.#stopped &&
      (this.#firstCut !== undefined || this.#plan.position < this.#plan.size);
  }

  #failure(noAnswer: boolean): UnitSummary["failure"] {
    const { timeout } = this.task.unit;
    if (this.#outOfTime) {
      const left = this.size - (this.#firstCut ?? this.#plan).position;
      this.fail(
        "timeout",
        `${left} of ${this.size} addresses were not reached within scanning.timeout (${timeout} s a process); ` +
          "the next scan begins with them",
      );
    }
    if (noAnswer) {
      this.fail(
        "no_answer",
        "Nothing answers that did before: the last known state is kept until this is seen again",
      );
    }
    if (this.#applied === 0 && this.#timedOut > 0) {
      this.fail("timeout", `Every host timed out (scanning.host_timeout)`);
    }
    if (this.#applied === 0 && this.#unreachable > 0) {
      this.fail(
        this.hadLife ? "no_answer" : "no_route",
        "No port could be reached from this machine",
      );
    }
    const type = FAILURE_TYPES.find((name) => this.#failures.has(name));
    return type === undefined ? undefined : { type, message: this.#failures.get(type)! };
  }
}
