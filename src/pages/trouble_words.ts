import type { TargetTrouble } from "../overview/overview.ts";

/** What a trouble of a target is called: to choose it, and behind `targets`. */
export const TROUBLE_WORDS: Readonly<Record<TargetTrouble, { choice: string; of: string }>> = {
  failing: { choice: "Failing", of: "with scans that fail" },
  stale: { choice: "Not complete lately", of: "without a complete scan in two intervals" },
  violating: { choice: "Violating policy", of: "that violate the policy" },
};
