import { escapeLabelValue } from "./text_format.ts";

/** A label set of a family with the label names `L`: every name with its text, and no other. */
export type Labels<L extends string> = [L] extends [never] ? Readonly<Record<string, never>>
  : Readonly<Record<L, string>>;

/** Label values in the order of the label names `Names`: as many texts as there are names. */
export type LabelValues<Names extends readonly string[]> = {
  readonly [Index in keyof Names]: string;
};

/**
 * Turns label sets of one family into their text on the page, `ip="127.0.0.1",port="22"`. Two label
 * sets have the same text exactly when they are equal, so the text also serves as a key.
 */
export class LabelEncoder<L extends string> {
  readonly #metricName: string;
  readonly #names: readonly L[];
  /** What stands before each value: `ip="` and `",port="`. */
  readonly #openings: readonly string[];

  /** Expects names that were checked. */
  constructor(metricName: string, names: readonly L[]) {
    this.#metricName = metricName;
    this.#names = names;
    this.#openings = names.map((name, index) => `${index === 0 ? "" : '",'}${name}="`);
  }

  /**
   * Text of a label set given by name.
   *
   * @throws {TypeError} when a label is missing, unknown or not text.
   */
  encode(labels: Labels<L>): string {
    const given: Readonly<Record<string, unknown>> = labels;
    const values = this.#names.map((name) => given[name]);
    if (Object.keys(given).length !== this.#names.length) this.#refuse(Object.keys(given));
    return this.#join(values);
  }

  /**
   * Text of a label set given as values in the order of the label names.
   *
   * @throws {TypeError} when there are more or fewer values than names, or one is not text.
   */
  encodeValues(values: readonly string[]): string {
    if (values.length !== this.#names.length) this.#refuse(values);
    return this.#join(values);
  }

  #join(values: readonly unknown[]): string {
    if (values.length === 0) return "";
    let text = "";
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== "string") this.#refuse(values);
      text += this.#openings[i]! + escapeLabelValue(value);
    }
    return text + '"';
  }

  #refuse(given: readonly unknown[]): never {
    const names = this.#names.length === 0 ? "no labels" : `text for ${this.#names.join(", ")}`;
    throw new TypeError(
      `Cannot use labels (${
        given.join(", ")
      }) with metric "${this.#metricName}": it takes ${names}`,
    );
  }
}
