import type { ChangeQuery, SavedChange } from "../state/saved_state.ts";

/** The newest changes by time, those of the same time in the order in which they came, up to a bound. */
export class ChangeRing {
  readonly #capacity: number;
  #changes: SavedChange[] = [];
  /** Changes that had to go because there were too many. */
  dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Number of changes held. */
  get size(): number {
    return this.#changes.length;
  }

  /** Adds changes; the oldest go where there are too many. */
  push(changes: readonly SavedChange[]): void {
    for (const change of changes) this.#add(change);
    const tooMany = this.#changes.length - this.#capacity;
    // Cutting off a tenth more spares moving everything for each change.
    if (tooMany > 0) {
      const cut = Math.min(this.#changes.length, tooMany + Math.floor(this.#capacity / 10));
      this.#changes.splice(0, cut);
      this.dropped += cut;
    }
  }

  /** Most are the youngest when they come; the others are not much older. */
  #add(change: SavedChange): void {
    const changes = this.#changes;
    let place = changes.length;
    while (place > 0 && changes[place - 1]!.time > change.time) place--;
    if (place === changes.length) changes.push(change);
    else changes.splice(place, 0, change);
  }

  /** Takes everything out. */
  clear(): void {
    this.#changes = [];
  }

  /** Everything held, oldest first. */
  all(): readonly SavedChange[] {
    return this.#changes;
  }

  /** Changes, newest first. */
  list({ since = -Infinity, address, limit }: ChangeQuery): SavedChange[] {
    const listed: SavedChange[] = [];
    for (let index = this.#changes.length - 1; index >= 0 && listed.length < limit; index--) {
      const change = this.#changes[index]!;
      if (change.time < since) break;
      if ((address ?? change.address) === change.address) listed.push(change);
    }
    return listed;
  }

  /** Deletes up to `limit` changes older than `before`; returns how many there were. */
  prune(before: number, limit: number): number {
    let left = limit;
    const size = this.#changes.length;
    this.#changes = this.#changes.filter(({ time }) => !(time < before && left-- > 0));
    return size - this.#changes.length;
  }
}
