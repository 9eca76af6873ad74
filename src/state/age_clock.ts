import type { Clocks } from "./look_clock.ts";

/** Milliseconds by which the wall clock may get ahead at once without a doubt. */
const SLACK_MS = 60 * 60 * 1000;
/** Milliseconds after which a wall clock that got further ahead is believed. */
const DOUBT_MS = 24 * 60 * 60 * 1000;

/**
 * Tells the time by which things are too old to be kept. A wall clock that was set far ahead is believed
 * after a day: a wrong one is set right by then, and what was deleted for its age would be lost.
 */
export class AgeClock {
  readonly #clocks: Clocks;
  /** From the monotonic clock to unix milliseconds, as far as that is believed. */
  #offset: number;
  #doubtedSince: number | undefined;

  /** Believes the wall clock as it is now. */
  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#offset = clocks.wallClock() - clocks.now();
  }

  /** Unix milliseconds, never later than the wall clock says; to be asked at least now and then. */
  now(): number {
    const now = this.#clocks.now();
    const offset = this.#clocks.wallClock() - now;
    if (offset <= this.#offset + SLACK_MS) this.#doubtedSince = undefined;
    else this.#doubtedSince ??= now;
    if (this.#doubtedSince === undefined || now - this.#doubtedSince >= DOUBT_MS) {
      this.#offset = offset;
    }
    return now + this.#offset;
  }
}
