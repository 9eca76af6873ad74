/** How many may wait. */
export interface LineLimits {
  /** Clients that wait at once, at least 1. */
  readonly clients: number;
  /** Waiting jobs of one client, at least 1. */
  readonly perClient: number;
}

/** A line in which clients take turns, however much each of them asks for; what does not fit is refused at once. */
export class FairLine {
  readonly #limits: LineLimits;
  /** What each client waits for, the client whose turn is next first. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>();
  #running = false;

  constructor(limits: LineLimits) {
    this.#limits = limits;
  }

  /**
   * Runs `work` when it is the turn of `client`, one job at a time; resolves with what came of it.
   * At once `crowded` when that client has too many jobs in the line, `busy` when too many clients have.
   */
  run<T>(client: string, work: () => Promise<T>): Promise<T> | "busy" | "crowded" {
    const own = this.#waiting.get(client);
    if (own !== undefined && own.length >= this.#limits.perClient) return "crowded";
    if (own === undefined && this.#waiting.size >= this.#limits.clients) return "busy";
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const job = () => work().then(resolve, reject);
    if (own === undefined) this.#waiting.set(client, [job]);
    else own.push(job);
    if (!this.#running) void this.#serve();
    return promise;
  }

  async #serve(): Promise<void> {
    this.#running = true;
    for (const [client, jobs] of this.#waiting) {
      const job = jobs.shift();
      // Set anew, it is behind all the others, and reached again by this very loop.
      this.#waiting.delete(client);
      if (jobs.length > 0) this.#waiting.set(client, jobs);
      await job?.();
    }
    this.#running = false;
  }
}
