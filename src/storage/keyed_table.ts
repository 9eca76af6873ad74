import type { DatabaseSync, StatementSync } from "node:sqlite";
import { rowSum } from "./checksum.ts";
import { StoreError } from "./store_error.ts";

interface Row {
  readonly id: string;
  readonly body: string;
  readonly sum: number;
}

/** A table of JSON texts by id, each with its checksum. */
export class KeyedTable {
  readonly #name: string;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #all: StatementSync;

  constructor(db: DatabaseSync, name: "records" | "targets" | "rounds") {
    this.#name = name;
    this.#put = db.prepare(
      `insert into ${name} values (?, ?, ?)
       on conflict do update set body = excluded.body, sum = excluded.sum`,
    );
    this.#delete = db.prepare(`delete from ${name} where id = ?`);
    this.#all = db.prepare(`select id, body, sum from ${name}`);
  }

  /** Stores a text, in place of one that was there. */
  put(id: string, body: string): void {
    this.#put.run(id, body, rowSum(id, body));
  }

  /** Deletes a text, if it is there. */
  delete(id: string): void {
    this.#delete.run(id);
  }

  /**
   * All texts.
   *
   * @throws {StoreError} `corrupt` when a checksum is wrong.
   */
  *bodies(): Iterable<string> {
    for (const { id, body, sum } of this.#all.all() as unknown as Row[]) {
      if (rowSum(id, body) !== sum) {
        throw new StoreError(
          "corrupt",
          `Cannot read a row of ${this.#name}: its checksum is wrong`,
        );
      }
      yield body;
    }
  }
}
