import { errorText } from "../text/error_text.ts";

/** Bytes; a request with a longer secret would be refused for its size. */
const MAX_SECRET_BYTES = 16 * 1024;

/** Reads the file of a secret, by its path; throws an error whose text goes on after "Cannot read it: ". */
export type ReadSecret = (path: string) => string;

/**
 * The content of a file, without one line end at its end: editors and `echo` put it there.
 *
 * @throws with a text that goes on after "Cannot read it: " and repeats nothing of the content.
 */
export function readSecretFile(path: string): string {
  return withoutLineEnd(readSmallFile(path, MAX_SECRET_BYTES));
}

/**
 * The content of a regular file of at most `limit` bytes.
 *
 * @throws with a text that goes on after "Cannot read it: " and repeats nothing of the content.
 */
export function readSmallFile(path: string, limit: number): string {
  let bytes: Uint8Array;
  try {
    const { isFile, isDirectory, size } = Deno.statSync(path);
    if (isDirectory) throw new RangeError("it is a directory");
    // Not opened: a pipe waits for somebody to write to it, and a device may have no end.
    if (!isFile) throw new RangeError("it is not a regular file");
    if (size > limit) throw new RangeError(`it is larger than ${limit} bytes`);
    bytes = Deno.readFileSync(path);
  } catch (error) {
    throw error instanceof RangeError ? error : new Error(reasonOf(error), { cause: error });
  }
  return decode(bytes);
}

function withoutLineEnd(text: string): string {
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw new RangeError("it is empty");
  return secret;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RangeError("it is not UTF-8");
  }
}

/** Why a file cannot be read, for people, without its path. */
function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.NotADirectory) return "a part of its path is no directory";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "permission denied (let the user that runs this program read it)";
  }
  return errorText(error);
}
