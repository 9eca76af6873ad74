import type { Technique } from "../domain/scan.ts";
import type { NmapCapability } from "./capability.ts";

/** Milliseconds between questions to an nmap that is not there or does not answer. */
export const RECHECK_MS = 5000;

/** What a monitor needs from the rest of the program. */
export interface NmapMonitorOptions {
  readonly probe: (signal: AbortSignal) => Promise<NmapCapability>;
  /** Called when an answer differs from the one before; `before` is undefined for the first. */
  readonly onChange: (now: NmapCapability, before: NmapCapability | undefined) => void;
}

/** Knows whether nmap can be run and what it may do; asks again until it answers. */
export class NmapMonitor {
  readonly #options: NmapMonitorOptions;
  readonly #stop = new AbortController();
  #capability: NmapCapability | undefined;
  #asking: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NmapMonitorOptions) {
    this.#options = options;
  }

  /** The last answer; undefined before the first. */
  get capability(): NmapCapability | undefined {
    return this.#capability;
  }

  /** What `scan_technique: auto` means now. */
  get technique(): Technique {
    return this.#capability?.available && this.#capability.rawSockets ? "syn" : "connect";
  }

  /** Asks nmap now; those who ask while an answer is under way share it. */
  refresh(): Promise<void> {
    return this.#asking ??= this.#ask().finally(() => this.#asking = undefined);
  }

  /** Asks no more. */
  stop(): void {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    const { signal } = this.#stop;
    const now = await this.#options.probe(signal);
    if (signal.aborted) return;
    const before = this.#capability;
    this.#capability = now;
    if (!now.available || now.unanswered) {
      this.#timer = setTimeout(() => void this.refresh(), RECHECK_MS);
    }
    if (JSON.stringify(now) !== JSON.stringify(before)) this.#options.onChange(now, before);
  }
}
