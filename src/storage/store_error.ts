/**
 * Why a state file failed. At start: `locked`, another process uses it; `newer`, a newer version of
 * this program wrote it; `unusable`, it cannot be read and written. Later: `full`, no space is left;
 * `corrupt`, the file is damaged; `io`, anything else.
 */
export type StoreErrorCode = "locked" | "newer" | "unusable" | "full" | "corrupt" | "io";

/** A state file that cannot be used; the message names the file and says what to do. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const SQLITE = {
  error: 1,
  busy: 5,
  locked: 6,
  corrupt: 11,
  full: 13,
  tooBig: 18,
  mismatch: 20,
  notADatabase: 26,
};
/** The file system said that the file is damaged (https://sqlite.org/rescode.html#ioerr_corruptfs). */
const SQLITE_IOERR_CORRUPTFS = 8458;

/**
 * What an error of `node:sqlite` means. The statements are fixed and were all prepared once, so one
 * that is suddenly wrong (`error`, `tooBig`, `mismatch`) can only mean a damaged schema or row.
 */
export function storeErrorCode(error: unknown): StoreErrorCode {
  if (error instanceof StoreError) return error.code;
  const errcode = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof errcode !== "number") return "io";
  if (errcode === SQLITE_IOERR_CORRUPTFS) return "corrupt";
  // Extended codes keep the primary one in the low byte.
  switch (errcode & 0xff) {
    case SQLITE.busy:
    case SQLITE.locked:
      return "locked";
    case SQLITE.full:
      return "full";
    case SQLITE.error:
    case SQLITE.corrupt:
    case SQLITE.tooBig:
    case SQLITE.mismatch:
    case SQLITE.notADatabase:
      return "corrupt";
    default:
      return "io";
  }
}
