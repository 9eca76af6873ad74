import { type Address, compareAddresses, formatAddress, parseAddress } from "../domain/address.ts";
import { disjoint, isSingle, type Network, networkOf } from "../domain/network.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { type Layer, NO_LAYERS } from "../state/coverage.ts";
import type { PortState } from "../state/port_state.ts";
import { hostsIn } from "./hosts_in.ts";
import type { PolicyTarget } from "./policy_target.ts";

/** An expected port that the last look at it did not find open. */
export interface MissingPort {
  /** Of the target that expects it. */
  readonly name: string;
  /** Canonical text. */
  readonly ip: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/**
 * When the scan began that was the last to end of those that should have looked at a port,
 * milliseconds on the monotonic clock; undefined when none has ended yet.
 */
export type LookedForSince = (
  address: Address,
  protocol: Protocol,
  port: number,
) => number | undefined;

/** What is known of one address and protocol. */
interface Known {
  readonly open: readonly number[];
  readonly layers: readonly Layer[];
}

const NOTHING: Known = { open: [], layers: NO_LAYERS };

/**
 * Finds out which ports that a target expects are missing, and of how many that is not known.
 *
 * They are expected of every address that the target names on its own, and in networks of each that
 * ever showed life: where nothing ever answered is no host. A scan that fails makes ports unknown
 * without any change of the state, so that nothing is kept from one time to the next.
 */
export class ExpectedPorts {
  /** Of the target. */
  readonly name: string;
  readonly #ports: Readonly<Record<Protocol, readonly number[]>>;
  /** In order of address. */
  readonly #singles: readonly Address[];
  /** In order of address, none within another. */
  readonly #networks: readonly Network[];
  readonly #unresolved: number;
  readonly #state: PortState;
  readonly #lookedForSince: LookedForSince;

  constructor(
    { name, networks, expected, unresolved }: PolicyTarget,
    { state, lookedForSince }: { state: PortState; lookedForSince: LookedForSince },
  ) {
    this.name = name;
    this.#unresolved = unresolved;
    this.#ports = { tcp: [...expected.tcp], udp: [...expected.udp] };
    this.#singles = disjoint(networks.filter(isSingle)).map(({ family, base }) =>
      parseAddress(formatAddress(family, base))
    );
    this.#networks = disjoint(networks.filter((network) => !isSingle(network)));
    this.#state = state;
    this.#lookedForSince = lookedForSince;
  }

  /** Adds what is missing now to `missing`, by address, protocol and port; returns the number of unknown ports. */
  judge(missing: MissingPort[]): number {
    const protocols = PROTOCOLS.filter((protocol) => this.#ports[protocol].length > 0);
    let unknown = 0;
    const judgeKnown = (address: Address, protocol: Protocol, known: Known) => {
      for (const port of this.#ports[protocol]) {
        const verdict = this.#verdict({ address, protocol, port }, known);
        if (verdict === "unknown") unknown++;
        else if (verdict === "missing") {
          missing.push({ name: this.name, ip: address.text, port, protocol });
        }
      }
    };
    let nextSingle = 0;
    const judgeSinglesBefore = (end: Address | undefined) => {
      for (; nextSingle < this.#singles.length; nextSingle++) {
        const address = this.#singles[nextSingle]!;
        if (end !== undefined && compareAddresses(address, end) >= 0) return;
        for (const protocol of protocols) {
          judgeKnown(address, protocol, this.#knownOf(address.text, protocol));
        }
      }
    };
    for (const network of protocols.length > 0 ? this.#networks : []) {
      for (const host of hostsIn(this.#state.blocks, network)) {
        judgeSinglesBefore(host.address);
        const isOwn = this.#singles[nextSingle]?.text === host.address.text;
        if (host.firstAlive === undefined || isOwn) continue;
        for (const protocol of protocols) {
          judgeKnown(host.address, protocol, host[protocol] ?? NOTHING);
        }
      }
    }
    judgeSinglesBefore(undefined);
    return unknown + this.#unknownPlaces(protocols);
  }

  /** Whether any port is expected. */
  get expectsAny(): boolean {
    return this.#ports.tcp.length + this.#ports.udp.length > 0;
  }

  /** Where ports are expected: what happens elsewhere changes nothing that `judge` finds. */
  *networks(): Iterable<Network> {
    yield* this.#networks;
    yield* this.#singles.map(networkOf);
  }

  /** What is missing now at one address in these networks, by protocol and port. */
  missingAt(address: Address): MissingPort[] {
    const isOwn = this.#singles.some(({ text }) => text === address.text);
    if (!isOwn && this.#state.views.summary(address.text)?.firstSeen === undefined) return [];
    return PROTOCOLS.flatMap((protocol) => {
      const known = this.#knownOf(address.text, protocol);
      return this.#ports[protocol]
        .filter((port) => this.#verdict({ address, protocol, port }, known) === "missing")
        .map((port) => ({ name: this.name, ip: address.text, port, protocol }));
    });
  }

  /**
   * Expected ports of what has no address to look at: a host name that never resolved, and a network in
   * which nothing ever answered and that was not looked at, or could not be the last time.
   */
  #unknownPlaces(protocols: readonly Protocol[]): number {
    let unknown = 0;
    for (const protocol of protocols) {
      unknown += this.#unresolved * this.#ports[protocol].length;
      for (const network of this.#networks) {
        if (this.#hasLife(network)) continue;
        // Scans look at all of a network or fail: its first address stands for it.
        const address = parseAddress(formatAddress(network.family, network.base));
        const known = this.#knownOf(address.text, protocol);
        for (const port of this.#ports[protocol]) {
          if (this.#verdict({ address, protocol, port }, known) === "unknown") unknown++;
        }
      }
    }
    return unknown;
  }

  #hasLife(network: Network): boolean {
    for (const host of hostsIn(this.#state.blocks, network)) {
      if (host.firstAlive !== undefined) return true;
    }
    return false;
  }

  /** Of a port that is not known to be missing or there, neither is claimed. */
  #verdict(
    { address, protocol, port }: { address: Address; protocol: Protocol; port: number },
    { open, layers }: Known,
  ): "open" | "missing" | "unknown" {
    const layer = layers.find(({ ports }) => ports.has(port));
    if (layer === undefined) return "unknown";
    const since = this.#lookedForSince(address, protocol, port);
    if (since !== undefined && layer.takenAt < since) return "unknown";
    return open.includes(port) ? "open" : "missing";
  }

  #knownOf(address: string, protocol: Protocol): Known {
    const layers = this.#state.layersOf(address, protocol);
    if (layers === undefined) return NOTHING;
    return { layers, open: this.#state.openPorts({ address, protocol }) };
  }
}
