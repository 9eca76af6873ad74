import type { ScanJob, ScanProgress } from "../domain/scan.ts";

/** Tasks of nmap that look at ports; it has others, such as host discovery, which take little of the time. */
const PORT_SCAN = /^(?:SYN Stealth|Connect|UDP) Scan/;
/** Share of a process that is counted before it has ended: it may have more groups of hosts to come. */
const MOST_OF_A_PROCESS = 0.99;
/** Shares and seconds below which nothing is said of the time that is left. */
const MEASURABLE = { share: 0.02, ms: 2000 } as const;

/** One process on its way. */
export interface MeteredProcess {
  /** Takes what nmap says of it. */
  update(progress: ScanProgress): void;
  /** The process has ended. */
  end(): void;
}

/** How far a scan is, from what its processes say; it never goes back. */
export class ProgressMeter {
  readonly #now: () => number;
  readonly #total: number;
  readonly #startedAt: number;
  readonly #running = new Set<{ readonly probes: number; share: number; remainingBy?: number }>();
  #ended = 0;
  #most = 0;

  /** `probes` are addresses times ports of all there is to do, `now` a clock in milliseconds. */
  constructor({ probes, now }: { readonly probes: number; readonly now: () => number }) {
    this.#total = Math.max(1, probes);
    this.#now = now;
    this.#startedAt = now();
  }

  /** Share that is done, 0 to 1. */
  get share(): number {
    let done = this.#ended;
    for (const { probes, share } of this.#running) done += probes * share;
    return this.#most = Math.max(this.#most, Math.min(1, done / this.#total));
  }

  /** Milliseconds since the start. */
  get elapsed(): number {
    return this.#now() - this.#startedAt;
  }

  /** Milliseconds that are left by all appearances; undefined where nothing can be said yet. */
  get remaining(): number | undefined {
    const { share, elapsed } = this;
    const [only] = this.#running;
    const isLast = this.#running.size === 1 && this.#ended + only!.probes >= this.#total;
    // nmap knows its own pace better than the average of what went before.
    if (isLast && only!.remainingBy !== undefined) {
      return Math.max(0, only!.remainingBy - this.#now());
    }
    if (share < MEASURABLE.share || elapsed < MEASURABLE.ms) return undefined;
    return elapsed / share * (1 - share);
  }

  /** Notes a process that begins. */
  begin({ addresses, ports, confirming }: ScanJob): MeteredProcess {
    // Second looks are extra work, which nobody can know of before.
    const process: { probes: number; share: number; remainingBy?: number } = {
      probes: confirming ? 0 : addresses.length * ports.size,
      share: 0,
    };
    this.#running.add(process);
    let before = 0;
    let base = 0;
    return {
      update: ({ task, percent, remaining }) => {
        if (!PORT_SCAN.test(task)) return;
        // Counting from 0 again, nmap has begun with another group of hosts; how many follow it does not say.
        if (percent < before) base = process.share;
        before = percent;
        const share = (base + (1 - base) * percent / 100) * MOST_OF_A_PROCESS;
        process.share = Math.max(process.share, share);
        if (remaining !== undefined) process.remainingBy = this.#now() + remaining * 1000;
      },
      end: () => {
        if (this.#running.delete(process)) this.#ended += process.probes;
      },
    };
  }
}
