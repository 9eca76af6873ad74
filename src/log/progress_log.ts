import type { ScanKey } from "../domain/scan.ts";
import type { Logger } from "./logger.ts";

/** A scan that is under way. */
export interface ScanUnderWay {
  readonly id: string;
  readonly key: ScanKey;
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** 0 to 1. */
  readonly fraction: number;
  /** Seconds; undefined while it cannot be told. */
  readonly remaining: number | undefined;
}

/** Milliseconds after which a scan is long, and most between two lines about one. */
const FIRST_MS = 30_000;
const LONGEST_MS = 10 * 60_000;

/** Says in the log how far long scans are: after 30 s, then at distances that double up to 10 minutes. */
export class ProgressLog {
  readonly #log: Logger;
  /** Age in milliseconds at which each scan is mentioned next, by id. */
  readonly #due = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Looks at everything that is under way at `now`; to be called every few seconds. */
  look(scans: readonly ScanUnderWay[], now: number): void {
    const ids = new Set(scans.map(({ id }) => id));
    for (const id of this.#due.keys()) if (!ids.has(id)) this.#due.delete(id);
    for (const { id, key, startedAt, fraction, remaining } of scans) {
      const age = now - startedAt;
      const due = this.#due.get(id) ?? FIRST_MS;
      if (age < due) continue;
      this.#due.set(id, age + Math.min(age, LONGEST_MS));
      this.#log.info("Scan under way", {
        target: key.target,
        port_range: key.portRange,
        protocol: key.protocol,
        percent: Math.floor(fraction * 1000) / 10,
        since: `${Math.round(age / 1000)}s`,
        remaining: remaining === undefined ? undefined : `${Math.round(remaining)}s`,
      });
    }
  }
}
