import { networkSize } from "../domain/network.ts";
import { PortSet } from "../domain/ports.ts";
import type {
  ScanFailure,
  ScanJob,
  ScanKey,
  Scanner,
  ScanOutcome,
  ScanProgress,
} from "../domain/scan.ts";
import { type Look, looksOf, type LooksOfOutcome } from "../state/look.ts";
import type { Applied, Doubt, PortChange, PortState, Trust } from "../state/port_state.ts";
import type { ScanRecord } from "../state/scan_records.ts";
import type { ProcessBudget } from "./process_budget.ts";
import { atMost, type RateBudget } from "./rate_budget.ts";
import { isElsewhere } from "./reachability.ts";
import { lookAgain } from "./second_look.ts";
import type { Batch, UnitRun } from "./unit_run.ts";

/** What scanning a unit needs from the rest of the program. */
export interface UnitScanDeps {
  readonly scanner: Scanner;
  readonly state: PortState;
  readonly confirmChanges: () => boolean;
  /** Milliseconds on the monotonic clock. */
  readonly now: () => number;
  /** Wall clock, unix milliseconds. */
  readonly wallClock: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly events: UnitScanEvents;
}

/** What happens on the way, for metrics and the log. */
export interface UnitScanEvents {
  /** Looks were applied, and did or did not change port states. */
  applied(record: ScanRecord, changes: readonly PortChange[]): void;
  /** Ports that seemed closed were found open again. */
  unconfirmed(record: ScanRecord, ports: number, doubt: Doubt): void;
  /** A second look could not be taken; the ports stay as they are. */
  secondLookFailed(key: ScanKey, doubt: Doubt, message: string): void;
  /** One process ended. */
  processEnded(key: ScanKey, job: ScanJob, outcome: ScanOutcome): void;
}

const OUT_OF_TIME: ScanFailure = {
  type: "timeout",
  message: "Cannot finish the scan: the time of the whole unit is used up (scanning.timeout)",
};

/** Scans the batches of units: process, looks, state, second looks, in one worker slot. */
export class UnitScan {
  readonly #deps: UnitScanDeps;
  readonly #rates: RateBudget;

  constructor(deps: UnitScanDeps, rates: RateBudget) {
    this.#deps = deps;
    this.#rates = rates;
  }

