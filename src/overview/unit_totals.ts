import type { ScanRecord } from "../state/scan_records.ts";

/** What the records of some units say together. */
export interface UnitTotals {
  /** Units of which at least one scan has ended, be it complete, partial or failed. */
  readonly scanned: number;
  /** Units that were ever completely scanned. */
  readonly complete: number;
  readonly failing: number;
  /** Why the first of those is. */
  readonly failure: string | undefined;
  /** When the unit was completely scanned for which that is the longest ago, unix milliseconds. */
  readonly completeSince: number;
  /** When the latest scan ended, unix milliseconds. */
  readonly lastEndAt: number;
}

/** No units. */
export const NO_UNITS: UnitTotals = {
  scanned: 0,
  complete: 0,
  failing: 0,
  failure: undefined,
  completeSince: Infinity,
  lastEndAt: -Infinity,
};

/** What these records say together. */
export function totalsOf(records: Iterable<ScanRecord>): UnitTotals {
  let { scanned, complete, failing, failure, completeSince, lastEndAt } = NO_UNITS;
  for (const record of records) {
    // Before its first scan a record has the time of its making there.
    if (record.lastBeganAt === undefined) continue;
    scanned++;
    lastEndAt = Math.max(lastEndAt, record.lastEndAt);
    if (record.lastTrouble !== undefined) {
      failing++;
      failure ??= record.lastTrouble.message;
    }
    if (record.lastCompleteAt === undefined) continue;
    complete++;
    completeSince = Math.min(completeSince, Math.round(record.lastCompleteAt * 1000));
  }
  return { scanned, complete, failing, failure, completeSince, lastEndAt };
}

/** Both together. */
export function sum(a: UnitTotals, b: UnitTotals): UnitTotals {
  if (b.scanned === 0) return a;
  return {
    scanned: a.scanned + b.scanned,
    complete: a.complete + b.complete,
    failing: a.failing + b.failing,
    failure: a.failure ?? b.failure,
    completeSince: Math.min(a.completeSince, b.completeSince),
    lastEndAt: Math.max(a.lastEndAt, b.lastEndAt),
  };
}
