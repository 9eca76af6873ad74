import { DatabaseSync } from "node:sqlite";
import { migrate } from "./migrations.ts";
import { StoreError } from "./store_error.ts";

/**
 * Checks the structure of every page.
 *
 * @throws {StoreError} `corrupt` with what is wrong first.
 */
export function verifyPages(db: DatabaseSync): void {
  const found = Object.values(db.prepare("pragma quick_check(1)").get() ?? {})[0];
  if (found !== "ok") {
    throw new StoreError("corrupt", String(found).replaceAll(/\s+/g, " ").slice(0, 200));
  }
}

/**
 * Checks that the schema is letter by letter the one that the migrations make.
 *
 * @throws {StoreError} `corrupt` when it is another.
 */
export function verifySchema(db: DatabaseSync): void {
  // Closed by hand: not every Deno that runs this can dispose of a database.
  const fresh = new DatabaseSync(":memory:");
  try {
    migrate(fresh);
    if (schemaText(db) === schemaText(fresh)) return;
    throw new StoreError("corrupt", "its tables are not those of this program");
  } finally {
    fresh.close();
  }
}

function schemaText(db: DatabaseSync): string {
  const rows = db.prepare("select type, name, tbl_name, sql from sqlite_schema order by name")
    .all();
  // ANALYZE by hand leaves tables of SQLite's own, which harm nothing.
  return JSON.stringify(rows.filter(({ name }) => !String(name).startsWith("sqlite_stat")));
}
