/** The values that were asked for last, up to a bound: what was not asked for the longest goes first. */
export class Recent<Key, Value> {
  readonly #capacity: number;
  readonly #values = new Map<Key, Value>();

  /** `capacity` is the most values, at least 1. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The value of a key, made when it is not there. */
  of(key: Key, make: () => Value): Value {
    const known = this.#values.get(key);
    const value = known ?? make();
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#capacity) {
      this.#values.delete(this.#values.keys().next().value!);
    }
    return value;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#values.clear();
  }
}
