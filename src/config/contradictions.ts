import { rateShare } from "../domain/rate_share.ts";
import type { ScanningConfig } from "./config.ts";
import type { Report } from "./report.ts";

/** What contradictions are looked for in, under the names of the configuration; 0 and undefined leave an option out. */
export interface Timing {
  readonly min_rate?: number | undefined;
  readonly max_rate?: number | undefined;
  readonly min_parallelism?: number | undefined;
  readonly scan_delay?: number | undefined;
  readonly max_scan_delay?: number | undefined;
  readonly initial_rtt_timeout?: number | undefined;
  readonly max_rtt_timeout?: number | undefined;
  readonly min_rtt_timeout?: number | undefined;
}

/** What is wrong, or unwise, about the value of one key. */
export interface TimingProblem {
  readonly key: keyof Timing;
  readonly message: string;
}

/**
 * Pairs of which the first must not be above the second. nmap refuses the rates, and adjusts the
 * others without a word.
 */
const ORDERED: readonly (readonly [low: keyof Timing, high: keyof Timing, blamed: 0 | 1])[] = [
  ["min_rate", "max_rate", 0],
  ["scan_delay", "max_scan_delay", 1],
  ["min_rtt_timeout", "max_rtt_timeout", 0],
  ["initial_rtt_timeout", "max_rtt_timeout", 0],
  ["min_rtt_timeout", "initial_rtt_timeout", 1],
];

/**
 * Every pair of written values that contradict each other. A target's `own` values are held against
 * those that it inherits; what is wrong among the inherited alone is not its problem.
 */
export function contradictions(own: Timing, inherited: Timing = {}): TimingProblem[] {
  return ORDERED.flatMap(([low, high, blamed]): TimingProblem[] => {
    const { [low]: ownLow, [high]: ownHigh } = own;
    if (ownLow === undefined && ownHigh === undefined) return [];
    const least = ownLow ?? inherited[low] ?? 0;
    const most = ownHigh ?? inherited[high] ?? 0;
    if (least === 0 || most === 0 || least <= most) return [];
    const lowIsWrong = ownHigh === undefined || (ownLow !== undefined && blamed === 0);
    const message = lowIsWrong
      ? `${least} is above scanning.${high}, which is ${most} (at most ${most}, or 0 to leave it out)`
      : `${most} is below scanning.${low}, which is ${least} (at least ${least}, or 0 to leave it out)`;
    return [{ key: lowIsWrong ? low : high, message }];
  });
}

/** nmap refuses a minimum above the maximum, which is the share of one process in the total. */
export function aboveShare(
  { min_rate: least = 0 }: Timing,
  { maxTotalRate, workerCount }: Pick<ScanningConfig, "maxTotalRate" | "workerCount">,
  report: Pick<Report, "refused">,
): TimingProblem[] {
  // What a refused total would have come to is not known.
  if (["max_total_rate", "worker_count"].some((key) => report.refused(["scanning", key]))) {
    return [];
  }
  const { workers, rate } = rateShare(maxTotalRate, workerCount);
  if (rate === 0 || least <= rate) return [];
  const message = `${least} is above the share of one process in scanning.max_total_rate, ` +
    `which is ${rate}: ${maxTotalRate} among ${workers} (at most ${rate}, or 0 to leave it out)`;
  return [{ key: "min_rate", message }];
}

/** Written options that nmap does not obey beside each other, looked for like contradictions. */
export function ignoredOptions(own: Timing, inherited: Timing = {}): TimingProblem[] {
  const { scan_delay = 0, min_rate = 0, min_parallelism = 0 } = { ...inherited, ...own };
  if (scan_delay === 0) return [];
  const delayIsOwn = own.scan_delay !== undefined;
  const found: TimingProblem[] = [];
  if (min_rate > 0 && (delayIsOwn || own.min_rate !== undefined)) {
    found.push({
      key: own.min_rate === undefined ? "scan_delay" : "min_rate",
      message: own.min_rate === undefined
        ? "is written beside scanning.min_rate: nmap obeys min_rate and ignores scan_delay (write one of the two)"
        : "is written beside scanning.scan_delay: nmap obeys min_rate and ignores scan_delay (write one of the two)",
    });
  }
  if (own.min_parallelism !== undefined && min_parallelism > 0) {
    found.push({
      key: "min_parallelism",
      message: "is left out: nmap ignores it beside scanning.scan_delay (write one of the two)",
    });
  }
  return found;
}
