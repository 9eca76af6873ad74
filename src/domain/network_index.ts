import type { Address, Family } from "./address.ts";
import { addressBits, type Network } from "./network.ts";

/** Values of one network where there are several: most have one, which needs no list. */
class Several<T> {
  readonly values: T[];

  constructor(values: T[]) {
    this.values = values;
  }
}

/** Finds the networks that contain an address in as many steps as there are prefix lengths in it. */
export class NetworkIndex<T> {
  readonly #byPrefix = new Map<Family, Map<number, Map<bigint, T | Several<T>>>>();

  /** Adds a value under a network; a network may have any number of them. */
  add({ family, base, prefix }: Network, value: T): void {
    const prefixes = this.#byPrefix.get(family) ?? new Map<number, Map<bigint, T | Several<T>>>();
    const bases = prefixes.get(prefix) ?? new Map<bigint, T | Several<T>>();
    const known = bases.get(base);
    if (known instanceof Several) known.values.push(value);
    else bases.set(base, bases.has(base) ? new Several([known as T, value]) : value);
    prefixes.set(prefix, bases);
    this.#byPrefix.set(family, prefixes);
  }

  /** Values of every network that contains the address. */
  *containing({ family, value }: Pick<Address, "family" | "value">): Iterable<T> {
    const bits = addressBits(family);
    for (const [prefix, bases] of this.#byPrefix.get(family) ?? []) {
      const hostBits = BigInt(bits - prefix);
      const base = (value >> hostBits) << hostBits;
      const found = bases.get(base);
      if (found instanceof Several) yield* found.values;
      else if (found !== undefined || bases.has(base)) yield found as T;
    }
  }
}
