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
  silence: Silence,
  others: readonly ScanRecord[],
  pending: (record: ScanRecord) => boolean,
): Verdict {
  const witnesses = others.filter(({ answeredAt }) => answeredAt !== undefined);
  const lastAnswer = witnesses.reduce(
    (last, { answeredAt }) => Math.max(last, answeredAt!),
    -Infinity,
  );
  if (silence.silentBefore !== undefined) {
    return witnesses.length === 0 || lastAnswer > silence.silentBefore ? "believe" : "doubt";
  }
  if (!silence.confirmedSingle) return "doubt";
  if (lastAnswer >= silence.startedAt) return "believe";
  const ownAnswer = silence.record.answeredAt ?? -Infinity;
  const networkAnsweredAt = Math.max(lastAnswer, ownAnswer);
  const fellSilentToo = witnesses.some(({ silentSince }) =>
    silentSince !== undefined && silentSince > networkAnsweredAt
  );
  if (fellSilentToo) return "doubt";
  return witnesses.some(pending) ? "wait" : "believe";
}
