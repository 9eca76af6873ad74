import { Bell } from "../async/bell.ts";
import { lowerLimit, rateShare } from "../domain/rate_share.ts";
import type { NmapOptions } from "../domain/scan.ts";

/** How many processes run at once, and the packets per second of all together; 0 is no limit. */
export interface RateLimits {
  readonly workers: number;
  readonly totalRate: number;
}

/** Packets per second that a process may send until it is disposed of. */
export interface Reservation extends Disposable {
  /** 0 when there is no limit. */
  readonly rate: number;
}

/**
 * Packets per second of all processes together. A process cannot change its rate while it runs, so
 * each reserves an even share before it starts. With as many processes as there are workers none ever
 * waits; after the limits changed, one waits until what runs leaves a share of the new ones.
 */
export class RateBudget {
  readonly #freed = new Bell();
  #limits: RateLimits;
  #reserved = 0;

  /** `workers` is at least 1, `totalRate` a whole number. */
  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** Changes the limits for what begins from now on. */
  set limits(limits: RateLimits) {
    this.#limits = limits;
    this.#freed.ring();
  }

  /** Packets per second that a process gets that begins now, 0 for any number. */
  get share(): number {
    const { workers, totalRate } = this.#limits;
    return rateShare(totalRate, workers).rate;
  }

  /** Packets per second reserved now. */
  get reserved(): number {
    return this.#reserved;
  }

  /** Waits for a share; undefined when `signal` is aborted first. */
  async reserve(signal: AbortSignal): Promise<Reservation | undefined> {
    let rate = this.#freeShare();
    while (rate === undefined && !signal.aborted) {
      await this.#freed.next(signal);
      rate = this.#freeShare();
    }
    return rate === undefined || signal.aborted ? undefined : this.#take(rate);
  }

  #freeShare(): number | undefined {
    const { share } = this;
    return share === 0 || this.#reserved + share <= this.#limits.totalRate ? share : undefined;
  }

  #take(rate: number): Reservation {
    let taken = rate;
    this.#reserved += rate;
    return {
      rate,
      [Symbol.dispose]: () => {
        this.#reserved -= taken;
        taken = 0;
        this.#freed.ring();
      },
    };
  }
}

/** The options with the rates lowered to `rate`, 0 for no limit. */
export function atMost(rate: number, nmap: NmapOptions): NmapOptions {
  if (rate === 0) return nmap;
  return {
    ...nmap,
    minRate: Math.min(nmap.minRate, rate),
    maxRate: lowerLimit(nmap.maxRate, rate),
  };
}
