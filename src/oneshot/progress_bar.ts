/** What the bar shows. */
export interface ProgressShown {
  /** 0 to 1. */
  readonly share: number;
  /** Milliseconds. */
  readonly elapsed: number;
  /** Milliseconds; undefined where it is not known. */
  readonly remaining: number | undefined;
  /** Open ports found so far. */
  readonly open: number;
}

/** Columns of a terminal that does not say how many it has. */
const USUAL_COLUMNS = 80;
/** Fewer columns than this hold no bar, and more than that make none longer. */
const BAR = { least: 10, most: 50 } as const;

/** One line of at most `columns` characters, all of ASCII. */
export function progressLine(
  { share, elapsed, remaining, open }: ProgressShown,
  columns: number,
): string {
  const percent = `${Math.floor(share * 100)}%`.padStart(4);
  const time = remaining === undefined
    ? `${clock(elapsed)} gone`
    : `${clock(Math.max(1000, remaining))} left`;
  const text = `${percent}  ${open} open  ${time}`;
  const room = Math.min(BAR.most, columns - text.length - 2);
  if (room < BAR.least) return text.slice(0, Math.max(0, columns));
  const done = Math.floor(share * room);
  const head = done < room ? ">" : "";
  return `[${"=".repeat(done)}${head}${" ".repeat(room - done - head.length)}]${text}`;
}

/** `4:05`, `1:02:03`. */
function clock(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** What a bar is drawn with. */
export interface ProgressBarOptions {
  readonly write: (text: string) => void;
  /** Columns of the terminal now; undefined where it does not say. */
  readonly columns: () => number | undefined;
}

/**
 * A line that is drawn over itself, with carriage returns and blanks alone: they are obeyed by every
 * terminal, whatever its kind.
 */
export class ProgressBar {
  readonly #options: ProgressBarOptions;
  #drawn = "";

  constructor(options: ProgressBarOptions) {
    this.#options = options;
  }

  /** Draws over what was drawn before. */
  draw(shown: ProgressShown): void {
    const columns = this.#columns;
    const line = progressLine(shown, columns);
    if (line === this.#drawn) return;
    this.#options.write(`\r${line.padEnd(Math.min(this.#drawn.length, columns))}`);
    this.#drawn = line;
  }

  /** Leaves an empty line, with the cursor at its beginning. */
  clear(): void {
    if (this.#drawn === "") return;
    this.#options.write(`\r${" ".repeat(Math.min(this.#drawn.length, this.#columns))}\r`);
    this.#drawn = "";
  }

  /** The last column is left free: a terminal that is full goes on in the next line. */
  get #columns(): number {
    return (this.#options.columns() ?? USUAL_COLUMNS) - 1;
  }
}
