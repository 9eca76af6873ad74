import { parseAddress } from "../domain/address.ts";
import { addressAt, type Network, networkContains, networkSize } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import { evenBatch, liveBatch, type ScanCost, silentStretch } from "./batch_size.ts";

/** What the order and the sizes of a unit's batches depend on. */
export interface BatchPlanOptions {
  readonly network: Network;
  /** Canonical texts of the addresses that answered when they were last looked at. */
  readonly alive: Iterable<string>;
  /** As the last round left it: 0, or 1 to the number of addresses where it ran out of time. */
  readonly resumeAt: number;
  /** Processes at once. */
  readonly workers: number;
  readonly cost: ScanCost;
}

/** The addresses of one process. */
export interface AddressBatch {
  readonly addresses: readonly string[];
  /** Absent: those of the unit. */
  readonly ports?: PortSet;
  /** Place of its first address in the order of the round, from 0. */
  readonly position: number;
  /** `resumeAt` of the next round if this is the first batch that was not reached. */
  readonly resumeAt: number;
}

/**
 * The order in which one round goes through the addresses of a unit, and how many each process gets.
 *
 * Addresses that are known to answer go first, in small batches of their own; what is left is silent,
 * or was never looked at, and goes in stretches as large as pays. A round that goes on where the last
 * one ran out of time keeps to the order of the addresses instead, so that live ones, which were
 * looked at, cannot keep the rest from its turn for ever.
 */
export class BatchPlan {
  /** Number of addresses. */
  readonly size: number;
  /** Number of batches, if none is made smaller. */
  readonly count: number;
  readonly #network: Network;
  /** Offsets that go first, ascending. */
  readonly #first: readonly number[];
  readonly #start: number;
  readonly #batch: { readonly first: number; readonly rest: number };
  #position = 0;
  /** Of the rest, how far behind the start the next one is, and how many of those that went first lie before it. */
  #next = 0;
  #passed = 0;

  constructor({ network, alive, resumeAt, workers, cost }: BatchPlanOptions) {
    this.#network = network;
    this.size = Number(networkSize(network));
    this.#start = resumeAt;
    this.#first = resumeAt === 0 ? offsetsIn(network, alive) : [];
    const first = this.#first.length;
    const rest = this.size - first;
    this.#batch = {
      first: evenBatch(first, liveBatch(cost)),
      rest: evenBatch(rest, silentStretch({ ...cost, addresses: rest, workers })),
    };
    this.count = batches(first, this.#batch.first) + batches(rest, this.#batch.rest);
    this.#skipFirst();
  }

  /** Addresses handed out so far. */
  get position(): number {
    return this.#position;
  }

  /** `resumeAt` of the next round if nothing more is handed out. */
  get resumeAt(): number {
    if (this.#position === this.size) return 0;
    const rest = (this.#start + this.#next) % this.size;
    const first = this.#first[this.#position] ?? Infinity;
    // The first address is named by the size: 0 says that none is left.
    return (this.#next === this.size ? first : Math.min(first, rest)) || this.size;
  }

  /** The next batch, of at most so many addresses; undefined when all have been handed out. */
  take(most = Infinity): AddressBatch | undefined {
    const { position, resumeAt } = this;
    if (position === this.size) return undefined;
    const offsets = position < this.#first.length
      ? this.#first.slice(position, position + Math.min(this.#batch.first, most))
      : this.#takeRest(Math.min(this.#batch.rest, most));
    this.#position += offsets.length;
    const addresses = offsets.map((offset) => addressAt(this.#network, offset));
    return { addresses, position, resumeAt };
  }

  #takeRest(count: number): number[] {
    const offsets: number[] = [];
    while (offsets.length < count && this.#next < this.size) {
      offsets.push((this.#start + this.#next++) % this.size);
      this.#skipFirst();
    }
    return offsets;
  }

  /** Only a round that starts at 0 has some that went first, so offsets are how far they are from there. */
  #skipFirst(): void {
    while (this.#first[this.#passed] === this.#next && this.#next < this.size) {
      this.#passed++;
      this.#next++;
    }
  }
}

function batches(addresses: number, batch: number): number {
  return addresses === 0 ? 0 : Math.ceil(addresses / batch);
}

/** Offsets of those addresses that lie in the network, ascending. */
function offsetsIn(network: Network, addresses: Iterable<string>): number[] {
  const offsets: number[] = [];
  for (const text of addresses) {
    const address = parseAddress(text);
    if (networkContains(network, address)) offsets.push(Number(address.value - network.base));
  }
  return offsets.sort((a, b) => a - b);
}
