import type {
  ChangeQuery,
  SavedChange,
  SavedState,
  StateBatch,
  StateStore,
} from "../state/saved_state.ts";
import { errorText } from "../text/error_text.ts";
import { ChangeRing } from "./change_ring.ts";
import { MEMORY_CHANGES } from "./memory_store.ts";
import { PendingRows } from "./pending_rows.ts";
import { storeErrorCode } from "./store_error.ts";

/** Options of `ResilientStore`. */
export interface ResilientStoreOptions {
  /** Called when storing begins to fail; `final` says that the file is not written any more. */
  readonly onTrouble: (reason: string, kind: { readonly final: boolean }) => void;
  /** Called when everything that waited is stored. */
  readonly onRecovered: () => void;
  /** Changes that may wait in memory; default 100,000. */
  readonly maxChanges?: number;
  /** Milliseconds after which storing is tried again without a new batch; default 30,000. */
  readonly retryMs?: number;
  /** Milliseconds between two tries where batches come fast; default 1,000. */
  readonly spacingMs?: number;
  /** Monotonic clock, milliseconds. */
  readonly monotonicClock?: () => number;
}

/** How storing goes: `broken` means that the file is damaged and left alone. */
export type StoreHealth = "well" | "waiting" | "broken";

/**
 * A store that never throws: what cannot be stored waits in memory, the newest of each row, and is
 * stored in one transaction when that is possible again. A file that proves damaged is left alone.
 */
export class ResilientStore implements StateStore {
  readonly #inner: StateStore;
  readonly #options: ResilientStoreOptions;
  readonly #rows = new PendingRows();
  readonly #changes: ChangeRing;
  #health: StoreHealth = "well";
  #lastTry = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(inner: StateStore, options: ResilientStoreOptions) {
    this.#inner = inner;
    this.#options = options;
    this.#changes = new ChangeRing(options.maxChanges ?? MEMORY_CHANGES);
  }

  /** How storing goes. */
  get health(): StoreHealth {
    return this.#health;
  }

  /** Changes that are in no file and not in memory any more, because too many waited. */
  get lostChanges(): number {
    return this.#changes.dropped;
  }

  /** Everything stored; ends early where the file proves damaged. */
  load(): SavedState {
    const state = this.#guard(() => this.#inner.load(), undefined);
    return {
      hosts: this.#reading(state?.hosts),
      records: this.#reading(state?.records),
      targets: this.#reading(state?.targets),
      rounds: this.#reading(state?.rounds),
      learnt: this.#reading(state?.learnt),
    };
  }

  /** Stores a batch, now or later. */
  save(batch: StateBatch): void {
    if (this.#health === "broken") {
      this.#changes.push(batch.changes ?? []);
      return;
    }
    if (this.#health === "well") {
      try {
        this.#inner.save(batch);
        return;
      } catch (error) {
        this.#lastTry = this.#now();
        this.#fail(error);
      }
    }
    this.#rows.add(batch);
    this.#changes.push(batch.changes ?? []);
    // Each try writes everything that waits: batches that come fast would make that slow.
    if (this.#now() - this.#lastTry >= (this.#options.spacingMs ?? 1000)) this.#retry();
  }

  /** Changes, newest first: those that wait and those in the file, as far as it can be read. */
  changes(query: ChangeQuery): SavedChange[] {
    const stored = this.#guard(() => this.#inner.changes(query), []);
    if (this.#changes.size === 0) return stored;
    // The sort keeps the order of equal times: what waits came after all that is stored.
    return [...this.#changes.list(query), ...stored]
      .sort((a, b) => b.time - a.time)
      .slice(0, Math.max(0, query.limit));
  }

  pruneChanges(before: number, limit: number): number {
    const waiting = this.#changes.prune(before, limit);
    if (this.#health !== "well" || waiting >= limit) return waiting;
    return waiting + this.#guard(() => this.#inner.pruneChanges(before, limit - waiting), 0);
  }

  /** Tries once more to store what waits, and closes the file. */
  close(): void {
    if (this.#health === "waiting") this.#retry();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#guard(() => this.#inner.close(), undefined);
  }

  #retry(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastTry = this.#now();
    try {
      this.#inner.save({ ...this.#rows.batch(), changes: this.#changes.all() });
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#rows.clear();
    this.#changes.clear();
    this.#health = "well";
    this.#options.onRecovered();
  }

  #fail(error: unknown): void {
    const before = this.#health;
    if (storeErrorCode(error) === "corrupt") {
      this.#health = "broken";
      this.#rows.clear();
      if (before !== "broken") this.#options.onTrouble(errorText(error), { final: true });
      return;
    }
    this.#health = "waiting";
    this.#timer ??= setTimeout(() => this.#retry(), this.#options.retryMs ?? 30_000);
    this.#timer.unref();
    if (before === "well") this.#options.onTrouble(errorText(error), { final: false });
  }

  #guard<T>(work: () => T, otherwise: T): T {
    try {
      return work();
    } catch (error) {
      // What only reads, or can be done later, is trouble only when the file is damaged.
      if (storeErrorCode(error) === "corrupt" && this.#health !== "broken") this.#fail(error);
      return otherwise;
    }
  }

  *#reading<T>(rows: Iterable<T> | undefined): Iterable<T> {
    const iterator = rows?.[Symbol.iterator]();
    for (;;) {
      const next = this.#guard(() => iterator?.next(), undefined);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  }

  #now(): number {
    return this.#options.monotonicClock?.() ?? performance.now();
  }
}
