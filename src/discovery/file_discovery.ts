import {
  type Discovery,
  type DiscoveryListener,
  type DiscoveryProblem,
  ProblemList,
  type TargetLists,
} from "./discovery.ts";
import { type FilePattern, parseFilePattern } from "./file_pattern.ts";
import { Poller } from "./poller.ts";
import { reasonOf, WatchedFile } from "./watched_file.ts";

/** Milliseconds between two looks at the files; a change is in use after two to four seconds. */
export const FILE_LOOK_MS = 2000;
/** Looks in a row that must miss a file before it counts as deleted; it may be on its way to be replaced. */
const MISSES = 2;

/** What a file discovery needs. */
export interface FileDiscoveryOptions extends DiscoveryListener {
  /** Paths as in Prometheus's file_sd, with `*` in their last element. */
  readonly patterns: readonly string[];
  /** Absolute; where relative paths begin. */
  readonly baseDirectory: string;
  /** Lists that were in use before, by absolute path; those of no pattern are left out. */
  readonly known?: TargetLists;
}

/** What one look found at a pattern. */
interface Found {
  readonly pattern: FilePattern;
  /** Absolute paths of what is there. */
  readonly paths: readonly string[];
  /** Why it may not be all that belongs there: then nothing of this pattern counts as deleted. */
  readonly doubt: string | undefined;
}

/**
 * Targets from files, as Prometheus's file_sd has them: JSON or YAML by their names, watched. Two
 * things are more careful than there. A list that cannot be read keeps the last one. And a file
 * counts as deleted only where others that match the same pattern are still to be seen: a directory
 * that cannot be read or matches nothing any more may be one that is not mounted, and a path
 * without `*` that names nothing is an error; both keep the last lists and are a problem. A list
 * that is to be empty is written as `[]`.
 */
export class FileDiscovery implements Discovery {
  readonly #patterns: readonly FilePattern[];
  readonly #listener: DiscoveryListener;
  readonly #problems: ProblemList;
  readonly #poller: Poller;
  readonly #files = new Map<string, WatchedFile>();
  /** Looks in a row that missed a file. */
  readonly #missed = new Map<string, number>();
  #lists: TargetLists = new Map();

  /** @throws {SyntaxError} for a pattern that cannot be used. */
  constructor({ patterns, baseDirectory, known, ...listener }: FileDiscoveryOptions) {
    this.#patterns = patterns.map((text) => parseFilePattern(text, baseDirectory));
    this.#listener = listener;
    this.#problems = new ProblemList(listener);
    this.#poller = new Poller({ intervalMs: FILE_LOOK_MS, look: (asked) => this.#look(asked) });
    for (const [path, groups] of known ?? []) {
      if (this.#patterns.some((pattern) => belongs(path, pattern))) {
        this.#files.set(path, new WatchedFile(path, groups));
      }
    }
    this.#lists = this.#readable();
  }

  get lists(): TargetLists {
    return this.#lists;
  }

  get problems(): readonly DiscoveryProblem[] {
    return this.#problems.all;
  }

  start(): Promise<void> {
    return this.#poller.start();
  }

  refresh(): Promise<void> {
    return this.#poller.refresh();
  }

  stop(): Promise<void> {
    return this.#poller.stop();
  }

  async #look(atOnce: boolean): Promise<void> {
    const listed = await Promise.all(this.#patterns.map(listFiles));
    const there = new Set<string>();
    for (const path of new Set(listed.flatMap(({ paths }) => paths))) {
      const file = this.#files.get(path) ?? new WatchedFile(path);
      if (!await file.look({ atOnce })) continue;
      this.#files.set(path, file);
      there.add(path);
    }
    if (this.#poller.stopped) return;
    const found = listed.map((one) => withoutVanished(one, there));
    this.#forgetDeleted(found, { there, atOnce });
    this.#publish();
    this.#problems.replace(this.#problemsOf(found));
  }

  #forgetDeleted(
    found: readonly Found[],
    { there, atOnce }: { there: ReadonlySet<string>; atOnce: boolean },
  ): void {
    for (const path of this.#files.keys()) {
      const doubted = found.some(({ pattern, doubt }) =>
        doubt !== undefined && belongs(path, pattern)
      );
      const missed = there.has(path) || doubted ? 0 : (this.#missed.get(path) ?? 0) + 1;
      this.#missed.set(path, missed);
      if (missed < (atOnce ? 1 : MISSES)) continue;
      this.#files.delete(path);
      this.#missed.delete(path);
    }
  }

  #publish(): void {
    const lists = this.#readable();
    const before = this.#lists;
    const same = lists.size === before.size &&
      [...lists].every(([path, groups]) => before.get(path) === groups);
    if (same) return;
    this.#lists = lists;
    this.#listener.onChange(lists);
  }

  #readable(): TargetLists {
    const lists = new Map<string, NonNullable<WatchedFile["groups"]>>();
    for (const path of [...this.#files.keys()].sort()) {
      const groups = this.#files.get(path)!.groups;
      if (groups !== undefined) lists.set(path, groups);
    }
    return lists;
  }

  #problemsOf(found: readonly Found[]): DiscoveryProblem[] {
    const problems: DiscoveryProblem[] = [];
    for (const [path, { problem, groups }] of this.#files) {
      if (problem === undefined) continue;
      problems.push({ source: path, message: problem, kept: groups !== undefined });
    }
    for (const { pattern, doubt } of found) {
      if (doubt === undefined) continue;
      const kept = [...this.#lists.keys()].some((path) => belongs(path, pattern));
      problems.push({ source: pattern.text, message: doubt, kept });
    }
    return problems;
  }
}

async function listFiles(pattern: FilePattern): Promise<Found> {
  const { directory, matches, text } = pattern;
  if (matches === undefined) return { pattern, paths: [text], doubt: undefined };
  const paths: string[] = [];
  try {
    for await (const { name } of Deno.readDir(directory)) {
      if (matches(name)) paths.push(directory === "/" ? `/${name}` : `${directory}/${name}`);
    }
  } catch (error) {
    return { pattern, paths: [], doubt: `Cannot read ${directory}: ${reasonOf(error)}` };
  }
  return { pattern, paths, doubt: undefined };
}

/** Without the files that were gone when they were looked at, and in doubt where none is left. */
function withoutVanished(
  { pattern, paths, doubt }: Found,
  there: ReadonlySet<string>,
): Found {
  const left = paths.filter((path) => there.has(path));
  if (doubt !== undefined || left.length > 0) return { pattern, paths: left, doubt };
  const nothing = pattern.matches === undefined
    ? `Cannot read ${pattern.text}: it is not there`
    : `Cannot find any file for ${pattern.text}`;
  return { pattern, paths: left, doubt: `${nothing} (write [] into a file for no targets)` };
}

function belongs(path: string, { directory, matches, text }: FilePattern): boolean {
  if (matches === undefined) return path === text;
  const slash = path.lastIndexOf("/");
  return (path.slice(0, slash) || "/") === directory && matches(path.slice(slash + 1));
}
