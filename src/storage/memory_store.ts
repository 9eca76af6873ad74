import type {
  ChangeQuery,
  SavedChange,
  SavedState,
  StateBatch,
  StateStore,
} from "../state/saved_state.ts";
import { ChangeRing } from "./change_ring.ts";

/** Changes that a store without a file remembers. */
export const MEMORY_CHANGES = 100_000;

/** A store without a file: it remembers the newest changes and nothing else. */
export class MemoryStore implements StateStore {
  readonly #changes: ChangeRing;

  constructor({ maxChanges = MEMORY_CHANGES }: { maxChanges?: number } = {}) {
    this.#changes = new ChangeRing(maxChanges);
  }

  load(): SavedState {
    return { hosts: [], records: [], targets: [], rounds: [], learnt: [] };
  }

  save(batch: StateBatch): void {
    this.#changes.push(batch.changes ?? []);
  }

  changes(query: ChangeQuery): SavedChange[] {
    return this.#changes.list(query);
  }

  pruneChanges(before: number, limit: number): number {
    return this.#changes.prune(before, limit);
  }

  close(): void {}
}
