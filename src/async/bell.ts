/** Lets any number of waiters sleep until somebody rings; a ring with nobody waiting is not remembered. */
export class Bell {
  #rung = Promise.withResolvers<void>();

  /** Wakes everyone who waits now. */
  ring(): void {
    this.#rung.resolve();
    this.#rung = Promise.withResolvers<void>();
  }

  /** Resolves at the next ring, or when `signal` is aborted. */
  async next(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const aborted = Promise.withResolvers<void>();
    const abort = () => aborted.resolve();
    signal.addEventListener("abort", abort, { once: true });
    await Promise.race([this.#rung.promise, aborted.promise]);
    signal.removeEventListener("abort", abort);
  }
}
