import { Bell } from "../async/bell.ts";
import { Semaphore } from "../async/semaphore.ts";
import { rateShare } from "../domain/rate_share.ts";
import type { ScanUnit } from "../domain/scan.ts";
import { type Lane, laneOf, type Task, type TaskQueue } from "../queue/task_queue.ts";
import type { ScanRecord, ScanRecords, UnitSummary } from "../state/scan_records.ts";
import type { KnownAddress } from "../domain/known_address.ts";
import { RateBudget, type RateLimits } from "./rate_budget.ts";
import { judgeSilence } from "./reachability.ts";
import type { RunProgress } from "./unit_progress.ts";
import { type Batch, UnitRun } from "./unit_run.ts";
import { isSingle, UnitScan, type UnitScanDeps } from "./unit_scan.ts";

/** What the pool needs from the rest of the program. */
export interface WorkerPoolOptions extends UnitScanDeps, RateLimits {
  readonly queue: TaskQueue;
  readonly records: ScanRecords;
  /** The record that a task is counted under. */
  readonly recordOf: (task: Task) => ScanRecord;
  /** What a sweep of known ports has to look at now, in order of address; undefined for every other unit. */
  readonly knownIn: (unit: ScanUnit) => readonly KnownAddress[] | undefined;
  /** Called when a task has left the queue. */
  readonly onTaken: (task: Task) => void;
  /** Called once for each unit when it has ended. */
  readonly onEnd: (task: Task, record: ScanRecord, summary: UnitSummary) => void;
}

/** A unit that is being scanned. */
export interface RunningScan extends RunProgress {
  readonly task: Task;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** Number of addresses that are looked at. */
  readonly addresses: number;
}

interface Work {
  readonly run: UnitRun;
  readonly batch: Batch;
}

