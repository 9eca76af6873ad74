import { ProgressBar } from "../oneshot/progress_bar.ts";
import type { ProgressMeter } from "../oneshot/progress_meter.ts";

/** Milliseconds between two pictures of the bar, and between two lines of a log that nobody watches. */
const DRAW_MS = 200;
const TELL_MS = 60_000;

/** What a scan shows on stderr while it runs: a bar on a terminal, elsewhere a line of the log each minute. */
export class ScanDisplay {
  readonly #complain: (text: string) => void;
  readonly #bar: ProgressBar | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #draw = () => {};
  #hasBegun = false;

  /** `complain` writes to stderr. */
  constructor(complain: (text: string) => void) {
    this.#complain = complain;
    this.#bar = Deno.stderr.isTerminal()
      ? new ProgressBar({ write: complain, columns: terminalColumns })
      : undefined;
  }

  /** Whether the scan has begun to be shown. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Writes a line of the log above the bar. */
  tell(line: string): void {
    this.#bar?.clear();
    this.#complain(line);
    this.#draw();
  }

  /** Shows from now on how far the scan is. */
  begin(
    meter: ProgressMeter,
    { open, log }: {
      readonly open: () => number;
      readonly log: (fields: Readonly<Record<string, string | number>>) => void;
    },
  ): void {
    this.#hasBegun = true;
    const bar = this.#bar;
    if (bar === undefined) {
      const tell = () => log({ percent: Math.floor(meter.share * 100), open_ports: open() });
      this.#timer = setInterval(tell, TELL_MS);
      return;
    }
    this.#draw = () => {
      const { share, elapsed, remaining } = meter;
      bar.draw({ share, elapsed, remaining, open: open() });
    };
    this.#draw();
    this.#timer = setInterval(this.#draw, DRAW_MS);
  }

  /** Takes the bar away. */
  end(): void {
    clearInterval(this.#timer);
    this.#draw = () => {};
    this.#bar?.clear();
  }
}

function terminalColumns(): number | undefined {
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? columns : undefined;
  } catch {
    return undefined;
  }
}
