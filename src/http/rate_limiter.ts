/** Token bucket: `perMinute` requests at once, then evenly spread over each minute; 0 lets everything pass. */
export class RateLimiter {
  readonly #perMinute: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** `now` is in milliseconds on a clock that is never set back. */
  constructor({ perMinute, now }: { perMinute: number; now: () => number }) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#tokens = perMinute;
    this.#filledAt = now();
  }

  /** Takes one request's token; returns 0, or the whole seconds after which one will be there. */
  take(): number {
    if (this.#perMinute === 0) return 0;
    const now = this.#now();
    const perMs = this.#perMinute / 60_000;
    this.#tokens = Math.min(this.#perMinute, this.#tokens + (now - this.#filledAt) * perMs);
    this.#filledAt = now;
    if (this.#tokens < 1) return Math.ceil((1 - this.#tokens) / perMs / 1000);
    this.#tokens--;
    return 0;
  }
}
