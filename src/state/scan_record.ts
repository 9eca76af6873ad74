import type { Network } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import type { FailureType, ScanKey, ScanUnit } from "../domain/scan.ts";
import { AddressSet } from "./address_set.ts";
import { BlockMember } from "./record_blocks.ts";
import { DURATION_BUCKETS } from "./duration_buckets.ts";

/** How many complete scans took how long: a count for each of `DURATION_BUCKETS` and one above them. */
export interface Durations {
  readonly counts: readonly number[];
  /** Seconds. */
  readonly sum: number;
  readonly count: number;
}

// Most records never need their own: 100,000 targets have 100,000 records before the first scan.
const NO_FAILURES: ReadonlyMap<FailureType, number> = new Map([["timeout", 0]]);
const NO_DURATIONS: Durations = {
  counts: new Array(DURATION_BUCKETS.length + 1).fill(0),
  sum: 0,
  count: 0,
};

/** Why a scan was partial or failed. */
export interface ScanTrouble {
  readonly type: FailureType | undefined;
  /** One line for people. */
  readonly message: string;
}

/** Everything kept about one scan key: its counters, its last scan, and what the next one builds on. */
export class ScanRecord extends BlockMember {
  key: ScanKey;
  /** Shared with the plan where it can be. */
  network: Network;
  readonly ports: PortSet;
  /** Whether the configuration names it; otherwise a request did. */
  configured: boolean;
  successes = 0;
  /** Counts by type; replaced when one changes. */
  failures: ReadonlyMap<FailureType, number> = NO_FAILURES;
  timeouts = 0;
  partials = 0;
  skipped = 0;
  lastHostsTimedOut: number | undefined = undefined;
  lastHostsIncomplete: number | undefined = undefined;
  /** Unix seconds at which the last complete scan ended. */
  lastCompleteAt: number | undefined = undefined;
  /** Seconds. */
  lastDuration: number | undefined = undefined;
  /** Replaced by every complete scan. */
  durations: Durations = NO_DURATIONS;
  /** Offset at which the next round begins. */
  resumeAt = 0;
  /** Addresses that answered when they were last looked at by this unit. */
  readonly alive: Pick<AddressSet, keyof AddressSet> = new AddressSet();
  /** Monotonic ms at which the last process began that something in the unit answered. */
  answeredAt: number | undefined = undefined;
  /** Monotonic ms since which nothing answers that did before. */
  silentSince: number | undefined = undefined;
  /** Monotonic ms at which the last scan that ended began, however it ended. */
  lastBeganAt: number | undefined = undefined;
  /** Unix ms of the last end; orders the records that requests made. */
  lastEndAt: number;
  /** Whether a turn was taken from the schedule and has not ended. */
  pending = false;
  /** Why the last scan that ended was not complete; undefined when it was. Not stored: records with the same one share it. */
  lastTrouble: ScanTrouble | undefined = undefined;

  /** A record with all counters at 0, made at `now`, unix milliseconds. */
  constructor(
    { key, network, ports }: Pick<ScanUnit, "key" | "network" | "ports">,
    { configured, now }: { configured: boolean; now: number },
  ) {
    super();
    this.key = key;
    this.network = network;
    this.ports = ports;
    this.configured = configured;
    this.lastEndAt = now;
  }

  /** What it is the record of. */
  get unit(): Pick<ScanUnit, "key" | "network" | "ports"> {
    return this;
  }

  /** Counts a failure. */
  countFailure(type: FailureType): void {
    this.failures = new Map(this.failures).set(type, (this.failures.get(type) ?? 0) + 1);
  }

  /** Counts the duration of a complete scan, in seconds. */
  countDuration(seconds: number): void {
    const bucket = DURATION_BUCKETS.findIndex((bound) => seconds <= bound);
    const counts = [...this.durations.counts];
    const slot = bucket < 0 ? counts.length - 1 : bucket;
    counts[slot] = counts[slot]! + 1;
    this.durations = {
      counts,
      sum: this.durations.sum + seconds,
      count: this.durations.count + 1,
    };
  }
}

/** Counters of a label `target`, shared by all scan keys of that target. */
export class TargetRecord extends BlockMember {
  readonly target: string;
  closedToOpen = 0;
  openToClosed = 0;
  unconfirmed = 0;
  hostsUp: number | undefined = undefined;
  hostsDown: number | undefined = undefined;
  /** Scan keys that have this label. */
  keys = 0;

  /** A target with all counters at 0. */
  constructor(target: string) {
    super();
    this.target = target;
  }
}
