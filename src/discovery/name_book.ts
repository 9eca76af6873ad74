import type { Address, Family } from "../domain/address.ts";
import { show } from "../config/show.ts";
import type { Resolution } from "./names.ts";

/** Names that are looked up at once, beside those that a scan waits for. */
export const MAX_LOOKUPS = 16;
/** Milliseconds after which a name that has no address, or did not resolve, is looked up again. */
export const RETRY_MS = 30_000;
/** Milliseconds for which an answer is as good as a new one. */
const FRESH_MS = 1000;
/** Longest delay of a timer, milliseconds. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** What one address of a name is. */
export type AddressVerdict = "same" | "gone" | { readonly unresolved: string };

/** What a name book needs. */
export interface NameBookOptions {
  /** Never rejects. */
  readonly resolve: (name: string) => Promise<Resolution>;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
  /** Addresses that names had before, for those that are in the book when it is started. */
  readonly known: ReadonlyMap<string, readonly Address[]>;
  /** A name has other addresses. */
  readonly onChange: () => void;
  /** A name does not resolve, and no address of it is known; each time that it is looked up. */
  readonly onUnknown: (name: string, message: string) => void;
  /** A name does not resolve any more; once. */
  readonly onProblem: (message: string) => void;
  /** A name resolves again; once. */
  readonly onRecovered: (message: string) => void;
  /** Nothing is waiting to be looked up any more. */
  readonly onIdle: () => void;
}

interface Name {
  readonly text: string;
  /** Milliseconds between two scans. */
  intervalMs: number;
  /** The last known ones, in order; the same object until they are others. */
  addresses: readonly Address[];
  /** Families whose addresses are kept from before, because nobody could say. */
  unanswered: readonly Family[];
  /** When the last answer came. */
  answeredAt: number;
  /** Why the last answer was none. */
  failure: string | undefined;
  lookup: Promise<void> | undefined;
}

/**
 * The addresses of host names. A name that does not resolve keeps the ones that it had. Each is
 * looked up at the start, then after an interval without an answer, and when it is asked for.
 */
export class NameBook {
  readonly #options: NameBookOptions;
  readonly #names = new Map<string, Name>();
  /** Addresses from before the start. */
  #known: NameBookOptions["known"];
  readonly #waiting = new Set<Name>();
  #active = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: "new" | "started" | "stopped" = "new";

  constructor(options: NameBookOptions) {
    this.#options = options;
    this.#known = options.known;
  }

  /** Whether names wait to be looked up, or are being looked up in the background. */
  get busy(): boolean {
    return this.#waiting.size > 0 || this.#active > 0;
  }

  /** Why names do not resolve, one message for each that did not the last time. */
  get failures(): readonly string[] {
    return this.#names.values().flatMap(({ failure }) => failure === undefined ? [] : [failure])
      .toArray();
  }

  /** The names that have a known address, with their addresses. */
  *known(): Iterable<readonly [name: string, addresses: readonly Address[]]> {
    for (const { text, addresses } of this.#names.values()) {
      if (addresses.length > 0) yield [text, addresses];
    }
  }

  /** The last known addresses of a name, IPv4 first; none are known of what is not in the book. */
  addressesOf(name: string): readonly Address[] {
    return this.#names.get(name)?.addresses ?? [];
  }

  /** Makes these the names in the book, each with the milliseconds between its scans; others are forgotten. */
  replace(intervals: ReadonlyMap<string, number>): void {
    for (const [text, name] of this.#names) {
      if (intervals.has(text)) continue;
      this.#names.delete(text);
      this.#waiting.delete(name);
    }
    for (const [text, intervalMs] of intervals) {
      const name = this.#names.get(text);
      if (name === undefined) this.#add(text, intervalMs);
      else name.intervalMs = intervalMs;
    }
    this.#pump();
  }

