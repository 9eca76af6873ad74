import { parseNetwork } from "../domain/network.ts";
import { parsePorts } from "../domain/ports.ts";
import { type FailureType, type ScanKey, type ScanUnit, unitId } from "../domain/scan.ts";
import { DURATION_BUCKETS } from "./duration_buckets.ts";
import type { SavedRecord, SavedTarget } from "./saved_state.ts";

/** How a scan unit ended (contract, section 5.12); `stopped` means that we ended it, which counts as nothing. */
export type UnitEnd = "complete" | "partial" | "failed" | "stopped";

/** What came of one scan unit as a whole. */
export interface UnitSummary {
  readonly end: UnitEnd;
  /** Set for partial and failed. */
  readonly failure: { readonly type: FailureType; readonly message: string } | undefined;
  /** Seconds from the start of the first process to the end of the last. */
  readonly duration: number;
  readonly up: number;
  readonly down: number;
  readonly timedOut: number;
  /** Addresses that this scan learnt nothing of. */
  readonly incomplete: number;
  /** Whether every address of the unit was looked at. */
  readonly lookedAtAll: boolean;
  /** Offset of the first address that was not reached before time ran out; 0 when all were. */
  readonly resumeAt: number;
}

/** Everything kept about one scan key: its counters, its last scan, and what the next one builds on. */
export interface ScanRecord {
  key: ScanKey;
  readonly unit: Pick<ScanUnit, "key" | "network" | "ports">;
  /** Whether the configuration names it; otherwise a request did. */
  configured: boolean;
  successes: number;
  readonly failures: Map<FailureType, number>;
  timeouts: number;
  partials: number;
  skipped: number;
  lastHostsTimedOut: number | undefined;
  lastHostsIncomplete: number | undefined;
  /** Unix seconds at which the last complete scan ended. */
  lastCompleteAt: number | undefined;
  /** Seconds. */
  lastDuration: number | undefined;
  readonly durations: { readonly counts: number[]; sum: number; count: number };
  /** Offset at which the next round begins. */
  resumeAt: number;
  /** Addresses that answered when they were last looked at by this unit. */
  readonly alive: Set<string>;
  /** Monotonic ms at which the last process began that something in the unit answered. */
  answeredAt: number | undefined;
  /** Monotonic ms since which nothing answers that did before. */
  silentSince: number | undefined;
  /** Unix ms of the last end; orders the records that requests made. */
  lastEndAt: number;
  /** Whether a turn was taken from the schedule and has not ended. */
  pending: boolean;
}

/** Counters of a label `target`, shared by all scan keys of that target. */
export interface TargetRecord {
  readonly target: string;
  closedToOpen: number;
  openToClosed: number;
  unconfirmed: number;
  hostsUp: number | undefined;
  hostsDown: number | undefined;
}

/** Options of `ScanRecords`. */
export interface ScanRecordsOptions {
  /** Wall clock, unix milliseconds. */
  readonly wallClock: () => number;
  /** Milliseconds on a clock that is never set back. */
  readonly now: () => number;
  /** Most records that requests outside the configuration may leave. */
  readonly requestedLimit: number;
  /** Milliseconds that such a record stays after its last end. */
  readonly requestedRetention: () => number;
  /** Called with records that left, so that what only they knew leaves as well. */
  readonly onDropped: (records: readonly ScanRecord[]) => void;
}

/** The scan keys that the program knows and what became of them. */
export class ScanRecords {
  readonly #records = new Map<string, ScanRecord>();
  readonly #targets = new Map<string, TargetRecord>();
  readonly #options: ScanRecordsOptions;
  #requested = 0;
  readonly #unsaved = new Set<string>();
  readonly #unsavedTargets = new Set<string>();
  readonly #forgotten = new Map<string, ScanRecord>();
  readonly #forgottenTargets = new Set<string>();
  /** Records of requests that had to leave because there were too many. */
  droppedTotal = 0;

  constructor(options: ScanRecordsOptions) {
    this.#options = options;
  }

