import { type Network, NO_NETWORK, parseNetwork } from "../domain/network.ts";
import { parsePorts, PortSet } from "../domain/ports.ts";
import { type FailureType, portsId, type ScanUnit, unitId } from "../domain/scan.ts";
import { AgeClock } from "./age_clock.ts";
import { type RecordBlock, RecordBlocks } from "./record_blocks.ts";
import type { SavedRecord, SavedTarget } from "./saved_state.ts";
import { ScanRecord, type ScanTrouble, TargetRecord } from "./scan_record.ts";

export type { ScanRecord, ScanTrouble, TargetRecord } from "./scan_record.ts";

/** How a scan unit ended (contract, section 5.12); `stopped` means that we ended it, which counts as nothing. */
export type UnitEnd = "complete" | "partial" | "failed" | "stopped";

/** What came of one scan unit as a whole. */
export interface UnitSummary {
  readonly end: UnitEnd;
  /** Set for partial and failed. */
  readonly failure: { readonly type: FailureType; readonly message: string } | undefined;
  /** When it began, milliseconds on the monotonic clock: before its first process. */
  readonly startedAt: number;
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

/** Stands for the reason of a scan that was not complete and ended in an earlier process. */
const FORGOTTEN_TROUBLE: ScanTrouble = {
  type: undefined,
  message: "It ended before the exporter was restarted, which has not kept the reason",
};

/** Milliseconds by which the same moment may come back different when it is stored twice. */
const CLOCK_SLACK_MS = 3;

/**
 * The scan keys that the program knows and what became of them.
 *
 * Whoever changes a record, or the counters of its target, calls `touch` right before: that has it
 * stored, and tells the readers of the block that it is in.
 */
export class ScanRecords {
  /** By protocol and ports, then by label `target`: one text less a record than a map of ids. */
  readonly #byTarget = new Map<string, Map<string, ScanRecord>>();
  readonly #targets = new Map<string, TargetRecord>();
  readonly #blocks = new RecordBlocks<ScanRecord>();
  readonly #targetBlocks = new RecordBlocks<TargetRecord>();
  /** Those outside the configuration. */
  readonly #requested = new Set<ScanRecord>();
  readonly #options: ScanRecordsOptions;
  readonly #ages: AgeClock;
  readonly #unsaved = new Set<ScanRecord>();
  readonly #unsavedTargets = new Set<TargetRecord>();
  readonly #forgotten = new Map<string, ScanRecord>();
  readonly #forgottenTargets = new Set<string>();
  /** Records of requests that had to leave because there were too many. */
  droppedTotal = 0;
  /** Times that records left, however many at once. */
  departures = 0;
  /** The last of all records: where one scan fails, others mostly fail for the same reason. */
  #lastTrouble: ScanTrouble | undefined;

  constructor(options: ScanRecordsOptions) {
    this.#options = options;
    this.#ages = new AgeClock(options);
  }

  /** The record of a unit, made on first sight; one that is configured is labelled as the configuration writes it. */
  open(unit: ScanUnit, { configured }: { configured: boolean }): ScanRecord {
    const record = this.#find(unit.key.target, groupOf(unit));
    if (record === undefined) return this.#add(unit, configured);
    if (!configured) return record;
    // What was restored has a copy of its own, which nobody needs any more.
    record.network = unit.network;
    if (!record.configured) {
      record.configured = true;
      this.#requested.delete(record);
    }
    if (record.key.portRange !== unit.key.portRange) {
      this.touch(record);
      record.key = unit.key;
    }
    return record;
  }

  /** The record with this id, if there is one. */
  get(id: string): ScanRecord | undefined {
    const space = id.indexOf(" ");
    return this.#find(id.slice(0, space), id.slice(space + 1));
  }

  /** Counters of a label `target` that has a record. */
  target(target: string): TargetRecord {
    return this.#openTarget(target);
  }

