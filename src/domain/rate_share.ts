/** How many processes may run at once, and how many packets per second each may send. */
export interface RateShare {
  readonly workers: number;
  /** Packets per second of one process; 0 when there is no limit. */
  readonly rate: number;
}

/**
 * Shares packets per second of all processes together, 0 for no limit, out among `workers` processes
 * at once: whole numbers, so that there are fewer processes where there is less than one packet for each.
 */
export function rateShare(total: number, workers: number): RateShare {
  if (total === 0) return { workers, rate: 0 };
  const atOnce = Math.min(workers, total);
  return { workers: atOnce, rate: Math.floor(total / atOnce) };
}

/** The lower of two limits of which 0 means that there is none. */
export function lowerLimit(one: number, other: number): number {
  return one > 0 && other > 0 ? Math.min(one, other) : one || other;
}
