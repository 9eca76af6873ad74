import { Buffer } from "node:buffer";
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

/** The key of each table's JSON texts that holds their id; records have theirs in several. */
const ID_KEYS = { records: undefined, targets: "target", rounds: "id", learnt: "source" } as const;

/** A table of JSON texts by id, each with its checksum. */
export class KeyedTable {
  readonly #name: keyof typeof ID_KEYS;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #firstPage: StatementSync;
  readonly #nextPage: StatementSync;

  constructor(db: DatabaseSync, name: keyof typeof ID_KEYS) {
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
   * @throws {StoreError} `corrupt` when a checksum is wrong, or a row is not where it belongs.
   */
  *bodies(): Iterable<string> {
    let last: Row | undefined;
    let before: string | undefined;
    do {
      const rows = last === undefined ? this.#firstPage.all() : this.#nextPage.all(last.place);
      for (const { id, body, sum } of rows as unknown as Row[]) {
        if (rowSum(id, body) !== sum) this.#refuse("its checksum is wrong");
        this.#checkPlace(id, { body, before });
        before = id;
        yield body;
      }
      last = rows.length < PAGE ? undefined : rows.at(-1) as unknown as Row;
    } while (last !== undefined);
  }

  /**
   * Reads every row and checks its checksum and its place.
   *
   * @throws {StoreError} `corrupt` when one is wrong.
   */
  verify(): void {
    const bodies = this.bodies()[Symbol.iterator]();
    while (bodies.next().done !== true);
  }

  /** A page that was written to the wrong place is a good one, and SQLite's quick check lets it pass. */
  #checkPlace(id: string, { body, before }: { body: string; before: string | undefined }): void {
    const key = ID_KEYS[this.#name];
    if (key === undefined) return;
    if (!body.includes(`"${key}":${JSON.stringify(id)}`)) this.#refuse("it is of another table");
    // The order of SQLite is that of the bytes.
    if (before !== undefined && Buffer.compare(Buffer.from(before), Buffer.from(id)) >= 0) {
      this.#refuse("it is out of order");
    }
  }

  #refuse(reason: string): never {
    throw new StoreError("corrupt", `Cannot read a row of ${this.#name}: ${reason}`);
  }
}
