import type { Technique } from "../domain/scan.ts";
import type { NmapCapability } from "./capability.ts";

/** Milliseconds between questions to an nmap that is not there or does not answer. */
const RECHECK_MS = 5000;

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

  /** Notes that nmap could not be started, which is known without asking; asks again soon. */
  noteMissing(reason: string): void {
    if (this.#stop.signal.aborted || this.#capability?.available === false) return;
    this.#set({ available: false, reason });
  }

  /** Asks no more; resolves when a question that was under way has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { signal } = this.#stop;
    const now = await this.#options.probe(signal);
    if (!signal.aborted) this.#set(now);
  }

  #set(now: NmapCapability): void {
    clearTimeout(this.#timer);
    const before = this.#capability;
    this.#capability = now;
    if (!now.available || now.unanswered) {
      this.#timer = setTimeout(() => void this.refresh(), RECHECK_MS);
    }
    if (JSON.stringify(now) !== JSON.stringify(before)) this.#options.onChange(now, before);
  }
}
