import { Family } from "./family.ts";
import type { Labels } from "./labels.ts";
import type { FamilyOptions, SampleSink } from "./metric.ts";
import { sampleLine } from "./text_format.ts";

/** A count of events, by label set, that never goes down; without labels it exists with 0 at once. */
export class Counter<L extends string = never> extends Family<L> {
  /** Values by encoded labels. */
  readonly #values = new Map<string, number>();

  /** @throws {TypeError} when a name is not allowed; the name of a counter ends in `_total`. */
  constructor(options: FamilyOptions<readonly L[]>) {
    super("counter", options);
    if (this.labelNames.length === 0) this.#values.set("", 0);
  }

  /**
   * Makes the label set exist with 0, so that `increase()` sees its first event; no effect on one that exists.
   *
   * @throws {TypeError} when the labels are not those of the family.
   */
  init(labels: Labels<L>): void {
    this.inc(labels, 0);
  }

  /**
   * Adds `by`, a finite number of at least 0; 1 by default.
   *
   * @throws {RangeError} when `by` is anything else, {TypeError} when the labels are not those of the family.
   */
  inc(labels: Labels<L>, by = 1): void {
    if (!Number.isFinite(by) || by < 0) {
      throw new RangeError(
        `Cannot increase counter "${this.name}" by ${by}: use a finite number, 0 or more`,
      );
    }
    const key = this.labels.encode(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  write(out: SampleSink): void {
    for (const [labels, value] of this.#values) out.write(sampleLine(this.name, labels, value));
  }
}
