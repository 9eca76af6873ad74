import { type Address, compareAddresses } from "../domain/address.ts";
import { isSingle, lastOf, type Network } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { ExpectedPorts, MissingPort } from "../policy/expected_ports.ts";
import type { PortPolicy } from "../policy/port_policy.ts";
import type { RecordBlock } from "../state/record_blocks.ts";
import type { ScanRecord, ScanRecords } from "../state/scan_records.ts";
import { BlockMarks } from "./block_marks.ts";
import type { Chunk } from "./part_finder.ts";

/** A target is judged again at the earliest after this many times as long as that took: a twentieth of the processor. */
const REST = 20;
/** Targets whose missing ports are one chunk. */
const GROUP = 256;
const NOTHING: readonly MissingPort[] = [];

/** What the book of missing ports is made from. */
export interface MissingPortsOptions {
  readonly policy: Pick<PortPolicy, "expected">;
  /** Whatever is looked at, or could not be, touches the record of a scan. */
  readonly records: Pick<ScanRecords, "blocks" | "departures">;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
}

/** A target that expects ports, as it was judged last. */
interface Entry {
  readonly expected: ExpectedPorts;
  /** Index of the chunk that it is in. */
  readonly group: number;
  /** Replaced when it is judged again. */
  missing: readonly MissingPort[];
  unknown: number;
  judgedAt: number;
  /** Milliseconds that it took to judge it. */
  cost: number;
}

/** One network of a target that expects ports. */
interface Place {
  readonly network: Network;
  readonly entry: Entry;
}

/**
 * Expected ports that are missing, or of which that is not known: the same as `PortPolicy.judge` finds,
 * but of a target only when a scan near it has done something since.
 */
export class MissingPorts {
  readonly #options: MissingPortsOptions;
  readonly #marks = new BlockMarks<RecordBlock<ScanRecord>>();
  #seen = new WeakSet<object>();
  #departures = 0;
  /** What the entries were made of. */
  #expected: readonly ExpectedPorts[] | undefined;
  #entries: readonly Entry[] = [];
  /** By name of the target. */
  #byName = new Map<string, Entry>();
  #around = new NetworkIndex<Entry>();
  /** In order of address, all that is in a network of several addresses lies together. */
  #places: readonly Place[] = [];
  readonly #stale = new Set<Entry>();
  /** Undefined until they are needed again. */
  #chunks: (Chunk<MissingPort> | undefined)[] = [];
  #missing = 0;
  #unknown = 0;

  constructor(options: MissingPortsOptions) {
    this.#options = options;
  }

  /** How many are missing, and of how many that is not known. */
  totals(): { missing: number; unknown: number } {
    this.#refresh();
    return { missing: this.#missing, unknown: this.#unknown };
  }

  /** Says how many are missing of a target, by its name. */
  byName(): (name: string) => number {
    this.#refresh();
    return (name) => this.#byName.get(name)?.missing.length ?? 0;
  }

  /** What is missing, by name of the target, address, protocol and port. */
  chunks(): readonly Chunk<MissingPort>[] {
    this.#refresh();
    const chunks: Chunk<MissingPort>[] = [];
    for (let group = 0; group * GROUP < this.#entries.length; group++) {
      const chunk = this.#chunks[group] ??= this.#makeChunk(group);
      if (chunk.items.length > 0) chunks.push(chunk);
    }
    return chunks;
  }

  #makeChunk(group: number): Chunk<MissingPort> {
    const entries = this.#entries.slice(group * GROUP, (group + 1) * GROUP);
    return { mark: {}, items: entries.flatMap(({ missing }) => missing) };
  }

  #refresh(): void {
    if (this.#options.policy.expected !== this.#expected) this.#begin();
    else this.#noteChanges();
    for (const entry of this.#stale) this.#judge(entry);
  }

  #begin(): void {
    this.#expected = this.#options.policy.expected;
    this.#entries = this.#expected.filter(({ expectsAny }) => expectsAny).map((
      expected,
      index,
    ) => ({
      expected,
      group: Math.floor(index / GROUP),
      missing: NOTHING,
      unknown: 0,
      judgedAt: -Infinity,
      cost: 0,
    }));
    this.#byName = new Map(this.#entries.map((entry) => [entry.expected.name, entry]));
    this.#around = new NetworkIndex();
    const places: Place[] = [];
    for (const entry of this.#entries) {
      for (const network of entry.expected.networks()) {
        this.#around.add(network, entry);
        places.push({ network, entry });
      }
    }
    this.#places = places.sort((a, b) => compareAddresses(firstOf(a.network), firstOf(b.network)));
    this.#missing = this.#unknown = 0;
    this.#chunks = [];
    this.#stale.clear();
    for (const entry of this.#entries) this.#stale.add(entry);
    this.#seen = new WeakSet();
    for (const block of this.#options.records.blocks()) this.#seen.add(this.#marks.of(block));
    this.#departures = this.#options.records.departures;
  }

  #noteChanges(): void {
    const { records } = this.#options;
    for (const block of records.blocks()) {
      const mark = this.#marks.of(block);
      if (this.#seen.has(mark)) continue;
      this.#seen.add(mark);
      for (const { network } of block.items) this.#noteScan(network);
    }
    // With a record that is gone, what only it knew may be gone as well.
    if (records.departures > this.#departures) {
      for (const entry of this.#entries) this.#stale.add(entry);
    }
    this.#departures = records.departures;
  }

  /** Takes note that something was looked at in a network. */
  #noteScan(network: Network): void {
    for (const entry of this.#around.containing(firstOf(network))) this.#stale.add(entry);
    if (isSingle(network)) return;
    const last = { family: network.family, value: lastOf(network) };
    for (let index = this.#placeOf(firstOf(network)); index < this.#places.length; index++) {
      const place = this.#places[index]!;
      if (compareAddresses(firstOf(place.network), last) > 0) return;
      this.#stale.add(place.entry);
    }
  }

  /** Index of the first place that does not begin before an address. */
  #placeOf(address: Pick<Address, "family" | "value">): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareAddresses(firstOf(this.#places[middle]!.network), address) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #judge(entry: Entry): void {
    const { now } = this.#options;
    const began = now();
    // Else a network of 100,000 hosts would be judged anew for each that is scanned.
    if (began - entry.judgedAt < REST * entry.cost) return;
    const missing: MissingPort[] = [];
    const unknown = entry.expected.judge(missing);
    this.#missing += missing.length - entry.missing.length;
    this.#unknown += unknown - entry.unknown;
    if (missing.length + entry.missing.length > 0) this.#chunks[entry.group] = undefined;
    entry.missing = missing.length === 0 ? NOTHING : missing;
    entry.unknown = unknown;
    entry.judgedAt = now();
    entry.cost = entry.judgedAt - began;
    this.#stale.delete(entry);
  }
}

function firstOf({ family, base }: Network): Pick<Address, "family" | "value"> {
  return { family, value: base };
}
