import type { FailureType } from "../domain/scan.ts";

/** Milliseconds before the first further try, which doubles with each one after it up to the longest. */
const FIRST_DELAY = 5_000;
const LONGEST_DELAY = 300_000;
/** Milliseconds before what the program itself ended, or could not queue, is asked for again. */
export const SHORT_DELAY = 2_000;

/** What stays as it is until somebody does something about it: another try would only fail again. */
const HOPELESS: ReadonlySet<FailureType> = new Set(["permission", "nmap_missing", "unresolved"]);

/** Whether a scan that failed like this may go better when it is tried again soon. */
export function isWorthRetry(type: FailureType): boolean {
  return !HOPELESS.has(type);
}

/**
 * Milliseconds to wait before further try number `tries`, from 1 on: 5 s, 10 s, 20 s … 5 min, each with
 * half to all of it, so that scans that failed together are not tried together. `random` is in [0, 1).
 */
export function retryDelay(tries: number, random: () => number): number {
  return jittered(Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (tries - 1)), random);
}

/** Half to all of `delay`, in whole milliseconds. */
export function jittered(delay: number, random: () => number): number {
  return Math.round(delay * (0.5 + random() / 2));
}
