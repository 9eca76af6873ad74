import { isAbsolute, join } from "node:path";
import { FILE_PATTERN } from "../config/sources.ts";

/** A file, or with `*` in the last element of its path, any number of files. */
export interface FilePattern {
  /** Absolute, with what was written at its end. */
  readonly text: string;
  /** Absolute path of the directory. */
  readonly directory: string;
  /** Takes a file's name; undefined for a pattern without `*`, which names one file. */
  readonly matches: ((name: string) => boolean) | undefined;
}

/**
 * Parses a path such as `targets/*.json`: `*` stands for any characters of a file's name, nothing
 * else is special. Relative paths begin at `baseDirectory`, which is absolute.
 *
 * @throws {SyntaxError} that says what is allowed.
 */
export function parseFilePattern(text: string, baseDirectory: string): FilePattern {
  if (!FILE_PATTERN.test(text)) {
    throw new SyntaxError(
      "Cannot use this as a file of targets: write a path that ends in .json, .yml or .yaml, with * in its last part only",
    );
  }
  const path = isAbsolute(text) ? text : join(baseDirectory, text);
  const slash = path.lastIndexOf("/");
  const last = path.slice(slash + 1);
  const pattern = new RegExp(`^${last.split("*").map(RegExp.escape).join(".*")}$`, "s");
  return {
    text: path,
    directory: path.slice(0, slash) || "/",
    matches: last.includes("*") ? (name) => pattern.test(name) : undefined,
  };
}
