import type { DatabaseSync, StatementSync } from "node:sqlite";
import type {
  ChangeQuery,
  SavedChange,
  SavedState,
  StateBatch,
  StateStore,
} from "../state/saved_state.ts";
import { errorText } from "../text/error_text.ts";
import { ChangeTable } from "./change_table.ts";
import { FileGuard } from "./file_guard.ts";
import { HostTable } from "./host_table.ts";
import { KeyedTable } from "./keyed_table.ts";
import {
  decodeLearnt,
  decodeRecord,
  decodeRound,
  decodeTarget,
  encodeLearnt,
  encodeRecord,
  encodeRound,
  encodeTarget,
  recordId,
} from "./record_codec.ts";
import { StoreError, storeErrorCode } from "./store_error.ts";

/** State in an open SQLite file; `openStore` makes one. Every method throws StoreError and nothing else. */
export class SqliteStore implements StateStore {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #guard: FileGuard;
  readonly #hosts: HostTable;
  readonly #records: KeyedTable;
  readonly #targets: KeyedTable;
  readonly #rounds: KeyedTable;
  readonly #learnt: KeyedTable;
  readonly #changes: ChangeTable;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;

  /** Takes over a database that has the schema of this version. */
  constructor(path: string, db: DatabaseSync) {
    this.path = path;
    this.#db = db;
    this.#guard = new FileGuard(path);
    this.#hosts = new HostTable(db);
    this.#records = new KeyedTable(db, "records");
    this.#targets = new KeyedTable(db, "targets");
    this.#rounds = new KeyedTable(db, "rounds");
    this.#learnt = new KeyedTable(db, "learnt");
    this.#changes = new ChangeTable(db);
    this.#begin = db.prepare("begin immediate");
    this.#commit = db.prepare("commit");
    this.#rollback = db.prepare("rollback");
  }

  /** Everything stored; rows are read as they are asked for, so read them before the first save. */
  load(): SavedState {
    return {
      hosts: this.#reading(() => this.#hosts.all()),
      records: this.#reading(() => map(this.#records.bodies(), decodeRecord)),
      targets: this.#reading(() => map(this.#targets.bodies(), decodeTarget)),
      rounds: this.#reading(() => map(this.#rounds.bodies(), decodeRound)),
      learnt: this.#reading(() => map(this.#learnt.bodies(), decodeLearnt)),
    };
  }

  /** Reads every row of the state once; throws `corrupt` when one is damaged. */
  verify(): void {
    const keyed = [this.#records, this.#targets, this.#rounds, this.#learnt];
    for (const table of [this.#hosts, ...keyed]) this.#attempt("read", () => table.verify());
  }

  /** Stores a batch in one transaction: first what is forgotten, then what is known. */
  save(batch: StateBatch): void {
    this.#attempt("write", () => {
      this.#guard.verify();
      this.#begin.run();
      try {
        this.#apply(batch);
        this.#commit.run();
      } catch (error) {
        this.#undo();
        throw error;
      }
    });
  }

  changes(query: ChangeQuery): SavedChange[] {
    return this.#attempt("read", () => this.#changes.list(query));
  }

  pruneChanges(before: number, limit: number): number {
    return this.#attempt("write", () => this.#changes.prune(before, limit));
  }

  /** Moves all of the -wal file into the file and closes it; a second call does nothing. */
  close(): void {
    if (this.#db.isOpen) this.#attempt("close", () => this.#db.close());
  }

  #apply(batch: StateBatch): void {
    for (const [address, protocol] of batch.forgottenHosts ?? []) {
      this.#hosts.delete(address, protocol);
    }
    for (const record of batch.forgottenRecords ?? []) this.#records.delete(recordId(record));
    for (const target of batch.forgottenTargets ?? []) this.#targets.delete(target);
    for (const round of batch.forgottenRounds ?? []) this.#rounds.delete(round);
    for (const source of batch.forgottenLearnt ?? []) this.#learnt.delete(source);
    for (const host of batch.hosts ?? []) this.#hosts.put(host);
    for (const record of batch.records ?? []) {
      this.#records.put(recordId(record), encodeRecord(record));
    }
    for (const target of batch.targets ?? []) {
      this.#targets.put(target.target, encodeTarget(target));
    }
    for (const round of batch.rounds ?? []) this.#rounds.put(round.id, encodeRound(round));
    for (const learnt of batch.learnt ?? []) {
      this.#learnt.put(learnt.source, encodeLearnt(learnt));
    }
    for (const change of batch.changes ?? []) this.#changes.add(change);
  }

  #undo(): void {
    try {
      this.#rollback.run();
    } catch {
      // Some errors have ended the transaction already.
    }
  }

  *#reading<T>(rows: () => Iterable<T>): Iterable<T> {
    const iterator = this.#attempt("read", () => rows()[Symbol.iterator]());
    for (;;) {
      const next = this.#attempt("read", () => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  #attempt<T>(action: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      // A row that is not what its encoder wrote is damaged.
      const code = error instanceof SyntaxError ? "corrupt" : storeErrorCode(error);
      throw new StoreError(code, `Cannot ${action} ${this.path}: ${errorText(error)}`, {
        cause: error,
      });
    }
  }
}

function* map<T, U>(items: Iterable<T>, change: (item: T) => U): Iterable<U> {
  for (const item of items) yield change(item);
}
