import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Protocol } from "../domain/scan.ts";
import type { ChangeQuery, SavedChange } from "../state/saved_state.ts";
import { MAX_TIME, storedTime } from "./host_codec.ts";

interface Row {
  readonly time: number;
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly opened: number;
  readonly target: string;
}

const COLUMNS = "time, address, protocol, port, opened, target";

/** The table of changes, in order of time; changes of the same time keep the order in which they came. */
export class ChangeTable {
  readonly #add: StatementSync;
  readonly #newest: StatementSync;
  readonly #newestOfAddress: StatementSync;
  readonly #prune: StatementSync;

  constructor(db: DatabaseSync) {
    this.#add = db.prepare(
      `insert into changes (${COLUMNS}, seq) values (?1, ?2, ?3, ?4, ?5, ?6,
       coalesce((select max(seq) from changes where time = ?1), -1) + 1)`,
    );
    this.#newest = db.prepare(
      `select ${COLUMNS} from changes where time >= ? order by time desc, seq desc limit ?`,
    );
    this.#newestOfAddress = db.prepare(
      `select ${COLUMNS} from changes where address = ? and time >= ?
       order by time desc, seq desc limit ?`,
    );
    this.#prune = db.prepare(
      `delete from changes where (time, seq) in
       (select time, seq from changes where time < ? order by time, seq limit ?)`,
    );
  }

  /** Adds a change. */
  add({ time, address, protocol, port, to, target }: SavedChange): void {
    this.#add.run(storedTime(time), address, protocol, port, to === "open" ? 1 : 0, target);
  }

  /** Changes, newest first. */
  list({ since = -MAX_TIME, address, limit }: ChangeQuery): SavedChange[] {
    const from = Math.ceil(Math.max(-MAX_TIME, Math.min(MAX_TIME, since)));
    const most = Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(limit)));
    const rows = address === undefined
      ? this.#newest.all(from, most)
      : this.#newestOfAddress.all(address, from, most);
    return (rows as unknown as Row[]).map(({ opened, ...change }) => ({
      ...change,
      from: opened === 1 ? "closed" : "open",
      to: opened === 1 ? "open" : "closed",
    }));
  }

  /** Deletes up to `limit` changes older than `before`, oldest first; returns how many there were. */
  prune(before: number, limit: number): number {
    return Number(this.#prune.run(Math.ceil(storedTime(before)), limit).changes);
  }
}
