import type { KnownAddress } from "../domain/known_address.ts";
import { NetworkSet } from "../domain/network_set.ts";
import { KNOWN_PORTS, type ScanUnit } from "../domain/scan.ts";
import type { PortState } from "../state/port_state.ts";
import { knownAddresses } from "./known_addresses.ts";
import { LastTries, type TriedUnit } from "./last_tries.ts";
import { type LabelledTarget, OpenPortFinder } from "./open_ports.ts";
import type { PolicyTarget } from "./policy_target.ts";
import { PortPolicy } from "./port_policy.ts";

/** A target as far as it says what is open there, and what may be. */
export interface ViewedTarget extends LabelledTarget, Pick<PolicyTarget, "expected" | "allowed"> {
  readonly hostNames: readonly string[];
  /** Whether it says at all which ports may be open. */
  readonly hasPolicy: boolean;
}

/** The state of ports as the targets look at it: what is theirs, what deviates, what is known. */
export class TargetView {
  readonly policy: PortPolicy;
  readonly openPorts: OpenPortFinder;
  readonly #state: PortState;
  readonly #tries = new LastTries();
  #portsPerHost = Infinity;
  /** Where ports are expected. */
  #expecting = NetworkSet.EMPTY;

  /** A view without targets. */
  constructor(state: PortState) {
    this.#state = state;
    this.policy = new PortPolicy({
      state,
      lookedForSince: (...port) => this.#tries.since(...port),
    });
    this.openPorts = new OpenPortFinder(state);
  }

  /** Looks by these targets from now on; of a host, at most `portsPerHost` unexpected ports are named. */
  replace(
    targets: readonly ViewedTarget[],
    { portsPerHost, hasAddress }: {
      portsPerHost: number;
      /** Whether an address of the host name is known. */
      hasAddress: (hostName: string) => boolean;
    },
  ): void {
    this.#portsPerHost = portsPerHost;
    const judged = targets.filter(({ hasPolicy }) => hasPolicy).map((target): PolicyTarget => ({
      name: target.name,
      networks: target.networks.map(({ network }) => network),
      expected: target.expected,
      allowed: target.allowed,
      unresolved: target.hostNames.filter((name) => !hasAddress(name)).length,
    }));
    this.policy.replace(judged, { portsPerHost });
    this.#expecting = NetworkSet.of(
      judged.filter(({ expected: { tcp, udp } }) => tcp.size + udp.size > 0)
        .flatMap(({ networks }) => networks),
    );
    this.openPorts.replace(targets);
  }

  /** Takes note of a unit whose scan ended, however it did: what it failed to look at is unknown. */
  noteTried(unit: TriedUnit): void {
    if (this.#expecting.overlaps(unit.network)) this.#tries.add(unit);
  }

  /** Forgets units that `isKept` does not name. */
  keepTried(isKept: (unit: TriedUnit) => boolean): void {
    this.#tries.keep((unit) => isKept(unit) && this.#expecting.overlaps(unit.network));
  }

  /** What a sweep of known ports has to look at now; undefined for every other unit. */
  knownIn(
    { key: { portRange, protocol }, network, ports }: Pick<ScanUnit, "key" | "network" | "ports">,
  ): KnownAddress[] | undefined {
    if (portRange !== KNOWN_PORTS) return undefined;
    const most = this.#portsPerHost;
    return knownAddresses(this.#state, { network, protocol, expected: ports, most });
  }
}
