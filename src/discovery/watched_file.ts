import { isDeepStrictEqual } from "node:util";
import { errorText } from "../text/error_text.ts";
import { readAtMost } from "./read_at_most.ts";
import {
  MAX_JSON_BYTES,
  MAX_YAML_BYTES,
  parseJsonGroups,
  parseYamlGroups,
  type TargetGroup,
} from "./target_group.ts";

/** Looks in a row, two seconds apart, that see a file changed before that is a problem: ten seconds. */
export const RESTLESS_LOOKS = 5;
/** The same before it is read although it has changed again: a minute. */
export const MAX_UNSETTLED = 30;

/** One file of targets: the last list that could be read, and what is wrong with the file now. */
export class WatchedFile {
  readonly #path: string;
  readonly #parse: (text: string, source: string) => TargetGroup[];
  /** Bytes. */
  readonly #limit: number;
  #groups: readonly TargetGroup[] | undefined;
  #problem: string | undefined;
  /** What the file looked like when its content was taken; undefined to take it once more. */
  #taken: string | undefined;
  /** What the file looked like at the last look. */
  #seen: string | undefined;
  /** Looks in a row that saw it changed. */
  #unsettled = 0;

  /** `path` is absolute and ends in `.json`, `.yml` or `.yaml`; `known` is the list that was in use before. */
  constructor(path: string, known?: readonly TargetGroup[]) {
    const isJson = /\.json$/i.test(path);
    this.#groups = known;
    this.#path = path;
    this.#parse = isJson ? parseJsonGroups : parseYamlGroups;
    this.#limit = isJson ? MAX_JSON_BYTES : MAX_YAML_BYTES;
  }

  /** The last list that could be read, the same object until it says something else; undefined before there was one. */
  get groups(): readonly TargetGroup[] | undefined {
    return this.#groups;
  }

  /** Why the file as it is now cannot be used, on one line. */
  get problem(): string | undefined {
    if (this.#problem !== undefined || this.#unsettled < RESTLESS_LOOKS) return this.#problem;
    return `Cannot read ${this.#path} yet: it goes on changing, and is read when it comes to rest ` +
      "or after a minute (write another file and rename it to this one)";
  }

  /**
   * Reads the file if it has changed. Unless `atOnce`, a change is taken when the next look sees no
   * further one, or after a minute of changes, because a file that is being written may already be a
   * list, only a shorter one.
   * Resolves with whether it is there.
   */
  async look({ atOnce }: { atOnce: boolean }): Promise<boolean> {
    try {
      await this.#look(atOnce);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      // This may pass without any change of the file.
      this.#taken = undefined;
      this.#problem = `Cannot read ${this.#path}: ${reasonOf(error)}`;
    }
    return true;
  }

  async #look(atOnce: boolean): Promise<void> {
    // Before it is opened, because opening a pipe waits for somebody to write to it.
    if (!(await Deno.stat(this.#path)).isFile) throw new Error("it is not a regular file");
    using file = await Deno.open(this.#path);
    // Asked of the open file, because NFS may answer from its cache for a path.
    const { dev, ino, size, mtime, ctime } = await file.stat();
    const look = [dev, ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
    this.#unsettled = look === this.#seen ? 0 : this.#unsettled + 1;
    this.#seen = look;
    if (look === this.#taken) return;
    if (this.#unsettled % MAX_UNSETTLED !== 0 && !atOnce) return;
    await this.#take(file.readable);
    // One that has just been written may be written again without looking any different.
    this.#taken = atOnce ? undefined : look;
  }

  async #take(content: ReadableStream<Uint8Array>): Promise<void> {
    try {
      const groups = this.#parse(await readAtMost(content, this.#limit), this.#path);
      if (!isDeepStrictEqual(groups, this.#groups)) this.#groups = groups;
      this.#problem = undefined;
    } catch (error) {
      if (error instanceof SyntaxError) this.#problem = error.message;
      else if (error instanceof RangeError) {
        this.#problem = `Cannot read ${this.#path}: ${error.message}`;
      } else throw error;
    }
  }
}

/** Why something cannot be read, for people, without its path. */
export function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "it is not there";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  return errorText(error);
}
