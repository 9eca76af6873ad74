import type { KnownPorts } from "./known_ports.ts";

/** The clocks that looks are dated by. */
export interface Clocks {
  /** Wall clock, unix milliseconds. */
  readonly wallClock: () => number;
  /** Milliseconds on the clock that dates looks, which is never set back. */
  readonly now: () => number;
}

/** Tells when a look was taken by the wall clock, the same for everything that is done in one go. */
export class LookClock {
  readonly #clocks: Clocks;
  /** From the monotonic clock to unix milliseconds, as of the last time that the clocks were read. */
  #wallOffset = 0;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  /** Reads the clocks. */
  read(): void {
    this.#wallOffset = this.#clocks.wallClock() - this.#clocks.now();
  }

  /** Unix milliseconds of a time on the monotonic clock. */
  wallTime(monotonic: number): number {
    return Math.round(this.#wallOffset + monotonic);
  }

  /** When an open port was last seen open, unix milliseconds: at the last look that covers it. */
  lastSeen({ layers }: Pick<KnownPorts, "layers">, port: number, firstSeen: number): number {
    const layer = layers.find(({ ports }) => ports.has(port));
    // The same look may come out a millisecond earlier than when it was the first: clocks are read apart.
    return Math.max(firstSeen, this.wallTime(layer?.takenAt ?? this.#clocks.now()));
  }
}
