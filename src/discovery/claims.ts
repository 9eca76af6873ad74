import type { TargetConfig } from "../config/config.ts";
import { formatNetwork, MAX_ADDRESSES, networkSize } from "../domain/network.ts";

/** What of a target others have to respect. */
export type Claimant = Pick<TargetConfig, "name" | "networks" | "hostNames">;

/** Names and addresses that targets have, equal networks counted once; addresses of host names are not known yet. */
export class Claims {
  readonly #names = new Set<string>();
  /** Networks and host names, which have no `/`. */
  readonly #places = new Set<string>();
  #total = 0n;
  /** What every claim added, in order. */
  readonly #made: { name: string; places: readonly string[]; total: bigint }[] = [];

  /** How many claims there are, for `rollBack`. */
  get size(): number {
    return this.#made.length;
  }

  /** Claims what a target needs; returns what it cannot have, and claims nothing then. */
  claim(target: Claimant): "name" | "addresses" | undefined {
    if (this.#names.has(target.name)) return "name";
    const { places, total } = this.#added(target);
    if (total > MAX_ADDRESSES) return "addresses";
    this.#make(target.name, { places, total });
    return undefined;
  }

  /** Whether some target has claimed a network or host name, one of `placesOf`. */
  covers(place: string): boolean {
    return this.#places.has(place);
  }

  /** Gives back what was claimed since there were `size` claims. */
  rollBack(size: number): void {
    for (const { name, places, total } of this.#made.splice(size).reverse()) {
      this.#names.delete(name);
      for (const place of places) this.#places.delete(place);
      this.#total = total;
    }
  }

  #added(target: Claimant): { places: readonly string[]; total: bigint } {
    const added = new Map<string, bigint>();
    for (const { network } of target.networks) {
      const text = formatNetwork(network);
      if (!this.#places.has(text)) added.set(text, networkSize(network));
    }
    const total = added.values().reduce((sum, size) => sum + size, this.#total);
    for (const hostName of target.hostNames) {
      if (!this.#places.has(hostName)) added.set(hostName, 0n);
    }
    return { places: [...added.keys()], total };
  }

  #make(name: string, { places, total }: { places: readonly string[]; total: bigint }): void {
    this.#made.push({ name, places, total: this.#total });
    this.#names.add(name);
    for (const place of places) this.#places.add(place);
    this.#total = total;
  }
}

/** Networks and host names of a target, as text. */
export function placesOf({ networks, hostNames }: Omit<Claimant, "name">): string[] {
  return [...networks.map(({ network }) => formatNetwork(network)), ...hostNames];
}
