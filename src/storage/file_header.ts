/** A SQLite file begins with this text and a zero byte (https://sqlite.org/fileformat.html). */
const MAGIC = "SQLite format 3\0";
const HEADER_BYTES = 100;
const USER_VERSION_OFFSET = 60;

/** Access of the owner alone: the file tells which ports are open where. */
const MODE = 0o600;

/**
 * Schema version in the header of a state file, without SQLite having touched it; undefined when it is
 * empty or no SQLite file. A file that does not exist is made, readable and writable by its owner alone.
 * Close every SQLite connection of this process to the file first: the closing here would drop its locks.
 *
 * @throws what Deno throws when the file cannot be opened for reading and writing.
 */
export function headerVersion(path: string): number | undefined {
  using file = Deno.openSync(path, { read: true, write: true, create: true, mode: MODE });
  const bytes = new Uint8Array(HEADER_BYTES);
  let length = 0;
  while (length < HEADER_BYTES) {
    const read = file.readSync(bytes.subarray(length));
    if (read === null) return undefined;
    length += read;
  }
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) return undefined;
  return new DataView(bytes.buffer).getInt32(USER_VERSION_OFFSET);
}