/**
 * Runs the batches of waiting and running units in a fixed number of worker slots.
 *
 * A unit that has batches left keeps out waiting ones of its own size class and larger: they would
 * only make it slower. Smaller ones are let in beside it, and slots are dealt to those let in and to
 * the units under way in turn, so that neither a huge unit starves small ones nor a stream of small
 * ones a huge unit. Each lane of the queue keeps out its own only: what is urgent goes first, then
 * requests; those that are not urgent at all take turns with the schedule.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #scan: UnitScan;
  readonly #rates: RateBudget;
  readonly #slots: Semaphore;
  readonly #stop = new AbortController();
  readonly #news = new Bell();
  /** Units under way by id; those that have batches left are dealt to from the front. */
  readonly #runs = new Map<string, UnitRun>();
  readonly #performing = new Set<Promise<void>>();
  #dealtToRunning = true;
  #dealtToLow = false;
  #dealing: Promise<void> | undefined;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#rates = new RateBudget(options);
    this.#scan = new UnitScan(options, this.#rates);
    this.#slots = new Semaphore(slotsOf(options));
  }

  /** Processes running now. */
  get busy(): number {
    return this.#performing.size;
  }

  /** Most processes at once. */
  get workers(): number {
    return this.#slots.permits;
  }

  /** Whether the unit with this id is being scanned. */
  isRunning(id: string): boolean {
    return this.#runs.has(id);
  }

  /** What the unit with this id, which is being scanned, was planned for; undefined for a request. */
  targetOf(id: string): Task["target"] {
    return this.#runs.get(id)?.task.target;
  }

  /** Changes how many processes run at once, and how fast those that begin from now on; those that run go on. */
  resize(limits: RateLimits): void {
    this.#rates.limits = limits;
    this.#slots.resize(slotsOf(limits));
    this.#news.ring();
  }

  /** What is being scanned, in no particular order. */
  running(): RunningScan[] {
    const now = this.#options.now();
    return Array.from(this.#runs.values(), (run) => {
      const { task, startedAt, size } = run;
      return { task, startedAt, addresses: size, ...run.progress(now) };
    });
  }

  /** How far the unit with this id is; undefined when it is not being scanned. */
  progressOf(id: string): RunProgress | undefined {
    return this.#runs.get(id)?.progress(this.#options.now());
  }

  /** Ends the units with these ids, and their processes; what those reported whole is kept. */
  cancel(ids: Iterable<string>): void {
    for (const id of ids) this.#endEarly(id, (run) => run.cancel());
  }

  /** Ends the units with these ids, and throws away what their processes still find out. */
  abandon(ids: Iterable<string>): void {
    for (const id of ids) this.#endEarly(id, (run) => run.abandon());
  }

  #endEarly(id: string, end: (run: UnitRun) => void): void {
    const run = this.#runs.get(id);
    if (run === undefined) return;
    end(run);
    // Where a process runs, or the end is being settled, that ends the unit.
    if (run.running === 0 && !run.concluding) this.#end(run, { noAnswer: false });
  }

  /** Begins to take tasks. */
  start(): void {
    this.#dealing ??= this.#deal();
  }

  /** Says that the queue has something new. */
  wake(): void {
    this.#news.ring();
  }

  /** Takes no more work, ends what runs and resolves when it has ended; what finished is kept. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#dealing;
    await Promise.all(this.#performing);
    // Left are those with batches to come and no process running.
    for (const run of this.#runs.values()) {
      run.stop();
      this.#end(run, { noAnswer: false });
    }
  }

  async #deal(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const slot = await this.#slots.acquire(signal).catch(() => undefined);
      if (slot === undefined) return;
      let work = this.#nextWork();
      while (work === undefined && !signal.aborted) {
        await this.#news.next(signal);
        // There may be fewer slots than before: then this one is given back and waited for again.
        if (this.#slots.held > this.#slots.permits) break;
        work = this.#nextWork();
      }
      if (work === undefined) slot[Symbol.dispose]();
      else this.#begin(work, slot);
    }
  }

  #begin({ run, batch }: Work, slot: Disposable): void {
    const performing = this.#perform(run, batch).finally(() => {
      this.#performing.delete(performing);
      slot[Symbol.dispose]();
      this.#news.ring();
    });
    this.#performing.add(performing);
  }

  #nextWork(): Work | undefined {
    if (this.#stop.signal.aborted) return undefined;
    const urgent = this.#takeTask("high") ?? this.#continueRun("high") ?? this.#takeTask("normal");
    if (urgent !== undefined) return urgent;
    this.#dealtToRunning = !this.#dealtToRunning;
    return this.#dealtToRunning
      ? this.#continueRun() ?? this.#takeUnhurried()
      : this.#takeUnhurried() ?? this.#continueRun();
  }

  #takeUnhurried(): Work | undefined {
    this.#dealtToLow = !this.#dealtToLow;
    return this.#dealtToLow
      ? this.#takeTask("low") ?? this.#takeTask("schedule")
      : this.#takeTask("schedule") ?? this.#takeTask("low");
  }

  #takeTask(lane: Lane): Work | undefined {
    const { queue, recordOf, knownIn, now, onTaken } = this.#options;
    const task = queue.take(lane, this.#largestLetIn(lane));
    if (task === undefined) return undefined;
    const { workers } = this;
    const known = knownIn(task.unit);
    const run = new UnitRun({ task, record: recordOf(task), known, workers, now });
    this.#runs.set(task.id, run);
    onTaken(task);
    if (run.hasBatch) return { run, batch: run.takeBatch(this.#rates.share) };
    // No port is known: that was looked at, too.
    this.#end(run, { noAnswer: false });
    return this.#takeTask(lane);
  }

  /** The size class below the smallest unit of this lane that has batches left. */
  #largestLetIn(lane: Lane): number {
    let smallest = Infinity;
    for (const [, { task, hasBatch }] of this.#runs) {
      if (laneOf(task) === lane && hasBatch) smallest = Math.min(smallest, task.sizeClass);
    }
    return smallest - 1;
  }

  /** The next batch of a unit under way, of one lane or of any. */
  #continueRun(lane?: Lane): Work | undefined {
    for (const [id, run] of this.#runs) {
      if (!run.hasBatch || (lane !== undefined && laneOf(run.task) !== lane)) continue;
      // Moved to the back: every unit under way gets its turn.
      this.#runs.delete(id);
      this.#runs.set(id, run);
      return { run, batch: run.takeBatch(this.#rates.share) };
    }
    return undefined;
  }

  async #perform(run: UnitRun, batch: Batch): Promise<void> {
    const { signal } = this.#stop;
    try {
      await this.#scan.scanBatch(run, batch, signal);
    } finally {
      run.running--;
    }
    if (!run.isOver || !this.#runs.has(run.task.id)) return;
    await this.#conclude(run);
  }

  /** Ends a unit all of whose batches have ended; a silent one only after its silence has been judged. */
  async #conclude(run: UnitRun): Promise<void> {
    const { signal } = this.#stop;
    run.concluding = true;
    if (run.answered && !run.stopped) await this.#scan.vouchForHeld(run, signal);
    if (run.answered || run.stopped || run.silent === 0) {
      this.#end(run, { noAnswer: false });
      return;
    }
    const { record } = run;
    const silentBefore = record.silentSince;
    const confirmedFrom = this.#options.now();
    const single = isSingle(run) && silentBefore === undefined;
    const confirmed = single && await this.#scan.confirmSilence(run, signal);
    if (run.answered || run.stopped) {
      this.#end(run, { noAnswer: false });
      return;
    }
    record.silentSince ??= this.#options.now();
    const verdict = judgeSilence(
      { record, confirmedFrom, confirmedSingle: confirmed, silentBefore },
      this.#otherRecords(record),
    );
    const believed = typeof verdict === "string"
      ? verdict === "believe"
      : await this.#scan.askWitnesses(run, verdict, signal);
    if (believed && !run.stopped) await this.#scan.believeSilence(run, { confirmed, signal });
    this.#end(run, { noAnswer: !believed });
  }

  #otherRecords(record: ScanRecord): ScanRecord[] {
    return [...this.#options.records.all()].flatMap(([, other]) => other === record ? [] : [other]);
  }

  #end(run: UnitRun, { noAnswer }: { noAnswer: boolean }): void {
    const { task, record } = run;
    this.#runs.delete(task.id);
    const summary = run.summary({ now: this.#options.now(), noAnswer });
    this.#options.records.finish(record, summary);
    this.#options.onEnd(task, record, summary);
    this.#news.ring();
  }
}

/** Processes at once: fewer than workers where there is less than a packet per second for each. */
function slotsOf({ workers, totalRate }: RateLimits): number {
  return rateShare(totalRate, workers).workers;
}
