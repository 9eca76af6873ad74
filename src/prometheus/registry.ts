import type { Metric } from "./metric.ts";
import { namesTaken } from "./names.ts";
import { type Format, headerLines, OPENMETRICS_END } from "./text_format.ts";

/** The families of one page. */
export class Registry {
  /** In the order of their names. */
  readonly #metrics: Metric[] = [];
  /** Every name that is taken, with the name of the family that takes it. */
  readonly #taken = new Map<string, string>();

  /**
   * Puts a family on the page and gives it back.
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
   * The page. All families are read in one synchronous pass, so that they show one moment; a family
   * without samples is left out.
   */
  render(format: Format): string {
    const chunks: string[] = [];
    for (const metric of this.#metrics) {
      let begun = false;
      const write = (lines: string) => {
        if (!begun) chunks.push(headerLines(metric, format));
        begun = true;
        chunks.push(lines);
      };
      metric.write({ write }, format);
    }
    if (format === "openmetrics") chunks.push(OPENMETRICS_END);
    return chunks.join("");
  }
}
