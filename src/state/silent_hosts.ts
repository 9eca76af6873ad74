import { formatAddress, parseAddress } from "../domain/address.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { Layer } from "./coverage.ts";

/** Addresses in one neighbourhood: those that share all bits but the last eight. */
const NEIGHBOURS = 256;
/** From so many known neighbours on, a slot for each of the 256 is smaller than a map. */
const DENSE = 32;

/**
 * Coverage of addresses that never answered: nothing is known of them but when they were looked at,
 * and most of any large network is such. One of them costs a reference to layers that it shares
 * with the rest of its batch.
 */
export class SilentHosts {
  readonly #neighbourhoods = {
    tcp: new Map<string, Neighbourhood>(),
    udp: new Map<string, Neighbourhood>(),
  };

  /** Coverage of an address; undefined when it is none of these. */
  get(address: string, protocol: Protocol): readonly Layer[] | undefined {
    const [name, slot] = placeOf(address);
    return this.#neighbourhoods[protocol].get(name)?.get(slot);
  }

  /** Replaces the coverage of an address. */
  set(address: string, protocol: Protocol, layers: readonly Layer[]): void {
    const [name, slot] = placeOf(address);
    let neighbourhood = this.#neighbourhoods[protocol].get(name);
    if (neighbourhood === undefined) {
      neighbourhood = new Neighbourhood();
      this.#neighbourhoods[protocol].set(name, neighbourhood);
    }
    neighbourhood.set(slot, layers);
  }

  /** Takes the coverage of an address out and gives it back. */
  take(address: string, protocol: Protocol): readonly Layer[] | undefined {
    const [name, slot] = placeOf(address);
    const neighbourhood = this.#neighbourhoods[protocol].get(name);
    const layers = neighbourhood?.get(slot);
    if (neighbourhood === undefined || layers === undefined) return undefined;
    neighbourhood.delete(slot);
    if (neighbourhood.size === 0) this.#neighbourhoods[protocol].delete(name);
    return layers;
  }

  /** Everything, in no order; what was given last may be taken or set meanwhile. */
  *entries(): Iterable<readonly [address: string, protocol: Protocol, layers: readonly Layer[]]> {
    for (const protocol of PROTOCOLS) {
      for (const [name, neighbourhood] of this.#neighbourhoods[protocol]) {
        for (const [slot, layers] of neighbourhood.entries()) {
          yield [addressOf(name, slot), protocol, layers];
        }
      }
    }
  }
}

class Neighbourhood {
  #few: Map<number, readonly Layer[]> | undefined = new Map();
  #all: (readonly Layer[] | undefined)[] | undefined;
  size = 0;

  get(slot: number): readonly Layer[] | undefined {
    return this.#all === undefined ? this.#few!.get(slot) : this.#all[slot];
  }

  set(slot: number, layers: readonly Layer[]): void {
    if (this.get(slot) === undefined) this.size++;
    if (this.#all === undefined) this.#few!.set(slot, layers);
    else this.#all[slot] = layers;
    if (this.#few !== undefined && this.size > DENSE) {
      this.#all = Array.from({ length: NEIGHBOURS }, (_, each) => this.#few!.get(each));
      this.#few = undefined;
    }
  }

  delete(slot: number): void {
    if (this.get(slot) !== undefined) this.size--;
    if (this.#all === undefined) this.#few!.delete(slot);
    else this.#all[slot] = undefined;
  }

  *entries(): Iterable<readonly [slot: number, layers: readonly Layer[]]> {
    if (this.#few !== undefined) {
      yield* this.#few;
      return;
    }
    for (const [slot, layers] of this.#all!.entries()) {
      if (layers !== undefined) yield [slot, layers];
    }
  }
}

/** `10.0.0` and 1 for `10.0.0.1`; for IPv6 all bits but the last eight as a hexadecimal number with a colon. */
function placeOf(address: string): readonly [name: string, slot: number] {
  const dot = address.lastIndexOf(".");
  if (dot >= 0) return [address.slice(0, dot), Number(address.slice(dot + 1))];
  const { value } = parseAddress(address);
  return [`${(value >> 8n).toString(16)}:`, Number(value & 0xffn)];
}

function addressOf(name: string, slot: number): string {
  if (!name.endsWith(":")) return `${name}.${slot}`;
  return formatAddress(6, (BigInt(`0x${name.slice(0, -1)}`) << 8n) + BigInt(slot));
}
