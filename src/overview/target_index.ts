import type { TargetConfig } from "../config/config.ts";
import type { Address } from "../domain/address.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import { KNOWN_PORTS, type Protocol } from "../domain/scan.ts";
import type { PlannedTarget } from "../schedule/plan.ts";

/** A network of a target, which is `order`-th of all. */
interface Claim {
  readonly target: TargetConfig;
  readonly prefix: number;
  readonly order: number;
}

/** Finds the targets around an address: the one with the narrowest network first, then in their order. */
export class TargetIndex {
  readonly #claims = new NetworkIndex<Claim>();

  /** Takes 100,000 targets in some tens of milliseconds. */
  constructor(targets: readonly TargetConfig[]) {
    for (const [order, target] of targets.entries()) {
      for (const { network } of target.networks) {
        this.#claims.add(network, { target, prefix: network.prefix, order });
      }
    }
  }

  /** All targets around an address, each once. */
  around(address: Pick<Address, "family" | "value">): TargetConfig[] {
    const claims = [...this.#claims.containing(address)].sort(inOrder);
    return [...new Set(claims.map(({ target }) => target))];
  }

  /** Whether one of `targets` is around an address. */
  isWithin(
    targets: ReadonlySet<TargetConfig>,
    address: Pick<Address, "family" | "value">,
  ): boolean {
    for (const { target } of this.#claims.containing(address)) {
      if (targets.has(target)) return true;
    }
    return false;
  }

  /** Name of the first target around an address. */
  nameAt(address: Pick<Address, "family" | "value">): string | undefined {
    return first(this.#claims.containing(address))?.target.name;
  }

  /** Name of the target that something planned is for: the first around it that has such a schedule. */
  nameOf(planned: Pick<PlannedTarget, "network" | "protocol" | "portRange" | "ports">) {
    const { family, base, prefix } = planned.network;
    const claims = [...this.#claims.containing({ family, value: base })]
      .filter((claim) => claim.prefix <= prefix);
    return first(claims.filter(({ target }) => hasSchedule(target, planned)))?.target.name;
  }
}

/** Ports of one schedule of a target for a protocol; of a sweep of known ports, those that are expected. */
export function scheduledPorts(
  { schedules, expected }: Pick<TargetConfig, "schedules" | "expected">,
  index: number,
  protocol: Protocol,
) {
  const { ports } = schedules[index]!;
  return ports === KNOWN_PORTS ? expected[protocol] : ports[protocol];
}

function hasSchedule(
  { protocols, schedules }: TargetConfig,
  { protocol, portRange, ports }: Pick<PlannedTarget, "protocol" | "portRange" | "ports">,
): boolean {
  return protocols.includes(protocol) &&
    schedules.some((schedule) =>
      schedule.ports === KNOWN_PORTS || portRange === KNOWN_PORTS
        ? schedule.ports === portRange
        : schedule.ports[protocol].equals(ports)
    );
}

function first(claims: Iterable<Claim>): Claim | undefined {
  let best: Claim | undefined;
  for (const claim of claims) if (best === undefined || inOrder(claim, best) < 0) best = claim;
  return best;
}

function inOrder(a: Claim, b: Claim): number {
  return b.prefix - a.prefix || a.order - b.order;
}
