/** Most characters of lines that wait for whoever reads the log. */
const MAX_WAITING = 1024 * 1024;
/** Milliseconds without progress after which the reader is taken to have stopped. */
const STALLED_MS = 1000;
/** Milliseconds to wait for a pipe that is full and must not be waited in. */
const FULL_MS = 10;

/** What a log is written to. */
export interface LogOutputOptions {
  /** Writes some of `bytes` and resolves with how many, as `Deno.stderr.write` does. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Called when lines can be written again, with the number of those that were left out. */
  readonly onLost: (lines: number) => void;
}

/**
 * Writes lines without waiting for their reader: one that stops reading, such as a terminal that is
 * paused, would otherwise stop all of the program. What it leaves for too long is left out, and counted.
 */
export class LogOutput {
  readonly #options: LogOutputOptions;
  #waiting = "";
  #lost = 0;
  #isStalled = false;
  #writing: Promise<void> | undefined;

  constructor(options: LogOutputOptions) {
    this.#options = options;
  }

  /** Takes a whole line, its newline included. */
  write(line: string): void {
    // Of what is said at one stretch none was offered to the reader yet.
    if (this.#isStalled && this.#waiting.length + line.length > MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#waiting += line;
    this.#writing ??= this.#work();
  }

  /** Resolves when everything is written, or after `milliseconds`. */
  async flush(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<void>((resolve) => timer = setTimeout(resolve, milliseconds));
    await Promise.race([this.#writing, over]);
    clearTimeout(timer);
  }

  async #work(): Promise<void> {
    while (this.#waiting !== "") {
      const bytes = new TextEncoder().encode(this.#waiting);
      this.#waiting = "";
      const lost = this.#lost;
      this.#lost = 0;
      // Lines are left out behind what waits, so that this is their place.
      if (lost > 0) this.#options.onLost(lost);
      await this.#writeAll(bytes);
    }
    this.#writing = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    while (bytes.length > 0) {
      const timer = setTimeout(() => this.#isStalled = true, STALLED_MS);
      try {
        bytes = bytes.subarray(await this.#writeSome(bytes));
      } catch {
        // A reader that went away is no reason to stop scanning.
        return;
      } finally {
        clearTimeout(timer);
        this.#isStalled = false;
      }
    }
  }

  async #writeSome(bytes: Uint8Array): Promise<number> {
    for (;;) {
      try {
        return await this.#options.write(bytes);
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) throw error;
        await new Promise((resolve) => setTimeout(resolve, FULL_MS));
      }
    }
  }
}
