import { Family } from "./family.ts";
import type { Labels } from "./labels.ts";
import type { FamilyOptions, SampleSink } from "./metric.ts";
import { sampleLine } from "./text_format.ts";

/** What a gauge is made from: labels whose values are set, or a callback that is asked at scrape time. */
export type GaugeOptions<L extends string> =
  | FamilyOptions<readonly L[]> & { readonly collect?: never }
  | FamilyOptions<readonly []> & {
    /** Gives the value of a gauge without labels; undefined means that there is none now. */
    readonly collect: () => number | undefined;
  };

/** A value, by label set, that goes up and down; without labels it exists with 0 at once. */
export class Gauge<L extends string = never> extends Family<L> {
  /** Values by encoded labels. */
  readonly #values = new Map<string, number>();
  readonly #collect: (() => number | undefined) | undefined;

  /** @throws {TypeError} when a name is not allowed, or labels and a callback are given. */
  constructor(options: GaugeOptions<L>) {
    super("gauge", options);
    this.#collect = options.collect;
    if (this.labelNames.length === 0) this.#values.set("", 0);
    else if (this.#collect !== undefined) {
      throw new TypeError(`Cannot make gauge "${this.name}": a callback gauge has no labels`);
    }
  }

  /**
   * Makes `value` the value of the label set.
   *
   * @throws {TypeError} when the labels are not those of the family, or the gauge has a callback.
   */
  set(labels: Labels<L>, value: number): void {
    if (this.#collect !== undefined) {
      throw new TypeError(`Cannot set gauge "${this.name}": its callback gives the value`);
    }
    this.#values.set(this.labels.encode(labels), value);
  }

  /** Takes the label set off the page; says whether it existed. */
  remove(labels: Labels<L>): boolean {
    return this.#values.delete(this.labels.encode(labels));
  }

  write(out: SampleSink): void {
    if (this.#collect !== undefined) {
      const value = this.#collect();
      if (value !== undefined) out.write(sampleLine(this.name, "", value));
      return;
    }
    for (const [labels, value] of this.#values) out.write(sampleLine(this.name, labels, value));
  }
}
