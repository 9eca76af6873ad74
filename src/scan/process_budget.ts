/** Milliseconds by which a process may overstay, so that one with a limit of its own ends by that. */
const GRACE_MS = 50;

/** A process that is charged to a budget until it is disposed of. */
export interface ChargedProcess extends Disposable {
  /** Aborted when the budget is used up while the process runs. */
  readonly signal: AbortSignal;
}

/** Process time of a scan unit: the sum over its processes, however many run at once, has a limit. */
export class ProcessBudget {
  readonly #total: number;
  readonly #now: () => number;
  readonly #running = new Map<AbortController, number>();
  #used = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `total` is in milliseconds, `now` a clock that is never set back. */
  constructor({ total, now }: { total: number; now: () => number }) {
    this.#total = total;
    this.#now = now;
  }

  /** Milliseconds left after what has been used up to now, 0 or more. */
  get left(): number {
    const now = this.#now();
    let used = this.#used;
    for (const startedAt of this.#running.values()) used += now - startedAt;
    return Math.max(0, this.#total - used);
  }

  /** Charges a process from now on. */
  charge(): ChargedProcess {
    const control = new AbortController();
    this.#running.set(control, this.#now());
    this.#watch();
    return {
      signal: control.signal,
      [Symbol.dispose]: () => {
        const startedAt = this.#running.get(control);
        if (startedAt === undefined) return;
        this.#used += this.#now() - startedAt;
        this.#running.delete(control);
        this.#watch();
      },
    };
  }

  /** Sleeps until the processes that run now will have used up what is left. */
  #watch(): void {
    clearTimeout(this.#timer);
    if (this.#running.size === 0) return;
    const wait = Math.min(this.left / this.#running.size + GRACE_MS, 2 ** 31 - 1);
    this.#timer = setTimeout(() => {
      if (this.left > 0) this.#watch();
      else for (const control of this.#running.keys()) control.abort();
    }, wait);
  }
}
