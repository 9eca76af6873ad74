import type { Address } from "../domain/address.ts";
import type { Network } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { PortSet } from "../domain/ports.ts";
import type { Protocol } from "../domain/scan.ts";

/** A scan unit that ended, as far as it matters here. */
export interface EndedUnit {
  readonly network: Network;
  readonly protocol: Protocol;
  /** The ports that it should have looked at. */
  readonly ports: PortSet;
}

/** One kind of scan of a network: when the last one that ended began. */
interface Try extends EndedUnit {
  began: number;
}

/** When each port was last tried, so that what a failed scan left out is known to be unknown. */
export class LastTries {
  readonly #index = new NetworkIndex<Try>();
  readonly #byId = new Map<string, Try>();

  /** Notes that a unit ended which began at `began`, milliseconds on the monotonic clock; `id` is that of its kind. */
  note(id: string, unit: EndedUnit, began: number): void {
    const known = this.#byId.get(id);
    if (known !== undefined) {
      known.began = began;
      return;
    }
    const added = { ...unit, began };
    this.#byId.set(id, added);
    this.#index.add(unit.network, added);
  }

  /** When the most recently ended scan that should have looked at the port began; undefined when none did. */
  since(address: Address, protocol: Protocol, port: number): number | undefined {
    let latest: number | undefined;
    for (const each of this.#index.containing(address)) {
      if (each.protocol !== protocol || !each.ports.has(port)) continue;
      if (latest === undefined || each.began > latest) latest = each.began;
    }
    return latest;
  }
}
