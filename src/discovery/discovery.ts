import type { TargetGroup } from "./target_group.ts";

/** Something that keeps a list of targets from being read, or stale. */
export interface DiscoveryProblem {
  /** The file, pattern or URL, fit for people. */
  readonly source: string;
  /** One line, which begins with "Cannot" or with the source and the place in it. */
  readonly message: string;
  /** Whether an earlier list of this source is still in use; without one, nothing is known of its targets. */
  readonly kept: boolean;
}

/** Lists of targets by their source: a file's absolute path, or a URL. */
export type TargetLists = ReadonlyMap<string, readonly TargetGroup[]>;

/** Whom a discovery tells what it finds. */
export interface DiscoveryListener {
  /** All lists, whenever what they say has changed. */
  readonly onChange: (lists: TargetLists) => void;
  /** A new problem, or one whose text has changed; once. */
  readonly onProblem: (problem: DiscoveryProblem) => void;
  /** A source that had a problem has none any more; once. */
  readonly onRecovered: (source: string) => void;
}

/** A place that targets come from. */
export interface Discovery {
  /** What is in use now. */
  readonly lists: TargetLists;
  /** What is wrong now. */
  readonly problems: readonly DiscoveryProblem[];
  /** Begins to look again and again; resolves after the first look. */
  start(): Promise<void>;
  /** Looks at once; resolves when what was found is in use. */
  refresh(): Promise<void>;
  /** Looks no more, and tells nothing from now on; resolves when nothing is under way. */
  stop(): Promise<void>;
}

/** Holds the problems of a discovery and tells of each once. */
export class ProblemList {
  #problems: ReadonlyMap<string, DiscoveryProblem> = new Map();
  readonly #listener: Omit<DiscoveryListener, "onChange">;

  constructor(listener: Omit<DiscoveryListener, "onChange">) {
    this.#listener = listener;
  }

  /** What is wrong now. */
  get all(): readonly DiscoveryProblem[] {
    return [...this.#problems.values()];
  }

  /** Puts what is wrong now in the place of what was. */
  replace(problems: readonly DiscoveryProblem[]): void {
    const before = this.#problems;
    this.#problems = new Map(problems.map((problem) => [problem.source, problem]));
    for (const problem of this.#problems.values()) {
      if (before.get(problem.source)?.message !== problem.message) {
        this.#listener.onProblem(problem);
      }
    }
    for (const source of before.keys()) {
      if (!this.#problems.has(source)) this.#listener.onRecovered(source);
    }
  }
}