  /** Looks up every name, then again and again. */
  start(): void {
    this.#state = "started";
    // A name that comes later is new, even if it was here before.
    this.#known = new Map();
    for (const name of this.#names.values()) this.#waiting.add(name);
    this.#pump();
  }

  /** Looks up nothing any more; what still comes is not used. */
  stop(): void {
    this.#state = "stopped";
    this.#waiting.clear();
    clearTimeout(this.#timer);
  }

  /** What an address of a name is now: an answer older than a second is not believed. */
  async check(text: string, address: Pick<Address, "family" | "value">): Promise<AddressVerdict> {
    const name = this.#names.get(text);
    if (name === undefined) return "gone";
    if (this.#options.now() - name.answeredAt >= FRESH_MS) {
      this.#waiting.delete(name);
      await this.#lookUp(name);
    }
    const { family, value } = address;
    const known = name.addresses.some((one) => one.family === family && one.value === value);
    if (!known || this.#names.get(text) !== name) return "gone";
    if (name.failure !== undefined) return { unresolved: name.failure };
    if (!name.unanswered.includes(family)) return "same";
    return {
      unresolved: `Cannot resolve ${show(text)}: no name server answers for IPv${family}`,
    };
  }

  #add(text: string, intervalMs: number): void {
    const name: Name = {
      text,
      intervalMs,
      addresses: this.#known.get(text) ?? [],
      unanswered: [],
      answeredAt: -Infinity,
      failure: undefined,
      lookup: undefined,
    };
    this.#names.set(text, name);
    if (this.#state === "started") this.#waiting.add(name);
  }

  #pump(): void {
    if (this.#state !== "started") return;
    for (const name of this.#waiting) {
      if (this.#active >= MAX_LOOKUPS) return;
      this.#waiting.delete(name);
      this.#active++;
      void this.#lookUp(name).then(() => {
        this.#active--;
        this.#pump();
        if (!this.busy && this.#state === "started") this.#options.onIdle();
      });
    }
    if (!this.busy) this.#arm();
  }

  /** Sets the timer for the name that is due first. */
  #arm(): void {
    clearTimeout(this.#timer);
    const due = this.#names.values().reduce((due, name) => Math.min(due, dueAt(name)), Infinity);
    if (due === Infinity) return;
    const delay = Math.max(0, due - this.#options.now());
    this.#timer = setTimeout(() => this.#enqueueDue(), Math.min(delay, MAX_DELAY_MS));
  }

  #enqueueDue(): void {
    const now = this.#options.now();
    for (const name of this.#names.values()) if (dueAt(name) <= now) this.#waiting.add(name);
    this.#pump();
  }

  #lookUp(name: Name): Promise<void> {
    return name.lookup ??= this.#ask(name).finally(() => name.lookup = undefined);
  }

  async #ask(name: Name): Promise<void> {
    const resolution = await this.#options.resolve(name.text);
    if (this.#state === "stopped" || this.#names.get(name.text) !== name) return;
    name.answeredAt = this.#options.now();
    if (resolution.kind === "unresolved") this.#failed(name, resolution.message);
    else this.#answered(name, resolution);
  }

  #failed(name: Name, message: string): void {
    const { onProblem, onUnknown } = this.#options;
    if (name.failure === undefined) onProblem(message);
    name.failure = message;
    if (name.addresses.length === 0) onUnknown(name.text, message);
  }

  #answered(name: Name, { addresses, unanswered }: Resolution & { kind: "resolved" }): void {
    const { onChange, onRecovered } = this.#options;
    if (name.failure !== undefined) onRecovered(`${show(name.text)} resolves again`);
    name.failure = undefined;
    name.unanswered = unanswered;
    const kept = name.addresses.filter(({ family, text }) =>
      unanswered.includes(family) && addresses.every((address) => address.text !== text)
    );
    // Kept ones are of a family that the answer has none of: both lists stay in order.
    const now = [...addresses, ...kept].sort((a, b) => a.family - b.family);
    if (sameAddresses(now, name.addresses)) return;
    name.addresses = now;
    onChange();
  }
}

/** When a name should be looked up again although nobody asks for it. */
function dueAt({ addresses, answeredAt, failure, intervalMs }: Name): number {
  const delay = failure !== undefined || addresses.length === 0
    ? Math.min(intervalMs, RETRY_MS)
    : Math.max(intervalMs, RETRY_MS);
  return answeredAt + delay;
}

function sameAddresses(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length && a.every(({ text }, index) => text === b[index]!.text);
}
