import { Buckets } from "./buckets.ts";
import { Family } from "./family.ts";
import type { Labels } from "./labels.ts";
import type { FamilyOptions, SampleSink } from "./metric.ts";
import type { Format } from "./text_format.ts";

/** What a histogram is made from. */
export interface HistogramOptions<L extends string> extends FamilyOptions<readonly L[]> {
  /** Inclusive upper bounds, finite, at least 0, ascending; +Inf is implied. */
  readonly buckets: readonly number[];
}

/** Observed values counted in fixed buckets, by label set; without labels it exists with 0 at once. */
export class Histogram<L extends string = never> extends Family<L> {
  readonly #buckets: Buckets;
  /** Observations by encoded labels. */
  readonly #values = new Map<string, { counts: number[]; sum: number }>();

  /** @throws {TypeError} when a name is not allowed, {RangeError} when the buckets are not. */
  constructor(options: HistogramOptions<L>) {
    super("histogram", options);
    this.#buckets = new Buckets(this.name, options.buckets);
    if (this.labelNames.length === 0) this.#at("");
  }

  /**
   * Makes the label set exist with no observations; no effect on one that exists.
   *
   * @throws {TypeError} when the labels are not those of the family.
   */
  init(labels: Labels<L>): void {
    this.#at(this.labels.encode(labels));
  }

  /**
   * Counts `value`, a finite number of at least 0: with negative ones the sum could not be read as a counter.
   *
   * @throws {RangeError} when `value` is anything else, {TypeError} when the labels are not those of the family.
   */
  observe(labels: Labels<L>, value: number): void {
    if (!Number.isFinite(value) || value < 0) {
      throw new RangeError(
        `Cannot observe ${value} in histogram "${this.name}": use a finite number, 0 or more`,
      );
    }
    const entry = this.#at(this.labels.encode(labels));
    entry.counts[this.#buckets.indexOf(value)]! += 1;
    entry.sum += value;
  }

  /** Takes the label set off the page; says whether it existed. */
  remove(labels: Labels<L>): boolean {
    return this.#values.delete(this.labels.encode(labels));
  }

  write(out: SampleSink, format: Format): void {
    for (const [labels, entry] of this.#values) {
      out.write(this.#buckets.lines(labels, entry, format));
    }
  }

  #at(key: string): { counts: number[]; sum: number } {
    let entry = this.#values.get(key);
    if (entry === undefined) {
      entry = { counts: new Array<number>(this.#buckets.bounds.length + 1).fill(0), sum: 0 };
      this.#values.set(key, entry);
    }
    return entry;
  }
}
