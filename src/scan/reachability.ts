import { parseAddress } from "../domain/address.ts";
import { type Network, networkContains } from "../domain/network.ts";
import type { ScanRecord } from "../state/scan_records.ts";

/**
 * Whether a unit that fell silent is believed or not; or the records of units that can tell, because
 * they were known to answer and have not been heard of since: one answer from them and it is believed.
 */
export type Verdict = "believe" | "doubt" | readonly ScanRecord[];

/** What is known when a unit has shown no life in a round although it did before. */
export interface Silence {
  readonly record: ScanRecord;
  /** Monotonic ms at which the confirmation began: what answered before may have done so before the cable went out. */
  readonly confirmedFrom: number;
  /** Whether the unit is one address, whose silence has been confirmed. */
  readonly confirmedSingle: boolean;
  /** Since when the unit was silent before this round; undefined when it answered in the last one. */
  readonly silentBefore: number | undefined;
}

/** Most units that are asked. */
const MAX_WITNESSES = 3;

/**
 * Tells a network that went silent from a scanner that lost its own (contract, section 5.7); `others`
 * are the records of all other units.
 */
export function judgeSilence(
  { record, confirmedFrom, confirmedSingle, silentBefore }: Silence,
  others: readonly ScanRecord[],
): Verdict {
  if (silentBefore === undefined && !confirmedSingle) return "doubt";
  const since = silentBefore ?? confirmedFrom;
  if (others.some(({ answeredAt }) => answeredAt !== undefined && answeredAt >= since)) {
    return "believe";
  }
  // A unit that knows none but these addresses to be alive falls silent with them, whatever the reason.
  const witnesses = others.filter(({ alive }) =>
    alive.values().some((address) => isElsewhere(address, record.unit.network))
  );
  if (witnesses.length === 0) return "believe";
  // A closed TCP port answers at once; UDP ports of a host that is well may stay silent.
  return witnesses.sort((a, b) =>
    Number(a.key.protocol === "udp") - Number(b.key.protocol === "udp") ||
    (b.answeredAt ?? 0) - (a.answeredAt ?? 0)
  ).slice(0, MAX_WITNESSES);
}

/** Whether an address, given as canonical text, is none of `network`. */
export function isElsewhere(address: string, network: Network): boolean {
  return !networkContains(network, parseAddress(address));
}
