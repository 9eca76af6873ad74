import type { RoundPosition } from "../schedule/schedule.ts";
import type { PortState } from "../state/port_state.ts";
import type { SavedChange, StateStore } from "../state/saved_state.ts";
import type { ScanRecords } from "../state/scan_records.ts";

/** What a keeper needs from the rest of the program. */
export interface StateKeeperOptions {
  readonly store: StateStore;
  readonly state: PortState;
  readonly records: ScanRecords;
  /** Where the schedule moved since this was last asked for. */
  readonly takeMoved: () => ReadonlyMap<string, RoundPosition>;
  /** Milliseconds to add to the schedule's clock to get unix milliseconds. */
  readonly wallOffset: () => number;
}

/** Stores what changed since it last did, in one transaction: all of an outcome or nothing. */
export class StateKeeper {
  readonly #options: StateKeeperOptions;
  readonly #forgottenRounds = new Set<string>();

  constructor(options: StateKeeperOptions) {
    this.#options = options;
  }

  /** Stores everything that changed, with these entries of the history. */
  save(changes: readonly SavedChange[] = []): void {
    const { store, state, records, takeMoved, wallOffset } = this.#options;
    const offset = wallOffset();
    const rounds = [...takeMoved()].map(([id, { dueAt, taken }]) => ({
      id,
      dueAt: Math.round(dueAt + offset),
      taken,
    }));
    const forgottenRounds = [...this.#forgottenRounds];
    this.#forgottenRounds.clear();
    const batch = {
      ...state.takeUnsaved(),
      ...records.takeUnsaved(),
      rounds,
      forgottenRounds,
      changes,
    };
    if (Object.values(batch).some((rows) => rows.length > 0)) store.save(batch);
  }

  /** Has the positions of these targets deleted with the next save. */
  forgetRounds(ids: Iterable<string>): void {
    for (const id of ids) this.#forgottenRounds.add(id);
  }
}
