import { createHash } from "node:crypto";
import { formatNetwork } from "../domain/network.ts";
import type { TaskRequest } from "./scan_task.ts";

/** Milliseconds from its submission in which a task answers for its key, however it ended: five minutes. */
const DEDUPE_WINDOW = 300_000;

interface Holder {
  readonly id: string;
  readonly what: string;
  /** On the monotonic clock. */
  readonly until: number;
}

/** Which task answers for which `dedupe_key`. */
export class DedupeKeys {
  readonly #holders = new Map<string, Holder>();

  /** Number of keys that are held. */
  get size(): number {
    return this.#holders.size;
  }

  /**
   * The task that answers for a key, and whether it scans the same addresses, ports and protocols;
   * undefined when its time is over, unless `isUnfinished`.
   */
  find(
    key: string,
    { request, now, isUnfinished }: {
      request: TaskRequest;
      /** Milliseconds on the monotonic clock. */
      now: number;
      isUnfinished: (id: string) => boolean;
    },
  ): { readonly id: string; readonly same: boolean } | undefined {
    const holder = this.#holders.get(key);
    if (holder === undefined || now >= holder.until && !isUnfinished(holder.id)) return undefined;
    return { id: holder.id, same: holder.what === digestOf(request) };
  }

  /** Lets a task answer for a key; `now` is in milliseconds on the monotonic clock. */
  hold(key: string, { id, request, now }: { id: string; request: TaskRequest; now: number }): void {
    this.#holders.set(key, { id, what: digestOf(request), until: now + DEDUPE_WINDOW });
  }

  /** Lets go of a key, if it is this task that answers for it. */
  release(key: string, id: string): void {
    if (this.#holders.get(key)?.id === id) this.#holders.delete(key);
  }
}

/** What a request has scanned, as a short text. */
function digestOf({ networks, ports, protocols }: TaskRequest): string {
  const hash = createHash("sha256").update(`${ports}\n${[...protocols].sort()}`);
  for (const text of networks.map(formatNetwork).sort()) hash.update(`\n${text}`);
  return hash.digest("base64");
}
