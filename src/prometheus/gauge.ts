import { Family } from "./family.ts";
import type { FamilyOptions, SampleSink } from "./metric.ts";
import { sampleLine } from "./text_format.ts";

/** What a gauge is made from. */
export interface GaugeOptions extends Omit<FamilyOptions<readonly []>, "labelNames"> {
  /** Gives the value at scrape time; undefined means that there is none now. */
  readonly collect: () => number | undefined;
}

/** A value without labels that goes up and down; those with labels are `CollectedFamily`. */
export class Gauge extends Family<never> {
  readonly #collect: () => number | undefined;

  /** @throws {TypeError} when the name is not allowed. */
  constructor(options: GaugeOptions) {
    super("gauge", options);
    this.#collect = options.collect;
  }

  write(out: SampleSink): void {
    const value = this.#collect();
    if (value !== undefined) out.write(sampleLine(this.name, "", value));
  }
}
