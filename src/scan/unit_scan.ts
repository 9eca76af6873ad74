import { networkSize } from "../domain/network.ts";
import { PortSet } from "../domain/ports.ts";
import type { ScanJob, ScanKey, Scanner, ScanOutcome } from "../domain/scan.ts";
import { type Look, looksOf, type LooksOfOutcome } from "../state/look.ts";
import type { Applied, Doubt, PortChange, PortState, Trust } from "../state/port_state.ts";
import { lookAgain } from "./second_look.ts";
import type { UnitRun } from "./unit_run.ts";

/** What scanning a unit needs from the rest of the program. */
export interface UnitScanDeps {
  readonly scanner: Scanner;
  readonly state: PortState;
  readonly confirmChanges: boolean;
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
  /** Port states changed. */
  changed(key: ScanKey, changes: readonly PortChange[]): void;
  /** Ports that seemed closed were found open again. */
  unconfirmed(key: ScanKey, ports: number, doubt: Doubt): void;
  /** A second look could not be taken; the ports stay as they are. */
  secondLookFailed(key: ScanKey, doubt: Doubt, message: string): void;
  /** One process ended. */
  processEnded(key: ScanKey, job: ScanJob, outcome: ScanOutcome): void;
}

/** Scans the batches of units: process, looks, state, second looks, in one worker slot. */
export class UnitScan {
  readonly #deps: UnitScanDeps;

  constructor(deps: UnitScanDeps) {
    this.#deps = deps;
  }

  /** Runs one batch to its end, second looks included. */
  async scanBatch(run: UnitRun, job: ScanJob, signal: AbortSignal): Promise<void> {
    const { unit } = run.task;
    const outcome = await this.#runProcess(run, job, signal);
    const seen = looksOf(outcome, {
      addresses: job.addresses,
      protocol: job.protocol,
      ports: unit.ports,
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
    const outcome = await this.#askAgain(run, signal);
    if (outcome?.hosts.some(({ alive }) => alive)) {
      this.#answered(run, [], outcome.startedAt);
      await this.#applyAndConfirm(run, this.#releaseVouched(run), signal);
    } else if (outcome?.failure?.type === "stopped") run.stop();
    else {run.fail(
        "no_answer",
        "What answered at first answers no more: silent hosts keep their state",
      );}
  }

  /** Probes one port of an address that answered in this run. */
  async #askAgain(run: UnitRun, signal: AbortSignal): Promise<ScanOutcome | undefined> {
    const silent = new Set(run.held.map(({ look }) => look.address));
    const address = [...run.record.alive].find((known) => !silent.has(known));
    const timeoutMs = run.reserve();
    if (address === undefined || timeoutMs === 0) return undefined;
    const { unit: { key: { protocol }, network: { family }, ports, nmap } } = run.task;
    const [open] = this.#deps.state.openPorts({ address, protocol })
      .filter((port) => ports.has(port));
    const port = open ?? ports.ranges[0]![0];
    const job = { family, protocol, nmap, timeoutMs, confirming: true };
    const what = { addresses: [address], ports: PortSet.of([port]) };
    return await this.#runProcess(run, { ...job, ...what }, signal);
  }

  /**
   * Looks again at what fell silent in a unit of one address, before that is believed.
   * Returns whether the silence was confirmed; what answers after all is applied.
   */
  async confirmSilence(run: UnitRun, signal: AbortSignal): Promise<boolean> {
    if (!this.#deps.confirmChanges) return true;
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

  async #runProcess(run: UnitRun, job: ScanJob, signal: AbortSignal): Promise<ScanOutcome> {
    const outcome = await this.#deps.scanner(job, signal);
    run.giveBack(job.timeoutMs, outcome);
    this.#deps.events.processEnded(run.record.key, job, outcome);
    return outcome;
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
    const trust = this.#deps.confirmChanges ? "openings" : "closings";
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
      run: (job) => {
        const timeoutMs = run.reserve();
        if (timeoutMs === 0) return Promise.resolve(undefined);
        return this.#runProcess(run, { ...job, timeoutMs }, signal);
      },
    });
    const { looks, foundOpen, failure } = second;
    const answers = looks.filter((look) => look.alive);
    if (answers.length > 0) {
      this.#answered(run, [doubt.address], Math.max(...answers.map((look) => look.takenAt)));
    }
    if (foundOpen > 0 && doubt.reason === "vanished") {
      events.unconfirmed(run.record.key, foundOpen, doubt);
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
    const applied = this.#deps.state.apply(looks, trust);
    if (applied.changes.length > 0) this.#deps.events.changed(run.record.key, applied.changes);
    return applied;
  }
}

/** Whether a run covers exactly one address. */
export function isSingle(run: UnitRun): boolean {
  return networkSize(run.task.unit.network) === 1n;
}
