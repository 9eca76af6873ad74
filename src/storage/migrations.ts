import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "./store_error.ts";

/**
 * Marks a file as ours in the header of SQLite (https://sqlite.org/pragma.html#pragma_application_id):
 * the letters "open".
 */
const APPLICATION_ID = 0x6f70656e;

/**
 * Steps that make the schema, in order; step N leads to version N. One that was released never changes.
 *
 * Hosts: an outcome is about neighbours, and tables without rowid keep neighbours on the same pages, so
 * a transaction of sixteen writes few of them. `sum` is a CRC-32 over key and body: SQLite does not
 * notice a flipped bit inside a row.
 */
export const MIGRATIONS: readonly (readonly string[])[] = [
  [
    `create table hosts (
      address text not null,
      protocol text not null,
      body blob not null,
      sum integer not null,
      primary key (address, protocol)
    ) strict, without rowid`,
    `create table records (
      id text not null primary key,
      body text not null,
      sum integer not null
    ) strict`,
    `create table targets (
      id text not null primary key,
      body text not null,
      sum integer not null
    ) strict, without rowid`,
    `create table rounds (
      id text not null primary key,
      body text not null,
      sum integer not null
    ) strict, without rowid`,
    `create table changes (
      time integer not null,
      seq integer not null,
      address text not null,
      protocol text not null,
      port integer not null,
      opened integer not null,
      target text not null,
      primary key (time, seq)
    ) strict, without rowid`,
    "create index changes_by_address on changes (address, time)",
  ],
  [
    `create table learnt (
      id text not null primary key,
      body text not null,
      sum integer not null
    ) strict, without rowid`,
  ],
];

/** Version of the schema that this program reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** Version of the schema in a file; 0 is none yet. */
export function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare("pragma user_version").get()?.["user_version"]);
}

/** Whether a file is of some other program: it holds something and does not carry our mark. */
export function isForeign(db: DatabaseSync): boolean {
  if (db.prepare("pragma application_id").get()?.["application_id"] === APPLICATION_ID) {
    return false;
  }
  return schemaVersion(db) !== 0 || db.prepare("select 1 from sqlite_schema").get() !== undefined;
}

/** That a file is of a version that this program does not know; its path begins the message. */
export function newerError(path: string, version: number): StoreError {
  return new StoreError(
    "newer",
    `Cannot use ${path}: a newer openport-exporter wrote it (schema version ${version}, this one ` +
      `knows ${SCHEMA_VERSION}): run that version, or give state.path another file`,
  );
}

/** Ends a transaction, if one is open; asking SQLite first is not possible in every Deno that runs this. */
export function rollBack(db: DatabaseSync): void {
  try {
    db.prepare("rollback").run();
  } catch {
    // There was none, or what failed before says more.
  }
}

/**
 * Brings the schema to `migrations`, in one transaction; returns whether there was anything to do.
 *
 * @throws what `node:sqlite` throws; then nothing has changed.
 */
export function migrate(db: DatabaseSync, migrations = MIGRATIONS): boolean {
  const version = schemaVersion(db);
  if (version === migrations.length) return false;
  // Errors of exec() carry no result code, those of statements do.
  const run = (sql: string) => db.prepare(sql).run();
  run("begin immediate");
  try {
    for (const statement of migrations.slice(version).flat()) run(statement);
    run(`pragma user_version = ${migrations.length}`);
    run(`pragma application_id = ${APPLICATION_ID}`);
    run("commit");
  } catch (error) {
    rollBack(db);
    throw error;
  }
  // The version must stand in the file itself, where it is looked for before anything is opened.
  db.prepare("pragma wal_checkpoint(truncate)").get();
  return true;
}
