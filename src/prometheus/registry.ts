import { Exposition } from "./exposition.ts";
import type { Metric } from "./metric.ts";
import { namesTaken } from "./names.ts";
import { type Backlog, type Encoding, Page } from "./page.ts";
import { type Format, headerLines, OPENMETRICS_END } from "./text_format.ts";

const ENCODINGS: readonly Encoding[] = ["identity", "gzip"];

/** Milliseconds after which rendered pages of an encoding that nobody asks for are given back. */
const UNUSED_MS = 10 * 60_000;

/** Options of a registry. */
export interface RegistryOptions {
  /** Milliseconds on a clock that is never set back. */
  readonly now?: () => number;
  /** Most bytes of pages that are kept for readers of old moments alone; 64 MiB by default. */
  readonly maxBacklog?: number;
}

/** The families of one exposition. */
export class Registry implements Backlog {
  /** In the order of their names. */
  readonly #metrics: Metric[] = [];
  /** Every name that is taken, with the name of the family that takes it. */
  readonly #taken = new Map<string, string>();
  readonly #options: Required<RegistryOptions>;
  /** Scrapes under way, the oldest first. */
  readonly #open = new Set<Exposition>();
  readonly #lastAsked: Record<Encoding, number> = { identity: -Infinity, gzip: -Infinity };
  #backlog = 0;

  constructor({ now = () => performance.now(), maxBacklog = 64 * 2 ** 20 }: RegistryOptions = {}) {
    this.#options = { now, maxBacklog };
  }

  /**
   * Puts a family into the exposition and gives it back.
   *
   * @throws {TypeError} when another family takes one of its names in either format.
   */
  register<M extends Metric>(metric: M): M {
    const names = namesTaken(metric);
    for (const name of names) {
      const other = this.#taken.get(name);
      if (other !== undefined) {
        throw new TypeError(
          `Cannot register ${metric.type} "${metric.name}": the name "${name}" is taken by "${other}"`,
        );
      }
    }
    for (const name of names) this.#taken.set(name, metric.name);
    this.#metrics.push(metric);
    this.#metrics.sort((a, b) => a.name < b.name ? -1 : 1);
    return metric;
  }

  /**
   * Begins a scrape. All families are asked in one synchronous pass, so that it shows one moment
   * however long it is read; a family without samples is left out. It has to be read or closed.
   */
  open(format: Format, encoding: Encoding = "identity"): Exposition {
    const now = this.#options.now();
    this.#lastAsked[encoding] = now;
    const unused = ENCODINGS.find((other) => now - this.#lastAsked[other] > UNUSED_MS);
    const pages: Page[] = [];
    let lines: string[] = [];
    const flush = () => {
      if (lines.length === 0) return;
      const text = lines.join("");
      lines = [];
      pages.push(new Page(() => text));
    };
    for (const metric of this.#metrics) {
      let begun = false;
      const begin = () => {
        if (!begun) lines.push(headerLines(metric, format));
        begun = true;
      };
      metric.write({
        write: (text) => {
          begin();
          lines.push(text);
        },
        page: (page) => {
          begin();
          flush();
          if (unused !== undefined) page.drop(unused);
          pages.push(page);
        },
      }, format);
    }
    if (format === "openmetrics") lines.push(OPENMETRICS_END);
    flush();
    const exposition = new Exposition(pages, {
      encoding,
      backlog: this,
      onClose: () => this.#open.delete(exposition),
    });
    this.#open.add(exposition);
    return exposition;
  }

  /** Accounts for superseded pages that scrapes still have to read; older scrapes give way to the limit. */
  kept(bytes: number): void {
    this.#backlog += bytes;
    if (bytes < 0) return;
    for (const exposition of this.#open) {
      // The newest one alone keeps no more than everything once.
      if (this.#backlog <= this.#options.maxBacklog || this.#open.size === 1) return;
      exposition.cutOff();
    }
  }
}
