/** What one request costs; each millisecond earns the number of requests per minute. */
const COST = 60_000;

/** Token bucket: `perMinute` requests at once, then evenly spread over each minute; 0 lets everything pass. */
export class RateLimiter {
  #perMinute: number;
  readonly #now: () => number;
  /** In whole numbers, because a sum of fractions would break the word given by `take`. */
  #credit: number;
  /** Whole milliseconds. */
  #filledAt: number;

  /** `perMinute` is a whole number; `now` is in milliseconds on a clock that is never set back. */
  constructor({ perMinute, now }: { perMinute: number; now: () => number }) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#credit = perMinute * COST;
    this.#filledAt = Math.floor(now());
  }

  /** Changes the limit, a whole number; what was taken before stays taken. */
  setPerMinute(perMinute: number): void {
    this.#fill();
    // So that changing it to and fro gives no more requests than the limits themselves.
    const spent = this.#perMinute * COST - this.#credit;
    this.#perMinute = perMinute;
    this.#credit = Math.max(0, perMinute * COST - spent);
  }

  /** Takes one request's token; returns 0, or the whole seconds after which one will be there. */
  take(): number {
    if (this.#perMinute === 0) return 0;
    this.#fill();
    if (this.#credit < COST) return Math.ceil((COST - this.#credit) / (this.#perMinute * 1000));
    this.#credit -= COST;
    return 0;
  }

  #fill(): void {
    const now = Math.floor(this.#now());
    const earned = (now - this.#filledAt) * this.#perMinute;
    this.#credit = Math.min(this.#perMinute * COST, this.#credit + earned);
    this.#filledAt = now;
  }
}
