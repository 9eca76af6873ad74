import { isDeepStrictEqual } from "node:util";
import { showUrl } from "../config/resolve_sources.ts";
import { errorText } from "../text/error_text.ts";
import {
  type Discovery,
  type DiscoveryListener,
  type DiscoveryProblem,
  ProblemList,
  type TargetLists,
} from "./discovery.ts";
import { fetchList, parseListUrl } from "./fetch_list.ts";
import { Poller } from "./poller.ts";
import { parseJsonGroups, type TargetGroup } from "./target_group.ts";

/** What a discovery by HTTP needs. */
export interface HttpDiscoveryOptions extends DiscoveryListener {
  /** An `http` or `https` address without a user. */
  readonly url: string;
  /** Milliseconds from one request to the next. */
  readonly intervalMs: number;
  /** The header `User-Agent`. */
  readonly userAgent: string;
  /** The list that was in use before, for as long as there is no other. */
  readonly known?: readonly TargetGroup[] | undefined;
}

/**
 * Targets from one URL, as Prometheus's http_sd has them: an answer with status 200 and type
 * `application/json`. Whatever else comes keeps the last list and is a problem.
 */
export class HttpDiscovery implements Discovery {
  readonly #url: URL;
  readonly #source: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #listener: DiscoveryListener;
  readonly #problems: ProblemList;
  readonly #poller: Poller;
  readonly #stopping = new AbortController();
  #groups: readonly TargetGroup[] | undefined;

  /** @throws {SyntaxError} for a URL that cannot be used. */
  constructor({ url, intervalMs, userAgent, known, ...listener }: HttpDiscoveryOptions) {
    this.#url = parseListUrl(url);
    this.#source = showUrl(this.#url.href);
    this.#headers = {
      "User-Agent": userAgent,
      "X-Prometheus-Refresh-Interval-Seconds": String(intervalMs / 1000),
    };
    this.#groups = known;
    this.#listener = listener;
    this.#problems = new ProblemList(listener);
    this.#poller = new Poller({ intervalMs, look: () => this.#look() });
  }

  /** At most one list, under the URL without its secrets. */
  get lists(): TargetLists {
    return new Map(this.#groups === undefined ? [] : [[this.#source, this.#groups]]);
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
    this.#stopping.abort();
    return this.#poller.stop();
  }

  async #look(): Promise<void> {
    const problems = await this.#ask();
    if (!this.#poller.stopped) this.#problems.replace(problems);
  }

  async #ask(): Promise<DiscoveryProblem[]> {
    try {
      const { signal } = this.#stopping;
      const text = await fetchList(this.#url, { headers: this.#headers, signal });
      const groups = parseJsonGroups(text, this.#source);
      if (this.#poller.stopped || isDeepStrictEqual(groups, this.#groups)) return [];
      this.#groups = groups;
    } catch (error) {
      const message = error instanceof SyntaxError
        ? error.message
        : `Cannot read ${this.#source}: ${errorText(error)}`;
      return [{ source: this.#source, message, kept: this.#groups !== undefined }];
    }
    this.#listener.onChange(this.lists);
    return [];
  }
}
