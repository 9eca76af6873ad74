/** Remembers the latest of many by their keys: what was not asked for longest is forgotten first. */
export class LatestSet {
  readonly #limit: number;
  readonly #keys = new Set<string>();

  /** `limit` is the most keys that are remembered, at least 1. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether `key` is remembered; being asked for makes it one of the latest. */
  has(key: string): boolean {
    if (!this.#keys.delete(key)) return false;
    this.#keys.add(key);
    return true;
  }

  /** Remembers `key`. */
  add(key: string): void {
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= this.#limit) return;
    for (const oldest of this.#keys) {
      this.#keys.delete(oldest);
      break;
    }
  }
}