  /** All records in the order in which they were first seen. */
  *values(): Iterable<ScanRecord> {
    for (const { items } of this.#blocks.all()) yield* items;
  }

  /** All records with their ids, in the order in which they were first seen. */
  *all(): Iterable<readonly [id: string, record: ScanRecord]> {
    for (const record of this.values()) yield [unitId(record), record];
  }

  /** All targets in the order in which they were first seen. */
  *targets(): Iterable<TargetRecord> {
    for (const { items } of this.#targetBlocks.all()) yield* items;
  }

  /** Records that only requests asked for. */
  requested(): Iterable<ScanRecord> {
    return this.#requested.values();
  }

  /** All records in the order in which they were first seen, in blocks of at most 256. */
  blocks(): readonly RecordBlock<ScanRecord>[] {
    return this.#blocks.all();
  }

  /** All targets, in blocks as the records are. */
  targetBlocks(): readonly RecordBlock<TargetRecord>[] {
    return this.#targetBlocks.all();
  }

  /** Says that a record, or the counters of its target, is about to change: it is to be stored and shown. */
  touch(record: ScanRecord): void {
    const target = this.#openTarget(record.key.target);
    this.#unsaved.add(record);
    this.#unsavedTargets.add(target);
    this.#blocks.change(record);
    this.#targetBlocks.change(target);
  }

  /** Notes that a turn of a record was taken from the schedule, which is stored and not shown. */
  notePending(record: ScanRecord): void {
    if (record.pending) return;
    record.pending = true;
    this.#unsaved.add(record);
  }

  /** Counts the end of a unit; an end by us counts as nothing. */
  finish(record: ScanRecord, summary: UnitSummary): void {
    const now = this.#options.wallClock();
    record.lastEndAt = now;
    // One that we ended is still to be done, after a restart if not before.
    if (summary.end === "stopped") return;
    record.pending = false;
    this.touch(record);
    record.lastBeganAt = summary.startedAt;
    record.lastTrouble = this.#troubleOf(summary);
    record.resumeAt = summary.resumeAt;
    record.lastHostsTimedOut = summary.timedOut;
    record.lastHostsIncomplete = summary.incomplete;
    if (summary.failure !== undefined) {
      record.countFailure(summary.failure.type);
      if (summary.failure.type === "timeout") record.timeouts++;
    }
    if (summary.end === "partial") record.partials++;
    if (summary.end !== "complete") return;
    record.successes++;
    record.lastCompleteAt = now / 1000;
    record.lastDuration = summary.duration;
    record.countDuration(summary.duration);
    if (summary.lookedAtAll) {
      const target = this.#openTarget(record.key.target);
      target.hostsUp = summary.up;
      target.hostsDown = summary.down;
    }
  }

  /** Lets go of records of requests that are too old or too many; those that `isActive` names stay. */
  prune(isActive: (id: string) => boolean): void {
    if (this.#requested.size === 0) return;
    const { requestedLimit, requestedRetention } = this.#options;
    const oldestFirst = [...this.#requested]
      .filter((record) => !isActive(unitId(record)))
      .sort((a, b) => a.lastEndAt - b.lastEndAt);
    const tooMany = this.#requested.size - requestedLimit;
    const deadline = this.#ages.now() - requestedRetention();
    const dropped = oldestFirst.filter((record, index) =>
      index < tooMany || record.lastEndAt < deadline
    );
    this.droppedTotal += Math.max(0, Math.min(tooMany, dropped.length));
    this.#drop(dropped);
  }

  /** Lets go of the configured records that `isWanted` does not name; returns their ids. */
  dropUnwanted(isWanted: (record: ScanRecord) => boolean): string[] {
    const dropped = [...this.values()].filter((record) => record.configured && !isWanted(record));
    this.#drop(dropped);
    return dropped.map(unitId);
  }

  /** What changed since this was last asked for, as it is now. */
  takeUnsaved(): {
    records: SavedRecord[];
    forgottenRecords: Pick<SavedRecord, "key" | "ports">[];
    targets: SavedTarget[];
    forgottenTargets: string[];
  } {
    const records = Array.from(this.#unsaved, (record) => this.#saved(record));
    const forgottenRecords = [...this.#forgotten]
      .filter(([id]) => this.get(id) === undefined)
      .map(([, { key, ports }]) => ({ key, ports: `${ports}` }));
    const targets = Array.from(this.#unsavedTargets, savedTarget);
    const forgottenTargets = [...this.#forgottenTargets].filter((name) => !this.#targets.has(name));
    for (const set of [this.#unsaved, this.#unsavedTargets, this.#forgottenTargets]) set.clear();
    this.#forgotten.clear();
    return { records, forgottenRecords, targets, forgottenTargets };
  }

  /** Takes over what an earlier process stored, once, before anything else is opened. */
  restore(saved: { records: Iterable<SavedRecord>; targets: Iterable<SavedTarget> }): void {
    const now = this.#options.now();
    const offset = now - this.#options.wallClock();
    const monotonic = (unix: number | undefined) =>
      unix === undefined ? undefined : Math.min(unix + offset, now);
    for (const { target, ...counters } of saved.targets) {
      Object.assign(this.#openTarget(target), counters);
    }
    // Most records have the same few lists of ports.
    const portSets = new Map<string, PortSet>();
    for (const { key, ports: text, configured, failures, alive, ...rest } of saved.records) {
      const ports = portSets.get(text) ?? readPorts(text);
      portSets.set(text, ports);
      const network = networkNamed(key.target);
      const record = this.#add({ key, network, ports }, configured);
      Object.assign(record, rest);
      record.failures = new Map(Object.entries(failures) as [FailureType, number][]);
      for (const address of alive) record.alive.add(address);
      record.answeredAt = monotonic(rest.answeredAt);
      record.silentSince = monotonic(rest.silentSince);
      record.lastBeganAt = monotonic(rest.lastBeganAt);
      if (endedIncomplete(record)) record.lastTrouble = FORGOTTEN_TROUBLE;
    }
  }

  #troubleOf({ failure }: UnitSummary): ScanTrouble | undefined {
    const last = this.#lastTrouble;
    if (failure === undefined) return undefined;
    if (last?.type === failure.type && last.message === failure.message) return last;
    return this.#lastTrouble = { type: failure.type, message: failure.message };
  }

  #saved(record: ScanRecord): SavedRecord {
    const wallTime = (monotonic: number | undefined) =>
      monotonic === undefined
        ? undefined
        : Math.round(monotonic + this.#options.wallClock() - this.#options.now());
    return {
      key: record.key,
      ports: `${record.ports}`,
      configured: record.configured,
      successes: record.successes,
      failures: Object.fromEntries(record.failures),
      timeouts: record.timeouts,
      partials: record.partials,
      skipped: record.skipped,
      lastHostsTimedOut: record.lastHostsTimedOut,
      lastHostsIncomplete: record.lastHostsIncomplete,
      lastCompleteAt: record.lastCompleteAt,
      lastDuration: record.lastDuration,
      durations: record.durations,
      resumeAt: record.resumeAt,
      alive: [...record.alive],
      answeredAt: wallTime(record.answeredAt),
      silentSince: wallTime(record.silentSince),
      // Earlier than what it found by more than the clocks may be read apart: that was seen by it.
      lastBeganAt: record.lastBeganAt === undefined
        ? undefined
        : wallTime(record.lastBeganAt - CLOCK_SLACK_MS),
      lastEndAt: record.lastEndAt,
      pending: record.pending,
    };
  }

  #find(target: string, group: string): ScanRecord | undefined {
    return this.#byTarget.get(group)?.get(target);
  }

  #add(
    unit: { key: ScanUnit["key"]; network: Network; ports: PortSet },
    configured: boolean,
  ): ScanRecord {
    const record = new ScanRecord(unit, { configured, now: this.#options.wallClock() });
    const group = groupOf(unit);
    let records = this.#byTarget.get(group);
    if (records === undefined) this.#byTarget.set(group, records = new Map());
    const target = this.#openTarget(unit.key.target);
    target.keys++;
    records.set(target.target, record);
    this.#blocks.add(record);
    if (!configured) this.#requested.add(record);
    return record;
  }

  #drop(dropped: readonly ScanRecord[]): void {
    if (dropped.length === 0) return;
    this.departures++;
    const targets = new Set<TargetRecord>();
    for (const record of dropped) {
      const group = groupOf(record);
      const records = this.#byTarget.get(group)!;
      records.delete(record.key.target);
      if (records.size === 0) this.#byTarget.delete(group);
      this.#requested.delete(record);
      this.#unsaved.delete(record);
      this.#forgotten.set(unitId(record), record);
      const target = this.#openTarget(record.key.target);
      if (--target.keys === 0) targets.add(target);
    }
    for (const target of targets) {
      this.#targets.delete(target.target);
      this.#unsavedTargets.delete(target);
      this.#forgottenTargets.add(target.target);
    }
    this.#blocks.remove(new Set(dropped));
    this.#targetBlocks.remove(targets);
    this.#options.onDropped(dropped);
  }

  #openTarget(target: string): TargetRecord {
    let record = this.#targets.get(target);
    if (record === undefined) {
      record = new TargetRecord(target);
      this.#targets.set(target, record);
      this.#targetBlocks.add(record);
    }
    return record;
  }
}

/** Whether the last scan of a restored record is known to have been partial or failed. */
function endedIncomplete({ lastBeganAt, lastCompleteAt, lastEndAt, pending }: ScanRecord): boolean {
  if (lastBeganAt === undefined) return false;
  if (lastCompleteAt === undefined) return true;
  // A scan that was under way may have been ended by us, which moves the time of the last end as well.
  return !pending && Math.round(lastCompleteAt * 1000) < lastEndAt;
}

/** What follows the target in `unitId`. */
function groupOf({ key, ports }: Pick<ScanUnit, "key" | "ports">): string {
  return `${key.protocol} ${portsId(key.portRange, ports)}`;
}

/** The network that a label `target` names; none for a host name that never resolved. */
function networkNamed(target: string): Network {
  return target.includes("/") ? parseNetwork(target).network : NO_NETWORK;
}

/** Ports as they were stored; a sweep of known ports may expect none. */
function readPorts(text: string): PortSet {
  return text === "" ? PortSet.EMPTY : parsePorts(text);
}

function savedTarget(target: TargetRecord): SavedTarget {
  const { keys: _, ...saved } = target;
  return saved;
}
