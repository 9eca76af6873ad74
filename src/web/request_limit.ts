import type { RateLimitConfig } from "./web_config.ts";

/** Token bucket: `burst` requests at once, then one more every `intervalMs`. */
export class RequestLimit {
  readonly #limit: RateLimitConfig;
  readonly #now: () => number;
  /** When the bucket was, or will be, empty but for what has trickled in since; milliseconds of `now`. */
  #emptyAt: number;

  /** `now` is in milliseconds on a clock that is never set back. */
  constructor(limit: RateLimitConfig, now: () => number) {
    this.#limit = limit;
    this.#now = now;
    this.#emptyAt = now() - limit.burst * limit.intervalMs;
  }

  /** Takes one request's token; returns 0, or the milliseconds after which one will be there. */
  take(): number {
    const { burst, intervalMs } = this.#limit;
    const now = this.#now();
    const emptyAt = Math.max(this.#emptyAt, now - burst * intervalMs);
    const wait = emptyAt + intervalMs - now;
    if (wait > 0) return wait;
    this.#emptyAt = emptyAt + intervalMs;
    return 0;
  }
}
