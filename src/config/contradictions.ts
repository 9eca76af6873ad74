import type * as z from "zod";
import { rateShare } from "../domain/rate_share.ts";
import { DEFAULTS } from "./resolve.ts";

/** What contradictions are looked for in, under the names of the configuration; 0 and undefined leave an option out. */
interface Timing {
  readonly min_rate?: number | undefined;
  readonly max_rate?: number | undefined;
  readonly max_total_rate?: number | undefined;
  readonly worker_count?: number | undefined;
  readonly scan_delay?: number | undefined;
  readonly max_scan_delay?: number | undefined;
  readonly initial_rtt_timeout?: number | undefined;
  readonly max_rtt_timeout?: number | undefined;
  readonly min_rtt_timeout?: number | undefined;
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

/** Reports every pair of written values that contradict each other; keys that were refused are left alone. */
export function refuseContradictions(
  timing: Timing,
  context: Pick<z.RefinementCtx<Timing>, "issues" | "addIssue">,
): void {
  const refused = new Set(context.issues.map((issue) => issue.path?.[0]));
  for (const pair of ORDERED) {
    const [low, high, blamed] = pair;
    if (refused.has(low) || refused.has(high)) continue;
    const least = timing[low] ?? 0;
    const most = timing[high] ?? 0;
    if (least === 0 || most === 0 || least <= most) continue;
    const message = blamed === 0
      ? `${least} is above scanning.${high}, which is ${most} (at most ${most}, or 0 to leave it out)`
      : `${most} is below scanning.${low}, which is ${least} (at least ${least}, or 0 to leave it out)`;
    context.addIssue({ code: "custom", path: [pair[blamed]], message });
  }
  if (!["min_rate", "max_total_rate", "worker_count"].some((key) => refused.has(key))) {
    refuseAboveShare(timing, context);
  }
}

/** nmap refuses a minimum above the maximum, which is the share of one process in the total. */
function refuseAboveShare(
  {
    min_rate: least = 0,
    max_total_rate: total = DEFAULTS.scanning.maxTotalRate,
    worker_count: count = DEFAULTS.scanning.workerCount,
  }: Timing,
  context: Pick<z.RefinementCtx<Timing>, "addIssue">,
): void {
  const { workers, rate } = rateShare(total, count);
  if (rate === 0 || least <= rate) return;
  const message = `${least} is above the share of one process in scanning.max_total_rate, ` +
    `which is ${rate}: ${total} among ${workers} (at most ${rate}, or 0 to leave it out)`;
  context.addIssue({ code: "custom", path: ["min_rate"], message });
}
