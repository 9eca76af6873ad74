/** Looks again and again, and when asked to; one look at a time. */
export class Poller {
  readonly #intervalMs: number;
  readonly #look: (asked: boolean) => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #busy = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopped = false;

  /** `look` is told whether somebody asked for it, the start included, or its time came. */
  constructor({ intervalMs, look }: {
    intervalMs: number;
    look: (asked: boolean) => Promise<void>;
  }) {
    this.#intervalMs = intervalMs;
    this.#look = look;
  }

  /** True once it was told to stop: what a look still finds is of no use. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Looks now and then every interval; resolves after the first look. */
  start(): Promise<void> {
    this.#timer = setInterval(() => {
      // A look that takes longer than the interval takes the place of those after it.
      if (this.#busy === 0) void this.#enqueue(false);
    }, this.#intervalMs);
    return this.refresh();
  }

  /** Looks once more, after the look that is under way. */
  refresh(): Promise<void> {
    return this.#enqueue(true);
  }

  /** Begins no look any more; resolves when none is under way. */
  stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    return this.#running;
  }

  #enqueue(asked: boolean): Promise<void> {
    this.#busy++;
    const result = this.#running.then(async () => {
      if (!this.#stopped) await this.#look(asked);
    }).finally(() => this.#busy--);
    // One that failed in an unexpected way does not stand in the way of the next.
    this.#running = result.catch(() => {});
    return result;
  }
}
