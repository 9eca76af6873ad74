/** Looks in a row that see changes after which files are read although they have not come to rest. */
const MAX_RESTLESS = 10;

/**
 * Notices that files have changed, once two looks in a row see the same: a file that is being written may
 * already be valid, only shorter, and a key follows its certificate a moment later.
 */
export class RestedFiles {
  #taken: string | undefined;
  #seen: string | undefined;
  #restless = 0;

  /** Whether something has changed since this was last true; the first time it is true at the second look. */
  async haveChanged(paths: Iterable<string>): Promise<boolean> {
    const print = (await Promise.all(Array.from(paths, fingerprint))).join("\n");
    this.#restless = print === this.#seen ? 0 : this.#restless + 1;
    this.#seen = print;
    if (print === this.#taken || (this.#restless > 0 && this.#restless < MAX_RESTLESS)) {
      return false;
    }
    this.#taken = print;
    this.#restless = 0;
    return true;
  }
}

/** What tells a file from what it was before, or from another at the same path; links are followed. */
async function fingerprint(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtime, ctime } = await Deno.stat(path);
    return [path, dev, ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch (error) {
    return `${path} ${error instanceof Error ? error.name : "?"}`;
  }
}
