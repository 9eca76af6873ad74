import { type BucketCounts, Buckets } from "./buckets.ts";
import { Family } from "./family.ts";
import type { LabelValues } from "./labels.ts";
import type { FamilyOptions, SampleSink } from "./metric.ts";
import { type Format, sampleLine } from "./text_format.ts";

/** A sample as a projection gives it: label values in the order of the label names, and the value. */
export type Sample<Names extends readonly string[], Value> = readonly [
  labelValues: LabelValues<Names>,
  value: Value,
];

/** What a projected counter or gauge family is made from. */
export interface CollectedFamilyOptions<Names extends readonly string[]>
  extends FamilyOptions<Names> {
  readonly type: "counter" | "gauge";
  /** Gives every sample there is now, each label set once; asked at every scrape, within one synchronous pass. */
  readonly collect: () => Iterable<Sample<Names, number>>;
}

/** A counter or gauge family that keeps nothing: its samples are read where they live, at scrape time. */
export class CollectedFamily<const Names extends readonly string[] = readonly []>
  extends Family<Names[number]> {
  readonly #collect: () => Iterable<Sample<Names, number>>;

  /** @throws {TypeError} when a name is not allowed. */
  constructor(options: CollectedFamilyOptions<Names>) {
    super(options.type, options);
    this.#collect = options.collect;
  }

  write(out: SampleSink): void {
    for (const [labelValues, value] of this.#collect()) {
      out.write(sampleLine(this.name, this.labels.encodeValues(labelValues), value));
    }
  }
}

/** What a projected histogram family is made from. */
export interface CollectedHistogramOptions<Names extends readonly string[]>
  extends FamilyOptions<Names> {
  /** Inclusive upper bounds, finite, at least 0, ascending; +Inf is implied. */
  readonly buckets: readonly number[];
  /** Gives every label set there is now, once; asked at every scrape, within one synchronous pass. */
  readonly collect: () => Iterable<Sample<Names, BucketCounts>>;
}

/** A histogram family that keeps nothing: its counts are read where they live, at scrape time. */
export class CollectedHistogram<const Names extends readonly string[] = readonly []>
  extends Family<Names[number]> {
  readonly #buckets: Buckets;
  readonly #collect: () => Iterable<Sample<Names, BucketCounts>>;

  /** @throws {TypeError} when a name is not allowed, {RangeError} when the buckets are not. */
  constructor(options: CollectedHistogramOptions<Names>) {
    super("histogram", options);
    this.#buckets = new Buckets(this.name, options.buckets);
    this.#collect = options.collect;
  }

  write(out: SampleSink, format: Format): void {
    for (const [labelValues, value] of this.#collect()) {
      out.write(this.#buckets.lines(this.labels.encodeValues(labelValues), value, format));
    }
  }
}
