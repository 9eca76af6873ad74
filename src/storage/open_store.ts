import { DatabaseSync } from "node:sqlite";
import { errorText } from "../text/error_text.ts";
import { headerVersion } from "./file_header.ts";
import {
  isForeign,
  migrate,
  newerError,
  rollBack,
  SCHEMA_VERSION,
  schemaVersion,
} from "./migrations.ts";
import { setAside } from "./set_aside.ts";
import { SqliteStore } from "./sqlite_store.ts";
import { StoreError, storeErrorCode } from "./store_error.ts";
import { verifyPages, verifySchema } from "./verify_file.ts";

/** Options of `openStore`. */
export interface OpenStoreOptions {
  /** Wall clock, unix milliseconds; names a damaged file. */
  readonly wallClock: () => number;
  /** Milliseconds to wait for another process to let go of the file. */
  readonly lockTimeout?: number;
  /** A damaged file stays as it is, and is an error; default false. */
  readonly keepDamaged?: boolean;
}

/** A store that is open, and what had to be done for it. */
export interface OpenedStore {
  readonly store: SqliteStore;
  /** The damaged file: where it is now, and what was wrong. */
  readonly setAside?: { readonly path: string; readonly reason: string };
}

/** Pages of 4 KiB in the -wal file after which they are moved into the file. */
const CHECKPOINT_PAGES = 1000;

/** Result codes of SQLite (https://sqlite.org/rescode.html). */
const SQLITE_READONLY = 8;
const SQLITE_CANTOPEN = 14;

/**
 * `exclusive`: a second exporter is locked out, and there is no -shm file. WAL with `normal`: the kernel
 * has every commit, so a crash or kill of the program loses none; a power cut can lose those since the
 * last checkpoint, and the file stays whole (https://sqlite.org/pragma.html#pragma_synchronous).
 * `temp_store`: no files are made later, when write permission is given up.
 */
const SETTINGS = [
  "synchronous = normal",
  `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
  `journal_size_limit = ${CHECKPOINT_PAGES * 4096}`,
  "temp_store = memory",
  "cell_size_check = on",
];

/**
 * Opens the state file, made if it is missing, and reads all of it once to see that it is whole. A
 * damaged file is set aside under another name and a new one made. Afterwards nothing needs Deno's
 * write permission any more. A process opens a file once.
 *
 * @throws {StoreError} `locked`, `newer` (the file is as it was) or `unusable`, and `corrupt` with `keepDamaged`.
 */
export function openStore(path: string, options: OpenStoreOptions): OpenedStore {
  let damage: Damage;
  try {
    return { store: openWhole(path, options) };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    // It is not closed, which would write to it.
    if (options.keepDamaged) {
      const reason = `Cannot use ${path}: it is damaged (${error.message})`;
      throw new StoreError("corrupt", reason, { cause: error });
    }
    damage = error;
  }
  let aside: string;
  try {
    aside = setAside(path, options.wallClock());
  } catch (error) {
    throw unusable(path, `it is damaged (${damage.message}) and cannot be renamed`, error);
  } finally {
    damage.close();
  }
  try {
    const store = openWhole(path, options);
    return { store, setAside: { path: aside, reason: damage.message } };
  } catch (error) {
    if (!(error instanceof Damage)) throw error;
    error.close();
    throw unusable(path, "a new file is damaged at once", error);
  }
}

/** A file that must be set aside; it is closed afterwards, because closing writes and deletes. */
class Damage extends Error {
  readonly #db: DatabaseSync;

  constructor(message: string, db: DatabaseSync) {
    super(message);
    this.#db = db;
  }

  close(): void {
    try {
      this.#db.close();
    } catch {
      // Closing moves the -wal file into the damaged one, which may fail like everything else.
    }
  }
}

function openWhole(path: string, { lockTimeout = 1000 }: OpenStoreOptions): SqliteStore {
  const version = checkFile(path);
  if (version !== undefined && version > SCHEMA_VERSION) throw newerError(path, version);
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { timeout: lockTimeout });
  } catch (error) {
    throw unusable(path, errorText(error), error);
  }
  try {
    return prepareStore(path, db);
  } catch (error) {
    const code = storeErrorCode(error);
    if (code === "corrupt") {
      throw new Damage(errorText(error).replace(`Cannot read ${path}: `, ""), db);
    }
    try {
      db.close();
    } catch {
      // The first error says more.
    }
    if (code === "newer" || code === "unusable") throw error;
    if (code === "locked") {
      throw new StoreError(
        "locked",
        `Cannot use ${path}: another openport-exporter uses this file (stop it, or give each its own state.path)`,
        { cause: error },
      );
    }
    const hint = (error as { errcode?: unknown }).errcode === SQLITE_CANTOPEN
      ? " (this user must be able to make files in its directory)"
      : "";
    throw unusable(path, `${errorText(error)}${hint}`, error);
  }
}

function prepareStore(path: string, db: DatabaseSync): SqliteStore {
  const set = (setting: string) => db.prepare(`pragma ${setting}`).get();
  set("locking_mode = exclusive");
  const version = schemaVersion(db);
  // The header of the file can be older than what the -wal file holds.
  if (version > SCHEMA_VERSION) throw newerError(path, version);
  if (version < 0) throw new StoreError("corrupt", `its schema version is ${version}`);
  if (isForeign(db)) {
    throw unusable(path, "it is a database of another program (give state.path another file)");
  }
  for (const setting of SETTINGS) set(setting);
  if (set("journal_mode = wal")?.["journal_mode"] !== "wal") {
    throw unusable(path, "SQLite cannot keep a write-ahead log beside it");
  }
  verifyPages(db);
  checkWritable(db);
  migrate(db);
  verifySchema(db);
  const store = new SqliteStore(path, db);
  store.verify();
  return store;
}

/**
 * Begins to write and takes it back. The file can be written, as it was opened for that: where SQLite
 * says otherwise, the header is damaged.
 */
function checkWritable(db: DatabaseSync): void {
  const run = (sql: string) => db.prepare(sql).run();
  run("begin immediate");
  try {
    run(`pragma user_version = ${schemaVersion(db)}`);
  } catch (error) {
    if ((error as { errcode?: unknown }).errcode !== SQLITE_READONLY) throw error;
    throw new StoreError("corrupt", "its header forbids writing", { cause: error });
  } finally {
    rollBack(db);
  }
}

/** Looks at the file before SQLite does; returns its schema version, if it says one. */
function checkFile(path: string): number | undefined {
  try {
    if (isSpecial(path)) throw unusable(path, "it is no regular file");
    return headerVersion(path);
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw unusable(path, reasonOf(error), error);
  }
}

/** Whether there is something other than a file or directory: reading a pipe would never end. */
function isSpecial(path: string): boolean {
  try {
    const { isFile, isDirectory } = Deno.statSync(path);
    return !isFile && !isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "its directory does not exist (make it)";
  if (error instanceof Deno.errors.IsADirectory) return "it is a directory (name a file in it)";
  if (error instanceof Deno.errors.NotCapable) {
    return "this program was not given permission to read and write it";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return "this user may not read and write it, or make files in its directory";
  }
  return errorText(error).replace(/: open '.*'$/s, "");
}

function unusable(path: string, reason: string, cause?: unknown): StoreError {
  return new StoreError("unusable", `Cannot use ${path}: ${reason}`, { cause });
}
