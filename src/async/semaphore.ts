/** Counting semaphore: at most `permits` holders at once, served first come, first served. */
export class Semaphore {
  #permits: number;
  #held = 0;
  readonly #waiting: (() => void)[] = [];

  /** @throws {RangeError} unless `permits` is a positive integer. */
  constructor(permits: number) {
    checkPermits(permits);
    this.#permits = permits;
  }

  /** Most holders at once. */
  get permits(): number {
    return this.#permits;
  }

  /** Changes the most holders at once; those above a lower number keep their permits until they give them back. */
  resize(permits: number): void {
    checkPermits(permits);
    this.#permits = permits;
    while (this.#held < permits) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#held++;
      next();
    }
  }

  /** Permits held now. */
  get held(): number {
    return this.#held;
  }

  /**
   * Waits for a permit, which is given back when it is disposed of.
   *
   * @throws the signal's reason when `signal` is aborted first.
   */
  async acquire(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#held >= this.#permits) await this.#turn(signal);
    else this.#held++;
    return this.#permit();
  }

  /** Resolves when a released permit has been handed on to this waiter; `#held` already counts it. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(grant), 1);
        reject(signal.reason);
      };
      const grant = () => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.push(grant);
    });
  }

  #permit(): Disposable {
    let released = false;
    return {
      [Symbol.dispose]: () => {
        if (released) return;
        released = true;
        const next = this.#held <= this.#permits ? this.#waiting.shift() : undefined;
        if (next === undefined) this.#held--;
        else next();
      },
    };
  }
}

function checkPermits(permits: number): void {
  if (!Number.isInteger(permits) || permits < 1) {
    throw new RangeError(
      `Cannot create semaphore as 'permits' must be a positive integer: received ${permits}`,
    );
  }
}
