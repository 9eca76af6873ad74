import type { Path } from "./dropped.ts";

/** Takes what is found about a configuration once every key in it is valid by itself. */
export interface Report {
  /** Something that is allowed but unwise, about the value at `path`. */
  warn(path: Path, message: string): void;
  /** Something that cannot be. */
  fail(path: Path, message: string): void;
  /** Whether the value at `path` was refused before, so that nothing follows from its absence. */
  refused(path: Path): boolean;
}
