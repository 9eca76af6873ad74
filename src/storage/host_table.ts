import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Protocol } from "../domain/scan.ts";
import type { SavedHost } from "../state/saved_state.ts";
import { rowSum } from "./checksum.ts";
import { decodeHost, encodeHost } from "./host_codec.ts";
import { StoreError } from "./store_error.ts";

/** Rows read at once: as fast as all of them, without holding them all. */
const PAGE = 1000;

interface Row {
  readonly address: string;
  readonly protocol: Protocol;
  readonly body: Uint8Array;
  readonly sum: number;
}

/** The table of hosts: one row for an address and protocol. */
export class HostTable {
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #page: StatementSync;

  constructor(db: DatabaseSync) {
    this.#put = db.prepare(
      `insert into hosts values (?, ?, ?, ?)
       on conflict do update set body = excluded.body, sum = excluded.sum`,
    );
    this.#delete = db.prepare("delete from hosts where address = ? and protocol = ?");
    this.#page = db.prepare(
      `select address, protocol, body, sum from hosts where (address, protocol) > (?, ?)
       order by address, protocol limit ${PAGE}`,
    );
  }

  /** Stores a host, in place of what was known of it. */
  put(host: SavedHost): void {
    const { address, protocol } = host;
    const body = encodeHost(host);
    this.#put.run(address, protocol, body, rowSum(`${address} ${protocol}`, body));
  }

  /** Deletes a host, if it is there. */
  delete(address: string, protocol: Protocol): void {
    this.#delete.run(address, protocol);
  }

  /**
   * All hosts, read as they are asked for.
   *
   * @throws {StoreError} `corrupt` when a row is damaged.
   */
  *all(): Iterable<SavedHost> {
    for (const { address, protocol, body } of this.#rows()) {
      try {
        yield decodeHost(address, protocol, body);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new StoreError("corrupt", `Cannot read the row of host ${address}`, { cause: error });
      }
    }
  }

  /**
   * Reads every row and checks its checksum and its place.
   *
   * @throws {StoreError} `corrupt` when one is wrong.
   */
  verify(): void {
    const rows = this.#rows()[Symbol.iterator]();
    while (rows.next().done !== true);
  }

  *#rows(): Iterable<Row> {
    let address = "";
    let protocol: string = "";
    for (;;) {
      const rows = this.#page.all(address, protocol) as unknown as Row[];
      for (const row of rows) {
        if (rowSum(`${row.address} ${row.protocol}`, row.body) !== row.sum) {
          throw new StoreError("corrupt", "Cannot read a row of hosts: its checksum is wrong");
        }
        // A page that was written to the wrong place is a good one, and SQLite's quick check lets it pass.
        if (row.address < address || (row.address === address && row.protocol <= protocol)) {
          throw new StoreError("corrupt", "Cannot read a row of hosts: it is out of order");
        }
        ({ address, protocol } = row);
        yield row;
      }
      if (rows.length < PAGE) return;
    }
  }
}
