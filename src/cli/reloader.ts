import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/config_error.ts";
import { isPipe, loadConfig } from "../config/load_config.ts";
import type { ReloadResult } from "../http/reload_route.ts";
import type { Logger } from "../log/logger.ts";
import { startWarnings } from "./check.ts";

/** Milliseconds between two looks at the file (contract, section 1). */
export const AUTO_RELOAD_MS = 30_000;

/** The content of a file; undefined while it cannot be read, as when it is being replaced, and of a pipe. */
export async function readContent(path: string): Promise<string | undefined> {
  if (await isPipe(path)) return undefined;
  return await Deno.readTextFile(path).catch(() => undefined);
}

/** What a reloader needs. */
export interface ReloaderOptions {
  readonly configFile: string;
  readonly log: Logger;
  /** Unix milliseconds. */
  readonly wallClock: () => number;
  /**
   * Puts a configuration in place, or resolves with why it cannot be without a restart, one line each;
   * `asked` is whether somebody asked for it, or its file has only changed.
   */
  readonly apply: (
    config: Config,
    { asked }: { readonly asked: boolean },
  ) => Promise<readonly string[]>;
}

/** Reads the configuration again when asked to; one that cannot be used changes nothing. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #last: { successful: boolean; succeededAt: number };
  #running: Promise<unknown> = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;
  #content: string | undefined;
  /** Why the last reload failed; empty when it went well. */
  #problems: readonly string[] = [];
  #stopped = false;

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#last = { successful: true, succeededAt: options.wallClock() / 1000 };
  }

  /** How the last reload went, and when one last went well (unix seconds). */
  get last(): { readonly successful: boolean; readonly succeededAt: number } {
    return this.#last;
  }

  /** Reads and applies the configuration; those who ask at once are served one after the other. */
  reload({ asked = true } = {}): Promise<ReloadResult> {
    const result = this.#running.then(() => this.#reload({ asked }));
    // One that failed in an unexpected way does not stand in the way of the next.
    this.#running = result.catch(() => {});
    return result;
  }

  /**
   * Looks at the file every 30 s and reloads when its content changed, or what it was refused for may be
   * over: other files have a part in that. `content` is what it was before it was first loaded, so that
   * no change since is missed.
   */
  watch(content: string | undefined): void {
    this.#content = content;
    this.#timer = setInterval(async () => {
      const content = await readContent(this.#options.configFile);
      const isKnown = content === this.#content && this.#last.successful;
      if (content === undefined || isKnown) return;
      this.#content = content;
      await this.reload({ asked: false });
    }, AUTO_RELOAD_MS);
  }

  /** Looks no more, and reloads nothing from now on. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  async #reload(how: { asked: boolean }): Promise<ReloadResult> {
    const { configFile, log, wallClock } = this.#options;
    const problems = await this.#readAndApply(how);
    if (this.#stopped) return { ok: false, problems };
    const known = this.#problems;
    this.#problems = problems;
    const ok = problems.length === 0;
    this.#last = { successful: ok, succeededAt: ok ? wallClock() / 1000 : this.#last.succeededAt };
    if (ok) {
      log.info("Reloaded the configuration", { config_file: configFile });
      return { ok };
    }
    for (const problem of problems) {
      // Nobody waits to hear it again.
      if (!how.asked && known.includes(problem)) continue;
      log.error("Cannot reload the configuration: the old one stays", { problem });
    }
    return { ok, problems };
  }

  /** Puts what the file says in place; returns why it cannot be. */
  async #readAndApply(how: { asked: boolean }): Promise<string[]> {
    const { configFile, log, apply } = this.#options;
    if (await isPipe(configFile)) {
      return [
        `${configFile}: Cannot read the configuration again: it is a pipe (restart, or name a file)`,
      ];
    }
    try {
      const { config, warnings } = await loadConfig(configFile);
      if (this.#stopped) return ["The exporter is shutting down"];
      const problems = await apply(config, how);
      if (problems.length === 0) {
        for (const warning of [...warnings, ...startWarnings(config)]) log.warn(warning);
      }
      return [...problems];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return error.message.split("\n");
    }
  }
}
