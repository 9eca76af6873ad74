import { errorText } from "../text/error_text.ts";
import type { LoadedConfig } from "./config.ts";
import { ConfigError, type ConfigIssue } from "./config_error.ts";
import { parseConfig } from "./parse_config.ts";

/** Bytes; a list of a million targets fits, a device or a scan result does not. */
const MAX_FILE_SIZE = 32 * 1024 * 1024;

/**
 * Reads the configuration file at `path`.
 *
 * @throws {ConfigError} when it cannot be read, is not UTF-8, or is wrong.
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  return parseConfig(await readConfigText(path, "--config.file"), path);
}

/** Whether `path` is a pipe: what was in it is there once, and who reads again may wait for ever. */
export async function isPipe(path: string): Promise<boolean> {
  return await Deno.stat(path).then(({ isFifo }) => isFifo === true, () => false);
}

/**
 * The text of a configuration file, which `flag` names.
 *
 * @throws {ConfigError} when it cannot be read, or is not UTF-8.
 */
export async function readConfigText(path: string, flag: string): Promise<string> {
  return decode(await readBytes(path, flag), path);
}

async function readBytes(path: string, flag: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(64 * 1024);
    // Not Deno.readFile: a device such as /dev/zero has no end.
    for (let n = await file.read(buffer); n !== null; n = await file.read(buffer)) {
      chunks.push(buffer.slice(0, n));
      size += n;
      if (size > MAX_FILE_SIZE) break;
    }
  } catch (error) {
    throw wholeFile(path, `Cannot read the configuration: ${explain(error, flag)}`, error);
  }
  if (size > MAX_FILE_SIZE) {
    throw wholeFile(
      path,
      `Cannot read the configuration: it is above ${MAX_FILE_SIZE} bytes (name another file with ${flag})`,
    );
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

function explain(error: unknown, flag: string): string {
  if (error instanceof Deno.errors.NotFound) {
    return `there is no such file (create it, or name another with ${flag})`;
  }
  if (error instanceof Deno.errors.IsADirectory) {
    return `it is a directory (name the file in it with ${flag})`;
  }
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "permission denied (let the user that runs this program read it)";
  }
  return errorText(error);
}

function wholeFile(path: string, message: string, cause?: unknown): ConfigError {
  return new ConfigError(path, [{ line: 0, column: 0, path: "", message }], { cause });
}

function decode(bytes: Uint8Array, path: string): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new ConfigError(path, [{
      line: 1,
      column: 1,
      path: "",
      message: "Cannot read the configuration: it is UTF-16 (save it as UTF-8)",
    }]);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(path, [locateBadByte(bytes)], { cause });
  }
}

/** Finds the first line that is not UTF-8, and in it the first character that is not. */
function locateBadByte(bytes: Uint8Array): ConfigIssue {
  const message =
    "Cannot read the configuration: a byte here is not UTF-8 (save the file as UTF-8)";
  for (let line = 1, start = 0; start < bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline + 1;
    const column = findBadColumn(bytes.subarray(start, end));
    if (column > 0) return { line, column, path: "", message };
    start = end;
  }
  return { line: 0, column: 0, path: "", message };
}

/** Column, from 1, of the first bad byte of a line; 0 when there is none. */
function findBadColumn(line: Uint8Array): number {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let column = 1;
  try {
    // Fed byte by byte, the decoder throws at the byte that cannot be.
    for (const byte of line) column += decoder.decode(Uint8Array.of(byte), { stream: true }).length;
    decoder.decode();
    return 0;
  } catch {
    return column;
  }
}
