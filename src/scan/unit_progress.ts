/** How far the scan of a unit is. */
export interface RunProgress {
  /** 0 to 1: the share of its addresses that was looked at, by nmap's own account. */
  readonly fraction: number;
  /** Seconds that it will probably take from now on; undefined while that is anybody's guess. */
  readonly remaining: number | undefined;
}

/** What one process said last. */
interface Said {
  readonly size: number;
  readonly percent: number;
  readonly remaining: number | undefined;
}

/** Share of the work below which the time that is left is not worth telling. */
const TELLING_SHARE = 0.01;

/**
 * Adds up how far the processes of one unit are. It never goes back, though nmap counts from 0 again
 * with each task of a process, such as the discovery of hosts before their ports.
 */
export class UnitProgress<Batch> {
  readonly #size: number;
  readonly #startedAt: number;
  readonly #running = new Map<Batch, Said>();
  #ended = 0;
  #fraction = 0;

  /** `size` is the number of addresses; `startedAt` milliseconds on the monotonic clock. */
  constructor({ size, startedAt }: { size: number; startedAt: number }) {
    this.#size = size;
    this.#startedAt = startedAt;
  }

  /** Notes what a process said. */
  note(batch: Batch, said: Said): void {
    this.#running.set(batch, said);
  }

  /** Notes that the process of a batch of `size` addresses has ended. */
  end(batch: Batch, size: number): void {
    this.#running.delete(batch);
    this.#ended += size;
  }

  /** How far the unit is at `now`, with `running` processes. */
  at(now: number, { running }: { running: number }): RunProgress {
    let done = this.#ended;
    for (const { size, percent } of this.#running.values()) done += size * percent / 100;
    this.#fraction = Math.max(this.#fraction, Math.min(1, done / Math.max(1, this.#size)));
    return { fraction: this.#fraction, remaining: this.#remaining(now, running) };
  }

  #remaining(now: number, running: number): number | undefined {
    const handedOut = [...this.#running.values()].reduce((sum, { size }) => sum + size, 0);
    // Where one process does all that is left, nmap knows best.
    if (running === 1 && this.#running.size === 1 && this.#ended + handedOut === this.#size) {
      const [{ remaining } = { remaining: undefined }] = this.#running.values();
      if (remaining !== undefined) return remaining;
    }
    const fraction = this.#fraction;
    // How long second looks take once all was looked at, nobody knows.
    if (fraction < TELLING_SHARE || fraction === 1) return undefined;
    return (now - this.#startedAt) / 1000 * (1 - fraction) / fraction;
  }
}
