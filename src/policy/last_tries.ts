import type { Address } from "../domain/address.ts";
import type { Network } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { PortSet } from "../domain/ports.ts";
import type { Protocol, ScanKey } from "../domain/scan.ts";

/** What is kept of the scans of a unit, as far as it matters here. */
export interface TriedUnit {
  readonly key: Pick<ScanKey, "protocol">;
  readonly network: Network;
  /** The ports that they should have looked at. */
  readonly ports: PortSet;
  /** When the last one that ended began, milliseconds on the monotonic clock. */
  readonly lastBeganAt: number | undefined;
}

/** When each port was last tried, so that what a failed scan left out is known to be unknown. */
export class LastTries {
  #index = new NetworkIndex<TriedUnit>();
  #units = new Set<TriedUnit>();
  /** Units around the address that was asked for last: its ports are asked for one after the other. */
  #around: { address: Pick<Address, "family" | "value">; units: TriedUnit[] } | undefined;

  /** Looks at a unit from now on, whenever it is asked. */
  add(unit: TriedUnit): void {
    if (this.#units.has(unit)) return;
    this.#units.add(unit);
    this.#index.add(unit.network, unit);
    this.#around = undefined;
  }

  /** Forgets units that `isKept` does not name. */
  keep(isKept: (unit: TriedUnit) => boolean): void {
    const kept = [...this.#units].filter(isKept);
    if (kept.length === this.#units.size) return;
    this.#units = new Set();
    this.#index = new NetworkIndex();
    this.#around = undefined;
    for (const unit of kept) this.add(unit);
  }

  /** When the most recently ended scan that should have looked at the port began; undefined when none did. */
  since(
    address: Pick<Address, "family" | "value">,
    protocol: Protocol,
    port: number,
  ): number | undefined {
    let latest: number | undefined;
    if (this.#around?.address !== address) {
      this.#around = { address, units: [...this.#index.containing(address)] };
    }
    for (const { key, ports, lastBeganAt } of this.#around.units) {
      if (lastBeganAt === undefined || key.protocol !== protocol || !ports.has(port)) continue;
      if (latest === undefined || lastBeganAt > latest) latest = lastBeganAt;
    }
    return latest;
  }
}
