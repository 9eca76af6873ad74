import type { MetricType } from "./names.ts";
import type { Page } from "./page.ts";
import type { Format } from "./text_format.ts";

/** Where a family puts its samples. */
export interface SampleSink {
  /** Takes one or more whole sample lines, each ended by a newline. */
  write(lines: string): void;
  /** Takes lines that are kept rendered, or that are rendered when they are read. */
  page(page: Page): void;
}

/**
 * A metric family that renders its own samples. All that a registry knows of it is this: it orders
 * families, and puts HELP and TYPE before the first lines a family writes. A family that writes
 * nothing leaves no trace on the page. How lines come about is the family's business: one by one,
 * or in pages that are kept.
 */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labelNames: readonly string[];
  /** Writes every sample as it is now; each label set once. */
  write(out: SampleSink, format: Format): void;
}

/** What every family is made from. */
export interface FamilyOptions<Names extends readonly string[]> {
  readonly name: string;
  readonly help: string;
  /** Order in which labels are written; none by default. */
  readonly labelNames?: Names;
}
