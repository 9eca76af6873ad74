import type { TargetConfig } from "../config/config.ts";
import type { Address } from "../domain/address.ts";
import {
  disjoint,
  formatNetwork,
  type Network,
  networkContains,
  subnetworkAt,
  subnetworkCount,
} from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { NetworkSet } from "../domain/network_set.ts";
import { unitPrefix } from "../schedule/overlaps.ts";

/** How networks become scan units. */
export interface UnitRules {
  readonly exclude: NetworkSet;
  readonly maxCidrSize: number;
  /** Last known addresses of a host name. */
  readonly addressesOf: (hostName: string) => readonly Address[];
}

/** The units that each schedule of a target has, whichever of the targets that share one it is planned for. */
export class TargetUnits {
  /** Number of units, those of names without an address included. */
  readonly count: number;
  /** Networks that are left of the target, each with units of one size. */
  readonly parts: readonly Network[];
  /** Host names without a known address, which stand for a unit each. */
  readonly #unresolved: readonly string[];
  readonly #maxCidrSize: number;
  #index: NetworkIndex<Network> | undefined;

  constructor(
    { networks, hostNames }: Pick<TargetConfig, "networks" | "hostNames">,
    { exclude, maxCidrSize, addressesOf }: UnitRules,
  ) {
    this.#maxCidrSize = maxCidrSize;
    const left = networks.flatMap(({ network }) =>
      exclude.overlaps(network) ? [...exclude.outside(network)] : [network]
    );
    const isNarrow = (network: Network) => network.prefix > unitPrefix(network, maxCidrSize);
    // What is narrower than a unit is one of its own, whatever it lies in.
    const narrow = new Map(left.filter(isNarrow).map((each) => [formatNetwork(each), each]));
    this.parts = [...disjoint(left.filter((each) => !isNarrow(each))), ...narrow.values()];
    this.#unresolved = hostNames.filter((name) => addressesOf(name).length === 0);
    this.count = this.parts.reduce(
      (sum, part) => sum + subnetworkCount(part, this.#prefixIn(part)),
      this.#unresolved.length,
    );
  }

  /** Label `target` of each unit. */
  *labels(): Iterable<string> {
    for (const part of this.parts) {
      const prefix = this.#prefixIn(part);
      const count = subnetworkCount(part, prefix);
      for (let index = 0; index < count; index++) {
        yield formatNetwork(subnetworkAt(part, prefix, index));
      }
    }
    yield* this.#unresolved;
  }

  /** The first unit of each part. */
  firsts(): Network[] {
    return this.parts.map((part) => subnetworkAt(part, this.#prefixIn(part), 0));
  }

  /** Whether one of the units has this network, or is the name that stands for one without an address. */
  has(network: Network, label: string): boolean {
    if (this.#unresolved.length > 0 && this.#unresolved.includes(label)) return true;
    const [only, ...more] = this.parts;
    const address = { family: network.family, value: network.base };
    if (more.length === 0) {
      return only !== undefined && network.prefix === this.#prefixIn(only) &&
        networkContains(only, address);
    }
    this.#index ??= indexOf(this.parts);
    for (const part of this.#index.containing(address)) {
      if (network.prefix === this.#prefixIn(part)) return true;
    }
    return false;
  }

  #prefixIn(part: Network): number {
    return Math.max(part.prefix, unitPrefix(part, this.#maxCidrSize));
  }
}

function indexOf(networks: readonly Network[]): NetworkIndex<Network> {
  const index = new NetworkIndex<Network>();
  for (const network of networks) index.add(network, network);
  return index;
}
