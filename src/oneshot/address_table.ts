import { type Address, parseAddress } from "../domain/address.ts";
import { disjoint, lastOf, type Network, networkSize } from "../domain/network.ts";

/** What became of an address; several may hold when it is looked at with several ports or protocols. */
export const SEEN = {
  /** nmap says that it is up, which with `-Pn` it says of nearly every address. */
  up: 1,
  down: 2,
  timedOut: 4,
  /** Some scan learnt nothing of it. */
  unknown: 8,
  /** Of some of its ports nothing was learnt. */
  gap: 16,
  /** Something answered. */
  answered: 32,
} as const;

/** How many addresses there are of each kind; the first four kinds exclude each other. */
export interface AddressCounts {
  readonly up: number;
  readonly down: number;
  readonly timedOut: number;
  readonly unknown: number;
  readonly answered: number;
  /** Of which something was learnt, of all ports and protocols or of some. */
  readonly known: number;
}

/** A byte of flags for each address that is scanned, of which there may be 2^24. */
export class AddressTable {
  /** In order of address, none within another. */
  readonly #networks: readonly { readonly network: Network; readonly start: number }[];
  readonly #flags: Uint8Array;

  /** The addresses of all `networks`, 2^24 at most together. */
  constructor(networks: readonly Network[]) {
    let start = 0;
    this.#networks = disjoint(networks).map((network) => {
      const entry = { network, start };
      start += Number(networkSize(network));
      return entry;
    });
    this.#flags = new Uint8Array(start);
  }

  /** Number of addresses. */
  get size(): number {
    return this.#flags.length;
  }

  /** Adds a flag to an address, given as canonical text; one that is not in the table is left alone. */
  mark(address: string, flag: number): void {
    const index = this.#indexOf(parseAddress(address));
    if (index !== undefined) this.#flags[index]! |= flag;
  }

  /** Adds a flag to `count` addresses from `first` on, which lie in one network of the table. */
  markRange(first: Pick<Address, "family" | "value">, count: number, flag: number): void {
    const index = this.#indexOf(first);
    if (index === undefined) return;
    for (let i = index; i < index + count; i++) this.#flags[i]! |= flag;
  }

  /** Whether an address has a flag. */
  has(address: Pick<Address, "family" | "value">, flag: number): boolean {
    const index = this.#indexOf(address);
    return index !== undefined && (this.#flags[index]! & flag) !== 0;
  }

  /** How many addresses are of which kind now; one that was not reached yet is unknown. */
  count(): AddressCounts {
    const counts = { up: 0, down: 0, timedOut: 0, unknown: 0, answered: 0, known: 0 };
    for (const flags of this.#flags) {
      if ((flags & (SEEN.up | SEEN.down)) !== 0) counts.known++;
      if ((flags & SEEN.answered) !== 0) counts.answered++;
      if ((flags & SEEN.timedOut) !== 0) counts.timedOut++;
      else if ((flags & SEEN.unknown) !== 0) counts.unknown++;
      else if ((flags & SEEN.up) !== 0) counts.up++;
      else if ((flags & SEEN.down) !== 0) counts.down++;
      else counts.unknown++;
    }
    return counts;
  }

  #indexOf({ family, value }: Pick<Address, "family" | "value">): number | undefined {
    let low = 0;
    let high = this.#networks.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const { network, start } = this.#networks[middle]!;
      if (family < network.family || (family === network.family && value < network.base)) {
        high = middle - 1;
      } else if (family > network.family || value > lastOf(network)) low = middle + 1;
      else return start + Number(value - network.base);
    }
    return undefined;
  }
}
