import type { FailureType, Protocol, ScanKey } from "../domain/scan.ts";

/**
 * What outlives the process, as plain values. All times are unix milliseconds: the monotonic clock of
 * one process means nothing to the next.
 */
export interface SavedState {
  readonly hosts: Iterable<SavedHost>;
  readonly records: Iterable<SavedRecord>;
  readonly targets: Iterable<SavedTarget>;
  readonly rounds: Iterable<SavedRound>;
  readonly learnt: Iterable<SavedLearnt>;
}

/** An open port: when it was first found open, and when it last changed. */
export type SavedOpenPort = readonly [port: number, firstSeen: number, lastChange: number];
/** A port that was open: when it was first and last seen open, and when it closed. */
export type SavedClosedPort = readonly [
  port: number,
  firstSeen: number,
  lastSeen: number,
  closedAt: number,
];

/** What is known of one address and protocol. */
export interface SavedHost {
  /** Canonical text. */
  readonly address: string;
  readonly protocol: Protocol;
  /** Whether anything at the address ever answered. */
  readonly everAlive: boolean;
  readonly firstSeen: number | undefined;
  readonly lastSeen: number | undefined;
  /** Coverage as disjoint port ranges with the time of the last look at each. */
  readonly layers: readonly (readonly [ports: string, takenAt: number])[];
  readonly open: readonly SavedOpenPort[];
  readonly closed: readonly SavedClosedPort[];
}

/** Counters and last scan of one scan key. */
export interface SavedRecord {
  readonly key: ScanKey;
  /** Canonical text of the ports, which tells scan keys apart. */
  readonly ports: string;
  readonly configured: boolean;
  readonly successes: number;
  readonly failures: Readonly<Partial<Record<FailureType, number>>>;
  readonly timeouts: number;
  readonly partials: number;
  readonly skipped: number;
  readonly lastHostsTimedOut: number | undefined;
  readonly lastHostsIncomplete: number | undefined;
  /** Unix seconds. */
  readonly lastCompleteAt: number | undefined;
  /** Seconds. */
  readonly lastDuration: number | undefined;
  readonly durations: {
    readonly counts: readonly number[];
    readonly sum: number;
    readonly count: number;
  };
  readonly resumeAt: number;
  readonly alive: readonly string[];
  readonly answeredAt: number | undefined;
  readonly silentSince: number | undefined;
  readonly lastBeganAt: number | undefined;
  readonly lastEndAt: number;
  /** Whether a turn was taken from the schedule and has not ended. */
  readonly pending: boolean;
}

/** Counters of a label `target`. */
export interface SavedTarget {
  readonly target: string;
  readonly closedToOpen: number;
  readonly openToClosed: number;
  readonly unconfirmed: number;
  readonly hostsUp: number | undefined;
  readonly hostsDown: number | undefined;
}

/** Where the schedule is with one target: when its round is due and how many of its units were taken. */
export interface SavedRound {
  /** `NETWORK PROTOCOL PORTS`, such as `10.0.0.0/8 tcp 1-65535`. */
  readonly id: string;
  readonly dueAt: number;
  readonly taken: number;
}

/** What a source outside of the program last said, which is kept for when it cannot be asked. */
export interface SavedLearnt {
  /** What kind of source, and which: `name db.example.org`. */
  readonly source: string;
  /** In the source's own form. */
  readonly value: string;
}

/** A port that changed, for the history. */
export interface SavedChange {
  /** Unix milliseconds. */
  readonly time: number;
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly from: "open" | "closed";
  readonly to: "open" | "closed";
  /** Label `target` of the scan that saw it. */
  readonly target: string;
}

/** What one applied outcome changed: stored whole or not at all. */
export interface StateBatch {
  readonly hosts?: readonly SavedHost[];
  /** Address and protocol of what is not known any more. */
  readonly forgottenHosts?: readonly (readonly [address: string, protocol: Protocol])[];
  readonly records?: readonly SavedRecord[];
  readonly forgottenRecords?: readonly Pick<SavedRecord, "key" | "ports">[];
  readonly targets?: readonly SavedTarget[];
  readonly forgottenTargets?: readonly string[];
  readonly rounds?: readonly SavedRound[];
  readonly forgottenRounds?: readonly string[];
  readonly learnt?: readonly SavedLearnt[];
  readonly forgottenLearnt?: readonly string[];
  readonly changes?: readonly SavedChange[];
}

/** Which changes to list: newest first. */
export interface ChangeQuery {
  /** Only those at or after this time, unix milliseconds. */
  readonly since?: number;
  readonly address?: string;
  /** Most changes to list. */
  readonly limit: number;
}

/** Where state is kept. */
export interface StateStore {
  /** Everything that was stored; read once, before the first save. */
  load(): SavedState;
  /** Stores a batch in one transaction; throws when it cannot, and then has stored nothing of it. */
  save(batch: StateBatch): void;
  /** Changes, newest first. */
  changes(query: ChangeQuery): SavedChange[];
  /** Deletes up to `limit` changes older than `before`; returns how many there were. */
  pruneChanges(before: number, limit: number): number;
  /** Closes the store. */
  close(): void;
}
