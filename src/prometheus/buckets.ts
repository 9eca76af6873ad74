import { type Format, formatBound, sampleLine } from "./text_format.ts";

/** Observations of one label set of a histogram. */
export interface BucketCounts {
  /** Observations in each bucket alone (not cumulative), as many as there are bounds and one more for those above all. */
  readonly counts: ArrayLike<number>;
  /** Sum of the observed values. */
  readonly sum: number;
}

/** The fixed bucket bounds of a histogram, and how its samples are written with them. */
export class Buckets {
  readonly #name: string;
  readonly #labels: Readonly<Record<Format, readonly string[]>>;

  /**
   * Takes inclusive upper bounds; +Inf is implied.
   *
   * @throws {RangeError} when `bounds` is empty or has a bound that is not finite, negative, or not above the one before.
   */
  constructor(histogramName: string, bounds: readonly number[]) {
    const valid = bounds.length > 0 &&
      bounds.every((bound, index) =>
        Number.isFinite(bound) && bound >= 0 && (index === 0 || bound > bounds[index - 1]!)
      );
    if (!valid) {
      throw new RangeError(
        `Cannot make histogram "${histogramName}" with buckets [${bounds.join(", ")}]: ` +
          "use finite bounds, 0 or more, in ascending order, without +Inf",
      );
    }
    this.#name = histogramName;
    const all = [...bounds, Infinity];
    this.#labels = {
      text: all.map((bound) => `le="${formatBound(bound, "text")}"`),
      openmetrics: all.map((bound) => `le="${formatBound(bound, "openmetrics")}"`),
    };
  }

  /**
   * The lines of one label set: cumulative buckets, sum, count.
   *
   * @throws {RangeError} when there are not as many counts as buckets.
   */
  lines(labels: string, { counts, sum }: BucketCounts, format: Format): string {
    const bucketLabels = this.#labels[format];
    if (counts.length !== bucketLabels.length) {
      throw new RangeError(
        `Cannot write histogram "${this.#name}" from ${counts.length} counts: it has ${bucketLabels.length} buckets`,
      );
    }
    const prefix = labels === "" ? "" : `${labels},`;
    let total = 0;
    let text = "";
    for (let i = 0; i < bucketLabels.length; i++) {
      total += counts[i]!;
      text += sampleLine(`${this.#name}_bucket`, prefix + bucketLabels[i]!, total);
    }
    return text + sampleLine(`${this.#name}_sum`, labels, sum) +
      sampleLine(`${this.#name}_count`, labels, total);
  }
}
