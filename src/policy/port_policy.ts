import type { Address } from "../domain/address.ts";
import type { Protocol } from "../domain/scan.ts";
import type { OrderedBlock } from "../state/ordered_blocks.ts";
import type { PortState } from "../state/port_state.ts";
import { ExpectedPorts, type LookedForSince, type MissingPort } from "./expected_ports.ts";
import type { PolicyTarget } from "./policy_target.ts";
import {
  type OpenVerdict,
  UnexpectedPortFinder,
  type UnexpectedPorts,
} from "./unexpected_ports.ts";

/** How a target complies with what it says of its ports. */
export interface TargetVerdict {
  readonly name: string;
  /** Unexpected open ports and missing expected ones. */
  readonly violations: number;
  /** Expected ports of which it is not known whether they are open. */
  readonly unknown: number;
}

/** How all targets comply at one moment. */
export interface PolicyVerdict {
  /** By name. */
  readonly targets: readonly TargetVerdict[];
  /** By name, address, protocol and port. */
  readonly missing: readonly MissingPort[];
}

/** Options of `PortPolicy`. */
export interface PortPolicyOptions {
  readonly state: PortState;
  readonly lookedForSince: LookedForSince;
}

/** Holds what is known of ports against what the targets say of them; a host in several targets is judged by each. */
export class PortPolicy {
  readonly #options: PortPolicyOptions;
  readonly #unexpected: UnexpectedPortFinder;
  /** By name. */
  #expected: readonly ExpectedPorts[] = [];

  /** A policy without targets. */
  constructor(options: PortPolicyOptions) {
    this.#options = options;
    this.#unexpected = new UnexpectedPortFinder(options.state);
  }

  /**
   * Judges by these targets from now on. Of one host and target, at most `portsPerHost` unexpected
   * ports are given one by one: a host that answers on every port would else be 65,535 of them.
   */
  replace(
    targets: readonly PolicyTarget[],
    { portsPerHost = Infinity }: { readonly portsPerHost?: number } = {},
  ): void {
    this.#unexpected.replace(targets, { portsPerHost });
    this.#expected = targets
      .map((target) => new ExpectedPorts(target, this.#options))
      .sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** What is open now and should not be, by address and then name, in blocks that tell before they change. */
  unexpected(): readonly OrderedBlock<UnexpectedPorts>[] {
    return this.#unexpected.blocks();
  }

  /** How many ports are open now and should not be, of all targets together. */
  get unexpectedTotal(): number {
    return this.#unexpected.total();
  }

  /** Says how many ports of a target are open now and should not be, by its name. */
  unexpectedByName(): (name: string) => number {
    return this.#unexpected.byName();
  }

  /** What each target expects, by name; another list when the targets are replaced. */
  get expected(): readonly ExpectedPorts[] {
    return this.#expected;
  }

  /** Says of open ports of an address what the targets around it make of them, taken together; undefined where none judges. */
  verdictsAt(
    address: Pick<Address, "family" | "value">,
  ): (protocol: Protocol, port: number) => OpenVerdict | undefined {
    return this.#unexpected.verdictsAt(address);
  }

  /** What is missing now at one address, by name, protocol and port. */
  missingAt(address: Address): MissingPort[] {
    return this.#unexpected.namesAt(address).sort()
      .flatMap((name) => this.#expectedOf(name)?.missingAt(address) ?? []);
  }

  #expectedOf(name: string): ExpectedPorts | undefined {
    let low = 0;
    let high = this.#expected.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#expected[middle]!;
      if (found.name === name) return found;
      if (found.name < name) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** How the targets comply now; looks at every expected port of every address. */
  judge(): PolicyVerdict {
    const counts = this.#unexpected.counts();
    const missing: MissingPort[] = [];
    const targets = this.#expected.map((ports): TargetVerdict => {
      const { name } = ports;
      const before = missing.length;
      const unknown = ports.judge(missing);
      return { name, violations: counts.get(name)! + missing.length - before, unknown };
    });
    return { targets, missing };
  }
}
