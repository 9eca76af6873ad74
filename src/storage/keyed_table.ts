import type { DatabaseSync, StatementSync } from "node:sqlite";
import { rowSum } from "./checksum.ts";
import { StoreError } from "./store_error.ts";

/** Rows read at once. */
const PAGE = 1000;

interface Row {
  /** What rows are read in the order of. */
  readonly place: string | number;
  readonly id: string;
  readonly body: string;
  readonly sum: number;
}

/** A table of JSON texts by id, each with its checksum. */
export class KeyedTable {
  readonly #name: string;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #firstPage: StatementSync;
  readonly #nextPage: StatementSync;

  constructor(db: DatabaseSync, name: "records" | "targets" | "rounds") {
    this.#name = name;
    this.#put = db.prepare(
      `insert into ${name} values (?, ?, ?)
       on conflict do update set body = excluded.body, sum = excluded.sum`,
    );
    this.#delete = db.prepare(`delete from ${name} where id = ?`);
    // Records come back in the order in which they were first stored.
    const place = name === "records" ? "rowid" : "id";
    const page = (from: string) =>
      db.prepare(
        `select ${place} as place, id, body, sum from ${name} ${from} order by ${place} limit ${PAGE}`,
      );
    this.#firstPage = page("");
    this.#nextPage = page(`where ${place} > ?`);
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
   * All texts, read as they are asked for.
   *
   * @throws {StoreError} `corrupt` when a checksum is wrong.
   */
  *bodies(): Iterable<string> {
    let last: Row | undefined;
    do {
      const rows = last === undefined ? this.#firstPage.all() : this.#nextPage.all(last.place);
      for (const { id, body, sum } of rows as unknown as Row[]) {
        if (rowSum(id, body) !== sum) {
          throw new StoreError(
            "corrupt",
            `Cannot read a row of ${this.#name}: its checksum is wrong`,
          );
        }
        yield body;
      }
      last = rows.length < PAGE ? undefined : rows.at(-1) as unknown as Row;
    } while (last !== undefined);
  }

  /**
   * Reads every row and checks its checksum.
   *
   * @throws {StoreError} `corrupt` when one is wrong.
   */
  verify(): void {
    const bodies = this.bodies()[Symbol.iterator]();
    while (bodies.next().done !== true);
  }
}
