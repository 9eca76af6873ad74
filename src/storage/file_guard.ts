import { StoreError } from "./store_error.ts";

/**
 * Notices that a path leads to another file than it did, or to none, or that the file was cut off.
 * SQLite does not: it goes on writing to a file that nobody will ever find again.
 */
export class FileGuard {
  readonly #path: string;
  readonly #file: Deno.FileInfo;
  #size = 0;

  /**
   * Takes the file that is there now for the right one. It is never made shorter by this program.
   *
   * @throws what Deno throws when the file cannot be looked at.
   */
  constructor(path: string) {
    this.#path = path;
    this.#file = Deno.statSync(path);
  }

  /** @throws {StoreError} `io` when the path leads elsewhere, `corrupt` when the file was cut off. */
  verify(): void {
    const file = look(this.#path);
    if (file === "unknown") return;
    if (file?.ino !== this.#file.ino || file.dev !== this.#file.dev) {
      const what = file === undefined ? "deleted or moved" : "replaced";
      throw new StoreError(
        "io",
        `the file was ${what} (put it back, or restart the program to begin a new one)`,
      );
    }
    if (file.size < this.#size) throw new StoreError("corrupt", "the file was cut off");
    this.#size = file.size;
  }
}

function look(path: string): Deno.FileInfo | undefined | "unknown" {
  try {
    return Deno.statSync(path);
  } catch (error) {
    // What is open can be written all the same, whatever keeps its path from being looked at.
    return error instanceof Deno.errors.NotFound ? undefined : "unknown";
  }
}
