import type { Address, Family } from "./address.ts";
import { addressBits, type Network } from "./network.ts";

/** Finds the networks that contain an address in as many steps as there are prefix lengths in it. */
export class NetworkIndex<T> {
  readonly #byPrefix = new Map<Family, Map<number, Map<bigint, T[]>>>();

  /** Adds a value under a network; a network may have any number of them. */
  add({ family, base, prefix }: Network, value: T): void {
    const prefixes = this.#byPrefix.get(family) ?? new Map<number, Map<bigint, T[]>>();
    const bases = prefixes.get(prefix) ?? new Map<bigint, T[]>();
    const values = bases.get(base) ?? [];
    values.push(value);
    bases.set(base, values);
    prefixes.set(prefix, bases);
    this.#byPrefix.set(family, prefixes);
  }

  /** Values of every network that contains the address. */
  *containing({ family, value }: Pick<Address, "family" | "value">): Iterable<T> {
    const bits = addressBits(family);
    for (const [prefix, bases] of this.#byPrefix.get(family) ?? []) {
      const hostBits = BigInt(bits - prefix);
      yield* bases.get((value >> hostBits) << hostBits) ?? [];
    }
  }
}
