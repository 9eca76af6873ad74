import { networkSize } from "../domain/network.ts";
import type { Protocol } from "../domain/scan.ts";
import type { UnitCounts } from "./scan_task.ts";
import type { SubmittedUnit, UnitOutcome, UnitProgress, WantedScan } from "./unit_runner.ts";

/** A unit of a task that has not ended. */
export interface OpenUnit {
  readonly id: string;
  readonly scan: WantedScan;
  /** Further tries that were begun. */
  readonly tries: number;
  /** Set while it rests until it is tried again. */
  readonly rest: Rest | undefined;
}

/** The time until a unit is tried again. */
export interface Rest {
  /** Unix milliseconds. */
  readonly until: number;
  readonly timer: ReturnType<typeof setTimeout>;
  /** Whether what follows is one of the further tries that were asked for. */
  readonly counts: boolean;
}

interface Entry {
  readonly id: string;
  readonly scan: WantedScan;
  readonly addresses: number;
  tries: number;
  rest: Rest | undefined;
}

/**
 * The units of one task. Of one that has ended nothing is kept but what it adds to the sums, so a task
 * takes less and less memory.
 */
export class TaskUnits {
  readonly #open = new Map<string, Entry>();
  readonly #running = new Set<Entry>();
  readonly #resting = new Set<Entry>();
  readonly #hosts = new Map<Protocol, { up: number; down: number }>();
  #openAddresses = 0;
  #endedAddresses = 0;
  #done = 0;
  #failed = 0;

  /** Units that have not ended. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Ids of the units that have not ended. */
  get ids(): string[] {
    return [...this.#open.keys()];
  }

  /** Ids of the units that wait in the queue, or run. */
  get activeIds(): string[] {
    return [...this.#open.values()].filter(({ rest }) => rest === undefined).map(({ id }) => id);
  }

  /** The number of units in each state. */
  get counts(): UnitCounts {
    const running = this.#running.size;
    const [done, failed, open] = [this.#done, this.#failed, this.#open.size];
    return { total: done + failed + open, waiting: open - running, running, done, failed };
  }

  /** Hosts up and down; of several protocols, what the one says that looked at most. */
  get hosts(): { readonly up: number; readonly down: number } {
    let most = { up: 0, down: 0 };
    for (const hosts of this.#hosts.values()) {
      const more = hosts.up + hosts.down - most.up - most.down;
      if (more > 0 || more === 0 && hosts.up > most.up) most = hosts;
    }
    return most;
  }

  /** When the next unit is tried again, unix milliseconds; undefined when none rests. */
  get nextTryAt(): number | undefined {
    let next: number | undefined;
    for (const { rest } of this.#resting) {
      if (next === undefined || rest!.until < next) next = rest!.until;
    }
    return next;
  }

  /** The unit with this id that has not ended. */
  get(id: string): OpenUnit | undefined {
    return this.#open.get(id);
  }

  /** Adds a unit; returns false for one that is there already. */
  add({ id, scan, running }: SubmittedUnit, tries = 0): boolean {
    if (this.#open.has(id)) return false;
    const entry = {
      id,
      scan,
      tries,
      addresses: Number(networkSize(scan.network)),
      rest: undefined,
    };
    this.#open.set(id, entry);
    this.#openAddresses += entry.addresses;
    if (running) this.#running.add(entry);
    return true;
  }

  /** Notes that a unit runs; returns whether that is a further try that somebody else made for it. */
  begin(id: string): boolean {
    const entry = this.#open.get(id);
    if (entry === undefined) return false;
    this.#running.add(entry);
    const counts = entry.rest?.counts === true;
    this.#wake(entry);
    if (counts) entry.tries++;
    return counts;
  }

  /** Notes that a unit does not run, and is tried again later. */
  rest(id: string, rest: Rest): void {
    const entry = this.#open.get(id)!;
    this.#wake(entry);
    this.#running.delete(entry);
    entry.rest = rest;
    this.#resting.add(entry);
  }

  /** Takes a unit out that is done, or has failed for good. */
  end(id: string, how: "done" | "failed", hosts?: Pick<UnitOutcome, "up" | "down">): void {
    const entry = this.#take(id);
    this.#endedAddresses += entry.addresses;
    if (how === "done") this.#done++;
    else this.#failed++;
    if (hosts === undefined) return;
    const { protocol } = entry.scan;
    const { up, down } = this.#hosts.get(protocol) ?? { up: 0, down: 0 };
    this.#hosts.set(protocol, { up: up + hosts.up, down: down + hosts.down });
  }

  /** Takes a unit out that others stand for. */
  remove(id: string): void {
    this.#take(id);
  }

  /** Takes every unit out that has not ended; the sums stay as they are. */
  clear(): void {
    for (const entry of this.#resting) clearTimeout(entry.rest!.timer);
    for (const set of [this.#open, this.#running, this.#resting]) set.clear();
  }

  /** How far all units together are, and how many seconds they will take, if that is known of all. */
  progress(progressOf: (id: string) => UnitProgress | undefined): {
    fraction: number;
    remaining: number | undefined;
  } {
    let looked = this.#endedAddresses;
    let remaining = this.#running.size < this.#open.size ? undefined : 0;
    for (const { id, addresses } of this.#running) {
      const progress = progressOf(id);
      looked += addresses * Math.min(1, Math.max(0, progress?.fraction ?? 0));
      const left = progress?.remaining;
      remaining = left === undefined || remaining === undefined
        ? undefined
        : Math.max(remaining, left);
    }
    const all = this.#openAddresses + this.#endedAddresses;
    return { fraction: all === 0 ? 1 : looked / all, remaining };
  }

  #take(id: string): Entry {
    const entry = this.#open.get(id)!;
    this.#wake(entry);
    this.#open.delete(id);
    this.#running.delete(entry);
    this.#openAddresses -= entry.addresses;
    return entry;
  }

  #wake(entry: Entry): void {
    clearTimeout(entry.rest?.timer);
    entry.rest = undefined;
    this.#resting.delete(entry);
  }
}