  /** The record of a unit, made on first sight; one that is configured is labelled as the configuration writes it. */
  open(unit: ScanUnit, { configured }: { configured: boolean }): ScanRecord {
    const id = unitId(unit);
    let record = this.#records.get(id);
    if (record === undefined) {
      record = newRecord(unit, configured, this.#options.wallClock());
      this.#records.set(id, record);
      if (!configured) this.#requested++;
      this.#openTarget(unit.key.target);
      return record;
    }
    if (configured && !record.configured) {
      record.configured = true;
      this.#requested--;
    }
    if (configured && record.key.portRange !== unit.key.portRange) {
      record.key = unit.key;
      this.touch(record);
    }
    return record;
  }

  /** The record with this id, if there is one. */
  get(id: string): ScanRecord | undefined {
    return this.#records.get(id);
  }

  /** Counters of a label `target` that has a record. */
  target(target: string): TargetRecord {
    return this.#openTarget(target);
  }

  /** All records in the order in which they were first seen. */
  all(): Iterable<readonly [id: string, record: ScanRecord]> {
    return this.#records;
  }

  /** All targets in the order in which they were first seen. */
  targets(): Iterable<TargetRecord> {
    return this.#targets.values();
  }

  /** Counts the end of a unit; an end by us counts as nothing. */
  finish(record: ScanRecord, summary: UnitSummary): void {
    const now = this.#options.wallClock();
    record.lastEndAt = now;
    // One that we ended is still to be done, after a restart if not before.
    if (summary.end === "stopped") return;
    record.pending = false;
    this.touch(record);
    record.resumeAt = summary.resumeAt;
    record.lastHostsTimedOut = summary.timedOut;
    record.lastHostsIncomplete = summary.incomplete;
    if (summary.failure !== undefined) {
      const { type } = summary.failure;
      record.failures.set(type, (record.failures.get(type) ?? 0) + 1);
      if (type === "timeout") record.timeouts++;
    }
    if (summary.end === "partial") record.partials++;
    if (summary.end !== "complete") return;
    record.successes++;
    record.lastCompleteAt = now / 1000;
    record.lastDuration = summary.duration;
    const bucket = DURATION_BUCKETS.findIndex((bound) => summary.duration <= bound);
    const counts = record.durations.counts;
    const slot = bucket < 0 ? counts.length - 1 : bucket;
    counts[slot] = counts[slot]! + 1;
    record.durations.sum += summary.duration;
    record.durations.count++;
    if (summary.lookedAtAll) {
      const target = this.#openTarget(record.key.target);
      target.hostsUp = summary.up;
      target.hostsDown = summary.down;
    }
  }

  /** Lets go of records of requests that are too old or too many; those that `isActive` names stay. */
  prune(isActive: (id: string) => boolean): void {
    if (this.#requested === 0) return;
    const { requestedLimit, requestedRetention, wallClock } = this.#options;
    const oldestFirst = [...this.#records]
      .filter(([id, record]) => !record.configured && !isActive(id))
      .sort(([, a], [, b]) => a.lastEndAt - b.lastEndAt);
    const tooMany = this.#requested - requestedLimit;
    const deadline = wallClock() - requestedRetention();
    const dropped = oldestFirst.filter(([, record], index) =>
      index < tooMany || record.lastEndAt < deadline
    );
    this.droppedTotal += Math.max(0, Math.min(tooMany, dropped.length));
    this.#drop(dropped.map(([id]) => id));
  }

  /** Lets go of the configured records that `isWanted` does not name; returns their ids. */
  dropUnwanted(isWanted: (id: string, record: ScanRecord) => boolean): string[] {
    const dropped = [...this.#records].filter(([id, record]) =>
      record.configured && !isWanted(id, record)
    ).map(([id]) => id);
    this.#drop(dropped);
    return dropped;
  }

  #drop(ids: readonly string[]): void {
    if (ids.length === 0) return;
    const dropped = ids.map((id) => this.#records.get(id)!);
    for (const [index, id] of ids.entries()) {
      this.#records.delete(id);
      this.#unsaved.delete(id);
      this.#forgotten.set(id, dropped[index]!);
      if (!dropped[index]!.configured) this.#requested--;
    }
    const left = new Set([...this.#records.values()].map(({ key }) => key.target));
    for (const target of this.#targets.keys()) {
      if (left.has(target)) continue;
      this.#targets.delete(target);
      this.#forgottenTargets.add(target);
    }
    this.#options.onDropped(dropped);
  }

  /** Says that a record, and the counters of its target, changed and are to be stored. */
  touch(record: ScanRecord): void {
    this.#unsaved.add(unitId(record.unit));
    this.#unsavedTargets.add(record.key.target);
  }

  /** What changed since this was last asked for, as it is now. */
  takeUnsaved(): {
    records: SavedRecord[];
    forgottenRecords: Pick<SavedRecord, "key" | "ports">[];
    targets: SavedTarget[];
    forgottenTargets: string[];
  } {
    const records = [...this.#unsaved].flatMap((id) => {
      const record = this.#records.get(id);
      return record === undefined ? [] : [this.#saved(record)];
    });
    const forgottenRecords = [...this.#forgotten]
      .filter(([id]) => !this.#records.has(id))
      .map(([, { key, unit }]) => ({ key, ports: `${unit.ports}` }));
    const targets = [...this.#unsavedTargets].flatMap((name) => this.#targets.get(name) ?? [])
      .map((target) => ({ ...target }));
    const forgottenTargets = [...this.#forgottenTargets].filter((name) => !this.#targets.has(name));
    for (const set of [this.#unsaved, this.#unsavedTargets, this.#forgottenTargets]) set.clear();
    this.#forgotten.clear();
    return { records, forgottenRecords, targets, forgottenTargets };
  }

  #saved(record: ScanRecord): SavedRecord {
    const wallTime = (monotonic: number | undefined) =>
      monotonic === undefined
        ? undefined
        : Math.round(monotonic + this.#options.wallClock() - this.#options.now());
    const { unit, failures, alive, answeredAt, silentSince, ...rest } = record;
    return {
      ...rest,
      ports: `${unit.ports}`,
      failures: Object.fromEntries(failures),
      alive: [...alive],
      answeredAt: wallTime(answeredAt),
      silentSince: wallTime(silentSince),
    };
  }

  /** Takes over what an earlier process stored, once, before anything else is opened. */
  restore(saved: { records: Iterable<SavedRecord>; targets: Iterable<SavedTarget> }): void {
    const now = this.#options.now();
    const offset = now - this.#options.wallClock();
    const monotonic = (unix: number | undefined) =>
      unix === undefined ? undefined : Math.min(unix + offset, now);
    for (const target of saved.targets) this.#targets.set(target.target, { ...target });
    for (const { ports, failures, alive, durations, ...rest } of saved.records) {
      const unit = {
        key: rest.key,
        network: parseNetwork(rest.key.target).network,
        ports: parsePorts(ports),
      };
      const record: ScanRecord = {
        ...rest,
        unit,
        failures: new Map(Object.entries(failures) as [FailureType, number][]),
        alive: new Set(alive),
        durations: { ...durations, counts: [...durations.counts] },
        answeredAt: monotonic(rest.answeredAt),
        silentSince: monotonic(rest.silentSince),
      };
      this.#records.set(unitId(unit), record);
      if (!record.configured) this.#requested++;
      this.#openTarget(rest.key.target);
    }
  }

  #openTarget(target: string): TargetRecord {
    let record = this.#targets.get(target);
    if (record === undefined) {
      record = {
        target,
        closedToOpen: 0,
        openToClosed: 0,
        unconfirmed: 0,
        hostsUp: undefined,
        hostsDown: undefined,
      };
      this.#targets.set(target, record);
    }
    return record;
  }
}

function newRecord(unit: ScanUnit, configured: boolean, now: number): ScanRecord {
  return {
    key: unit.key,
    unit,
    configured,
    successes: 0,
    failures: new Map([["timeout", 0]]),
    timeouts: 0,
    partials: 0,
    skipped: 0,
    lastHostsTimedOut: undefined,
    lastHostsIncomplete: undefined,
    lastCompleteAt: undefined,
    lastDuration: undefined,
    durations: { counts: new Array(DURATION_BUCKETS.length + 1).fill(0), sum: 0, count: 0 },
    resumeAt: 0,
    alive: new Set(),
    answeredAt: undefined,
    silentSince: undefined,
    lastEndAt: now,
    pending: false,
  };
}