  /** Runs one batch to its end, second looks included. */
  async scanBatch(run: UnitRun, batch: Batch, signal: AbortSignal): Promise<void> {
    const { job } = batch;
    const onProgress = (progress: ScanProgress) => run.noteProgress(batch, progress);
    const { outcome, cut } = await this.#runProcess(run.batchTime, run, {
      job,
      signal,
      onProgress,
    });
    run.noteEnd(batch);
    if (cut) run.cut(batch);
    const seen = looksOf(outcome, {
      addresses: job.addresses,
      protocol: job.protocol,
      ports: job.ports,
      clockOffset: this.#clockOffset,
    });
    run.note(outcome, seen);
    if (seen.alive.length > 0) this.#answered(run, seen.alive, outcome.startedAt);
    const looks = this.#sift(run, seen, outcome.startedAt);
    await this.#applyAndConfirm(run, looks, signal);
  }

  /**
   * Settles looks that nothing has vouched for at the end of a unit in which others answered: one of
   * those is asked again, and unless it answers, the network may have failed on the way.
   */
  async vouchForHeld(run: UnitRun, signal: AbortSignal): Promise<void> {
    await this.#applyAndConfirm(run, this.#releaseVouched(run), signal);
    if (run.held.length === 0 || run.stopped) return;
    const silent = new Set(run.held.map(({ look }) => look.address));
    const address = run.record.alive.values().find((known) => !silent.has(known));
    const outcome = await this.#askOne(run, { record: run.record, address, signal });
    if (outcome?.hosts.some(({ alive }) => alive)) {
      this.#answered(run, [], outcome.startedAt);
      await this.#applyAndConfirm(run, this.#releaseVouched(run), signal);
      return;
    }
    if (outcome?.failure?.type === "stopped") run.stop();
    run.fail("no_answer", "What answered at first answers no more: silent hosts keep their state");
  }

  /**
   * Asks addresses that other units know to be alive whether they still are: one port of each, until
   * one answers. Returns whether one did, which proves that the scanner's own network works.
   */
  async askWitnesses(
    run: UnitRun,
    witnesses: readonly ScanRecord[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const { network } = run.task.unit;
    for (const witness of witnesses) {
      const address = witness.alive.values().find((known) => isElsewhere(known, network));
      const outcome = await this.#askOne(run, { record: witness, address, signal });
      if (outcome?.failure?.type === "stopped") run.stop();
      if (run.stopped) return false;
      if (!outcome?.hosts.some(({ alive }) => alive)) continue;
      witness.answeredAt = Math.max(witness.answeredAt ?? 0, outcome.startedAt);
      witness.silentSince = undefined;
      return true;
    }
    return false;
  }

  /** Probes one port of an address that answered when `record` was last scanned. */
  async #askOne(
    run: UnitRun,
    { record: { unit, key: { protocol } }, address, signal }: {
      record: ScanRecord;
      address: string | undefined;
      signal: AbortSignal;
    },
  ): Promise<ScanOutcome | undefined> {
    if (address === undefined) return undefined;
    const open = this.#deps.state.openPorts({ address, protocol });
    const inUnit = open.find((port) => unit.ports.has(port));
    // A sweep of known ports has none of its own; a closed port answers as well.
    const ports = PortSet.of([inUnit ?? unit.ports.ranges[0]?.[0] ?? open[0] ?? 1]);
    const { nmap, timeout } = run.task.unit;
    const { family } = unit.network;
    const what = { addresses: [address], family, ports, protocol, nmap };
    const job = { ...what, timeoutMs: timeout * 1000, confirming: true };
    return (await this.#runProcess(run.secondLookTime, run, { job, signal })).outcome;
  }

  /**
   * Looks again at what fell silent in a unit of one address, before that is believed.
   * Returns whether the silence was confirmed; what answers after all is applied.
   */
  async confirmSilence(run: UnitRun, signal: AbortSignal): Promise<boolean> {
    if (!this.#deps.confirmChanges()) return true;
    const confirmed: Look[] = [];
    for (const { look } of run.held) {
      const ports = this.#deps.state.openPorts(look).filter((port) => look.covered.has(port));
      if (ports.length === 0) continue;
      const second = await this.#lookAgain(run, { ...look, ports, reason: "vanished" }, signal);
      if (run.answered) {
        this.#apply(run, this.#release(run), "openings");
        this.#applySecond(run, second.looks);
        return false;
      }
      if (second.failure !== undefined) return false;
      confirmed.push(...second.looks);
    }
    run.held.push(...confirmed.map((look) => ({ look, since: look.takenAt })));
    return true;
  }

  /** Applies what was held because the silence is believed now; `confirmed` says that it was looked at again. */
  async believeSilence(
    run: UnitRun,
    { confirmed, signal }: { confirmed: boolean; signal: AbortSignal },
  ): Promise<void> {
    const looks = this.#release(run);
    if (confirmed) this.#applyFirst(run, looks, "everything");
    else await this.#applyAndConfirm(run, looks, signal);
  }

  get #clockOffset(): number {
    return this.#deps.now() - this.#deps.wallClock();
  }

  /** Runs a process once there are packets per second for it; `cut` says that it was ended because the budget was used up, which is a time-out. */
  async #runProcess(
    budget: ProcessBudget,
    run: UnitRun,
    { job, signal, onProgress }: {
      job: ScanJob;
      signal: AbortSignal;
      onProgress?: (progress: ScanProgress) => void;
    },
  ): Promise<{ outcome: ScanOutcome; cut: boolean }> {
    using reserved = await this.#rates.reserve(signal);
    if (reserved === undefined) return { outcome: notStarted(this.#deps.now()), cut: false };
    using charged = budget.charge();
    const limited = { ...job, nmap: atMost(reserved.rate, job.nmap) };
    const ends = AbortSignal.any([signal, charged.signal, run.ending]);
    const ended = await this.#deps.scanner(limited, ends, onProgress);
    const isOurs = signal.aborted || run.ending.aborted;
    const cut = ended.failure?.type === "stopped" && charged.signal.aborted && !isOurs;
    const outcome = cut ? { ...ended, failure: OUT_OF_TIME } : ended;
    this.#deps.events.processEnded(run.record.key, limited, outcome);
    return { outcome, cut };
  }

  /** Notes who answered; `since` is when the process began, since nobody knows when within it they did. */
  #answered(run: UnitRun, alive: readonly string[], since: number): void {
    const { record } = run;
    run.answeredSince = Math.max(run.answeredSince ?? since, since);
    record.answeredAt = Math.max(record.answeredAt ?? since, since);
    record.silentSince = undefined;
    for (const address of alive) record.alive.add(address);
  }

  /**
   * The looks to apply now. Silence that would close ports, or make a baseline where others are known
   * to answer, is held until something in the unit answers a process that began no earlier: before
   * that, it may only be the scanner's own broken network.
   */
  #sift(run: UnitRun, { looks, unreachable }: LooksOfOutcome, since: number): Look[] {
    const { state } = this.#deps;
    const { alive } = run.record;
    const knownToAnswer = (look: Look) =>
      alive.has(look.address) || state.openPorts(look).some((port) => look.covered.has(port));
    const isDoubtful = (look: Look) =>
      !look.alive && (knownToAnswer(look) || (run.hadLife && state.addsCoverage(look)));
    const doubtful = new Set(looks.filter(isDoubtful));
    run.silent += [...doubtful].filter(knownToAnswer).length;
    run.silent += unreachable.filter((address) => alive.has(address)).length;
    for (const look of doubtful) run.held.push({ look, since });
    return [...this.#releaseVouched(run), ...looks.filter((look) => !doubtful.has(look))];
  }

  async #applyAndConfirm(run: UnitRun, looks: readonly Look[], signal: AbortSignal): Promise<void> {
    const trust = this.#deps.confirmChanges() ? "openings" : "closings";
    for (const doubt of this.#applyFirst(run, looks, trust).doubts) {
      const second = await this.#lookAgain(run, doubt, signal);
      this.#applySecond(run, second.looks);
    }
  }

  async #lookAgain(run: UnitRun, doubt: Doubt, signal: AbortSignal) {
    const { random, events } = this.#deps;
    const { nmap, timeout } = run.task.unit;
    const second = await lookAgain(doubt, {
      nmap,
      timeout,
      random,
      clockOffset: this.#clockOffset,
      run: async (job) => {
        if (run.secondLookTime.left === 0) return undefined;
        const limited = { job: { ...job, timeoutMs: timeout * 1000 }, signal };
        return (await this.#runProcess(run.secondLookTime, run, limited)).outcome;
      },
    });
    if (run.abandoned) return { ...second, looks: [] };
    const { looks, foundOpen, failure } = second;
    const answers = looks.filter((look) => look.alive);
    if (answers.length > 0) {
      this.#answered(run, [doubt.address], Math.max(...answers.map((look) => look.takenAt)));
    }
    if (foundOpen > 0 && doubt.reason === "vanished") {
      events.unconfirmed(run.record, foundOpen, doubt);
    }
    if (failure?.type === "stopped") run.stop();
    else if (failure !== undefined) {
      events.secondLookFailed(run.record.key, doubt, failure.message);
    }
    return second;
  }

  #release(run: UnitRun): Look[] {
    const looks = run.held.map(({ look }) => look);
    run.held = [];
    return looks;
  }

  #releaseVouched(run: UnitRun): Look[] {
    const { answeredSince = -Infinity } = run;
    const vouched = run.held.filter(({ since }) => since <= answeredSince);
    run.held = run.held.filter(({ since }) => since > answeredSince);
    return vouched.map(({ look }) => look);
  }

  #applyFirst(run: UnitRun, looks: readonly Look[], trust: Trust): Applied {
    for (const look of looks) {
      if (look.alive) run.record.alive.add(look.address);
      else run.record.alive.delete(look.address);
    }
    return this.#apply(run, looks, trust);
  }

  /** A second look at a few ports that stay silent does not unsay that the host answered on others. */
  #applySecond(run: UnitRun, looks: readonly Look[]): void {
    this.#apply(run, looks, "everything");
  }

  #apply(run: UnitRun, looks: readonly Look[], trust: Trust): Applied {
    if (run.abandoned || looks.length === 0) return { changes: [], doubts: [] };
    const applied = this.#deps.state.apply(looks, trust);
    this.#deps.events.applied(run.record, applied.changes);
    return applied;
  }
}

/** What came of a process that was still waiting for its start when it was stopped. */
function notStarted(now: number): ScanOutcome {
  const failure = { type: "stopped", message: "Cannot begin the scan: it was stopped" } as const;
  const covered = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };
  return { failure, hosts: [], covered, startedAt: now, endedAt: now };
}

/** Whether a run covers exactly one address. */
export function isSingle(run: UnitRun): boolean {
  return networkSize(run.task.unit.network) === 1n;
}
