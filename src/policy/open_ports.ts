import { type Address, compareAddresses } from "../domain/address.ts";
import { disjoint, lastOf, type Network } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { OrderedBlock } from "../state/ordered_blocks.ts";
import type { KnownHost } from "../state/known_host.ts";

/** A target as far as it says whose an open port is. */
export interface LabelledTarget {
  /** No two targets have the same. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** They may overlap, among each other and with those of other targets. */
  readonly networks: readonly { readonly network: Network }[];
}

/** Which open ports are wanted: those that fit all that is given. */
export interface OpenPortQuery {
  readonly ports?: PortSet;
  /** Name of a target; nothing fits one that there is not. */
  readonly name?: string;
  readonly protocol?: Protocol;
}

/** Ports of one address and protocol that are open. */
export interface OpenPorts {
  /** Canonical text. */
  readonly ip: string;
  readonly protocol: Protocol;
  /** Ascending. */
  readonly ports: readonly number[];
  /** The target that was asked for, or the one whose network is the narrowest around the address, the first of several. */
  readonly target: LabelledTarget | undefined;
}

/** A network in the order of the targets. */
interface Claim {
  readonly target: LabelledTarget;
  readonly prefix: number;
  readonly order: number;
}

/** A place in the order of addresses, where there need not be one. */
type Place = Pick<Address, "family" | "value">;

/** About a millisecond of work. */
const TARGETS_PER_STEP = 1000;
const FIRST: Place = { family: 4, value: 0n };
const LAST: Place = { family: 6, value: 2n ** 128n - 1n };

/** Finds what is open now, and whose it is. */
export class OpenPortFinder {
  readonly #state: { readonly blocks: readonly OrderedBlock<KnownHost>[] };
  #targets: readonly LabelledTarget[] = [];
  /** Made when it is first needed: who never asks does not pay for it. */
  #claims: NetworkIndex<Claim> | undefined;

  /** A finder without targets. */
  constructor(state: { readonly blocks: readonly OrderedBlock<KnownHost>[] }) {
    this.#state = state;
  }

  /** Names what is open by these targets from now on. */
  replace(targets: readonly LabelledTarget[]): void {
    this.#targets = targets;
    this.#claims = undefined;
  }

  /**
   * Open ports in order of address, each once. Where there was work that none came of, such as an
   * address that does not fit, there is an undefined, so that whoever reads can pause in between: what
   * is known all the while is found, and what changes meanwhile is found as it is when its turn comes.
   */
  *find({ ports, name, protocol }: OpenPortQuery = {}): Generator<OpenPorts | undefined, void> {
    const asked = this.#targets.find((target) => target.name === name);
    if (name !== undefined && asked === undefined) return;
    const claims = asked === undefined ? this.#claims ?? (yield* this.#claim()) : undefined;
    const hosts = asked === undefined ? this.#hosts(FIRST, LAST) : this.#hostsOf(asked);
    const protocols = protocol === undefined ? PROTOCOLS : [protocol];
    for (const host of hosts) {
      const found: OpenPorts[] = [];
      for (const protocol of protocols) {
        const all = host?.[protocol]?.open ?? [];
        const open = ports === undefined ? all : all.filter((port) => ports.has(port));
        if (host === undefined || open.length === 0) continue;
        const target = claims === undefined ? asked : narrowest(claims, host.address);
        found.push({ ip: host.address.text, protocol, ports: open, target });
      }
      if (found.length === 0) yield undefined;
      else yield* found;
    }
  }

  *#claim(): Generator<undefined, NetworkIndex<Claim>> {
    const targets = this.#targets;
    const claims = new NetworkIndex<Claim>();
    for (const [order, target] of targets.entries()) {
      for (const { network } of target.networks) {
        claims.add(network, { target, prefix: network.prefix, order });
      }
      if (order % TARGETS_PER_STEP === TARGETS_PER_STEP - 1) yield undefined;
    }
    // Others may have come in between two steps.
    if (this.#targets === targets) this.#claims = claims;
    return claims;
  }

  *#hostsOf({ networks }: LabelledTarget): Iterable<KnownHost | undefined> {
    for (const network of disjoint(networks.map(({ network }) => network))) {
      const { family, base } = network;
      yield* this.#hosts({ family, value: base }, { family, value: lastOf(network) });
      // There may be many in which nothing is known.
      yield undefined;
    }
  }

  /** Known hosts between two places. Blocks are split and go between two steps, so each begins anew. */
  *#hosts(first: Place, last: Place): Iterable<KnownHost> {
    for (let next = first;;) {
      const hosts = hostsFrom(this.#state.blocks, next);
      if (hosts.length === 0) return;
      for (const host of hosts) {
        if (compareAddresses(host.address, last) > 0) return;
        yield host;
      }
      const { family, value } = hosts.at(-1)!.address;
      next = { family, value: value + 1n };
    }
  }
}

/** Some of the hosts from `place` on, the next ones; none where there are none. */
function hostsFrom(blocks: readonly OrderedBlock<KnownHost>[], place: Place): KnownHost[] {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const end = blocks[middle]!.items.at(-1)!;
    if (compareAddresses(end.address, place) < 0) low = middle + 1;
    else high = middle;
  }
  return blocks[low]?.items.filter(({ address }) => compareAddresses(address, place) >= 0) ?? [];
}

function narrowest(claims: NetworkIndex<Claim>, address: Address): LabelledTarget | undefined {
  let best: Claim | undefined;
  for (const claim of claims.containing(address)) {
    if (best === undefined || goesBefore(claim, best)) best = claim;
  }
  return best?.target;
}

function goesBefore(claim: Claim, other: Claim): boolean {
  return claim.prefix === other.prefix ? claim.order < other.order : claim.prefix > other.prefix;
}
