import { type Network, networkContains } from "../domain/network.ts";
import type { ScanRecord } from "../state/scan_records.ts";

/** Whether a unit that fell silent is believed, not believed, or waits for what another unit sees. */
export type Verdict = "believe" | "doubt" | "wait";

/** What is known when a unit has shown no life in a round although it did before. */
export interface Silence {
  readonly record: ScanRecord;
  /** Monotonic ms at which the round began. */
  readonly startedAt: number;
  /** Whether the unit is one address, whose silence has been confirmed. */
  readonly confirmedSingle: boolean;
  /** Since when the unit was silent before this round; undefined when it answered in the last one. */
  readonly silentBefore: number | undefined;
}

/**
 * Tells a network that went silent from a scanner that lost its own (contract, section 5.7).
 *
 * `others` are the records of all other units, `pending` tells which of them wait or run now and so
 * will soon say whether anything answers.
 */
export function judgeSilence(
  { record, startedAt, confirmedSingle, silentBefore }: Silence,
  others: readonly ScanRecord[],
  pending: (record: ScanRecord) => boolean,
): Verdict {
  const lastAnswer = latestAnswer(others);
  const networkAnsweredAt = Math.max(lastAnswer, latestAnswer([record]));
  const fellSilentToo = ({ silentSince }: ScanRecord) =>
    silentSince !== undefined && silentSince > networkAnsweredAt;
  // A unit that looks at none but these addresses falls silent with them, whatever the reason, and one
  // that nobody will scan again has nothing more to say.
  const witnesses = others.filter((other) =>
    other.answeredAt !== undefined && !isWithin(other.unit.network, record.unit.network) &&
    (other.configured || pending(other))
  );
  if (silentBefore !== undefined) {
    // One that had died before this unit fell silent cannot be expected to answer.
    const expected = witnesses.some((other) => other.alive.size > 0 || fellSilentToo(other));
    return !expected || lastAnswer > silentBefore ? "believe" : "doubt";
  }
  if (!confirmedSingle) return "doubt";
  if (lastAnswer >= startedAt) return "believe";
  if (witnesses.some(fellSilentToo)) return "doubt";
  return witnesses.some(pending) ? "wait" : "believe";
}

function latestAnswer(records: readonly ScanRecord[]): number {
  return records.reduce((last, { answeredAt }) => Math.max(last, answeredAt ?? last), -Infinity);
}

function isWithin(inner: Network, outer: Network): boolean {
  return inner.prefix >= outer.prefix &&
    networkContains(outer, { family: inner.family, value: inner.base });
}
