import { resolve } from "node:path";
import type { Config } from "../config/config.ts";
import type { DiscoveryProblem } from "./discovery.ts";
import { FileDiscovery } from "./file_discovery.ts";
import { HttpDiscovery } from "./http_discovery.ts";
import { fileSource, type KnownSources, urlSource } from "./learnt.ts";
import type { TargetGroup } from "./target_group.ts";

/** What says which lists there are. */
export type ListConfig = Pick<Config, "targetsFiles" | "targetsHttp">;

/** A list that is in use. */
export interface TargetList {
  /** Under what it is stored. */
  readonly source: string;
  /** Its file or URL, fit for people. */
  readonly shown: string;
  /** The same object until the list says something else. */
  readonly groups: readonly TargetGroup[];
}

/** What all lists need. */
export interface TargetListsOptions {
  /** Absolute; where relative paths begin. */
  readonly workingDirectory: string;
  /** The header `User-Agent` of requests. */
  readonly userAgent: string;
  /** Some list says something else. */
  readonly onChange: () => void;
  /** A problem began, or is another one now. */
  readonly onProblem: (problem: DiscoveryProblem) => void;
  /** A file, pattern or URL has no problem any more. */
  readonly onRecovered: (source: string) => void;
}

interface Files {
  readonly patterns: readonly string[];
  readonly discovery: FileDiscovery;
}

interface Asked {
  readonly refreshInterval: number;
  readonly discovery: HttpDiscovery;
}

/** All lists that a configuration names. */
export class TargetLists {
  readonly #options: TargetListsOptions;
  #files: Files | undefined;
  /** By URL, in the order of the configuration. */
  #asked: ReadonlyMap<string, Asked>;
  #started = false;
  readonly #ending: Promise<void>[] = [];

  /** `known` is what was in use before. */
  constructor(
    config: ListConfig,
    { known, ...options }: TargetListsOptions & { known: Pick<KnownSources, "files" | "urls"> },
  ) {
    this.#options = options;
    this.#files = this.#makeFiles(config, known.files);
    this.#asked = new Map(
      config.targetsHttp.map(({ url, refreshInterval }) => [
        url,
        this.#makeAsked({ url, refreshInterval }, known.urls.get(urlSource(url))),
      ]),
    );
  }

  /** What is in use now, known lists that could not be read yet included: files in order of their paths, then URLs. */
  get all(): readonly TargetList[] {
    const lists: TargetList[] = [];
    for (const [path, groups] of this.#files?.discovery.lists ?? []) {
      lists.push({ source: fileSource(path), shown: path, groups });
    }
    for (const [url, { discovery }] of this.#asked) {
      for (const [shown, groups] of discovery.lists) {
        lists.push({ source: urlSource(url), shown, groups });
      }
    }
    return lists;
  }

  /** What is wrong now. */
  get problems(): readonly DiscoveryProblem[] {
    return [this.#files, ...this.#asked.values()].flatMap((one) => one?.discovery.problems ?? []);
  }

  /** Where something is wrong now: sources of lists, or patterns in the place of a file. */
  get failing(): readonly string[] {
    const asked = [...this.#asked].filter(([, { discovery }]) => discovery.problems.length > 0);
    return [
      ...(this.#files?.discovery.problems ?? []).map(({ source }) => fileSource(source)),
      ...asked.map(([url]) => urlSource(url)),
    ];
  }

  /** Begins to read and ask; resolves when the files were read. */
  async start(): Promise<void> {
    this.#started = true;
    for (const { discovery } of this.#asked.values()) void discovery.start();
    await this.#files?.discovery.start();
  }

  /** Puts the lists of another configuration in place; those in both go on. */
  replace(config: ListConfig): void {
    const { patterns = [], discovery } = this.#files ?? {};
    const next = patternsOf(config);
    if (next.length !== patterns.length || next.some((text, index) => text !== patterns[index])) {
      this.#end(discovery);
      this.#files = this.#makeFiles(config, discovery?.lists ?? new Map());
      if (this.#started) void this.#files?.discovery.start();
    }
    const before = this.#asked;
    this.#asked = new Map(
      config.targetsHttp.map(({ url, refreshInterval }) => {
        const asked = before.get(url);
        if (asked?.refreshInterval === refreshInterval) return [url, asked];
        const [groups] = asked?.discovery.lists.values() ?? [];
        const made = this.#makeAsked({ url, refreshInterval }, groups);
        if (this.#started) void made.discovery.start();
        return [url, made];
      }),
    );
    for (const [url, asked] of before) {
      if (this.#asked.get(url) !== asked) this.#end(asked.discovery);
    }
  }

  /** Looks at nothing any more; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#end(this.#files?.discovery);
    for (const { discovery } of this.#asked.values()) this.#end(discovery);
    await Promise.all(this.#ending);
  }

  #end(discovery: FileDiscovery | HttpDiscovery | undefined): void {
    if (discovery !== undefined) this.#ending.push(discovery.stop());
  }

  #makeFiles(
    config: ListConfig,
    known: ReadonlyMap<string, readonly TargetGroup[]>,
  ): Files | undefined {
    const { targetsFiles } = config;
    if (targetsFiles.length === 0) return undefined;
    const { workingDirectory, onChange, onProblem, onRecovered } = this.#options;
    return {
      patterns: patternsOf(config),
      discovery: new FileDiscovery({
        // Only the last part of what was written may have a `*` that means something.
        patterns: targetsFiles.map(({ text }) => text),
        baseDirectory: resolve(workingDirectory, directoryOf(targetsFiles)),
        known,
        onChange,
        onProblem,
        onRecovered,
      }),
    };
  }

  #makeAsked(
    { url, refreshInterval }: Config["targetsHttp"][number],
    known: readonly TargetGroup[] | undefined,
  ): Asked {
    const { userAgent, onChange, onProblem, onRecovered } = this.#options;
    return {
      refreshInterval,
      discovery: new HttpDiscovery({
        url,
        intervalMs: refreshInterval * 1000,
        userAgent,
        known,
        onChange,
        onProblem,
        onRecovered,
      }),
    };
  }
}

function patternsOf({ targetsFiles }: ListConfig): string[] {
  return targetsFiles.map(({ pattern }) => pattern);
}

/** The directory of the configuration file, which is before every relative path. */
function directoryOf(files: Config["targetsFiles"]): string {
  const relative = files.find(({ text, pattern }) => text !== pattern);
  return relative === undefined ? "" : relative.pattern.slice(0, -relative.text.length);
}
