import { formatAddress, parseAddress } from "../domain/address.ts";
import { lastOf, type Network, networkSize } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import type { ScanFailure, ScanJob, ScanOutcome, ScanUnit } from "../domain/scan.ts";
import { looksOf } from "../state/look.ts";
import { type AddressCounts, AddressTable, SEEN } from "./address_table.ts";
import { type Gap, type GapReason, Gaps } from "./gaps.ts";

/** What came of each address, and what was not found out; which ports are open is known by the port state. */
export class Findings {
  readonly table: AddressTable;
  readonly #gaps = new Gaps();
  /** Addresses of each unit that were handed to a process, by the unit. */
  readonly #begun = new Map<ScanUnit, number>();
  readonly #flawed = new Set<ScanUnit>();

  /** Of these units nothing is known yet. */
  constructor(units: readonly ScanUnit[]) {
    this.table = new AddressTable(units.map(({ network }) => network));
    for (const unit of units) this.#begun.set(unit, 0);
  }

  /** Takes in what one nmap process of a unit said. */
  note(unit: ScanUnit, job: ScanJob, outcome: ScanOutcome): void {
    // A second look changes which ports are open, and never what was looked at.
    if (job.confirming) return;
    const { addresses, protocol, ports } = job;
    this.#begun.set(unit, (this.#begun.get(unit) ?? 0) + addresses.length);
    const seen = looksOf(outcome, { addresses, protocol, ports, clockOffset: 0 });
    const down = new Set(addresses);
    for (const { address } of outcome.hosts.filter(({ up }) => up)) down.delete(address);
    for (const address of seen.alive) this.table.mark(address, SEEN.answered);
    const known = new Set<string>();
    for (const { address, covered } of seen.looks) {
      known.add(address);
      this.table.mark(address, down.has(address) ? SEEN.down : SEEN.up);
      if (covered.size === ports.size) continue;
      this.#lose(unit, [address], PARTLY_UNREACHABLE, ports.subtract(covered));
      this.table.mark(address, SEEN.gap);
    }
    for (
      const [lost, failure, flag] of [
        [seen.timedOut, hostTimeout(unit), SEEN.timedOut],
        [seen.unreachable, UNREACHABLE, SEEN.unknown],
      ] as const
    ) {
      for (const address of lost) {
        known.add(address);
        this.table.mark(address, flag | SEEN.gap);
      }
      this.#lose(unit, lost, failure);
    }
    if (outcome.failure === undefined) return;
    const rest = addresses.filter((address) => !known.has(address));
    for (const address of rest) this.table.mark(address, SEEN.unknown | SEEN.gap);
    this.#lose(unit, rest, outcome.failure);
  }

  /** Notes how a unit as a whole ended that was not complete; what its processes said is noted already. */
  ended(unit: ScanUnit, failure: ScanFailure): void {
    if (this.#flawed.has(unit) || this.#begun.get(unit)! < sizeOf(unit)) return;
    this.fail(unit, failure);
  }

  /** Notes that nothing is known of a unit. */
  fail(unit: ScanUnit, failure: ScanFailure): void {
    this.#begun.set(unit, sizeOf(unit));
    this.#loseFrom(unit, 0, failure);
  }

  /** Closes the books: what no process was given stays unknown for this reason. */
  close(reason: ScanFailure): void {
    for (const [unit, begun] of this.#begun) {
      if (begun < sizeOf(unit)) this.#loseFrom(unit, begun, reason);
    }
  }

  /** What was not found out, by address. */
  gaps(): Gap[] {
    return this.#gaps.all();
  }

  /** How many addresses are of which kind. */
  count(): AddressCounts {
    return this.table.count();
  }

  /** The addresses of a unit are handed out in order, so that those not handed out are its last ones. */
  #loseFrom(unit: ScanUnit, begun: number, failure: ScanFailure): void {
    const { family, base } = unit.network;
    const value = base + BigInt(begun);
    const first = parseAddress(formatAddress(family, value));
    const last = parseAddress(formatAddress(family, lastOf(unit.network)));
    this.table.markRange(first, sizeOf(unit) - begun, SEEN.unknown | SEEN.gap);
    this.#flawed.add(unit);
    this.#gaps.addRange({ first, last }, reasonOf(unit, failure));
  }

  #lose(
    unit: ScanUnit,
    addresses: readonly string[],
    failure: ScanFailure,
    ports?: PortSet,
  ): void {
    if (addresses.length === 0) return;
    this.#flawed.add(unit);
    const reason = reasonOf(unit, failure);
    const some = ports === undefined ? reason : { ...reason, ports, portRange: `${ports}` };
    this.#gaps.add(addresses, some);
  }
}

const UNREACHABLE: ScanFailure = {
  type: "no_route",
  message: "No port could be reached from this machine: check its routes and the address",
};
const PARTLY_UNREACHABLE: ScanFailure = {
  type: "no_route",
  message: "These ports could not be reached from this machine",
};

function hostTimeout({ nmap }: ScanUnit): ScanFailure {
  return {
    type: "timeout",
    message: `nmap gave the host up after ${nmap.hostTimeout} s (scanning.host_timeout): ` +
      "scan fewer ports, or raise it",
  };
}

function reasonOf({ key, ports }: ScanUnit, { type, message }: ScanFailure): GapReason {
  return { protocol: key.protocol, ports, portRange: key.portRange, type, message };
}

function sizeOf({ network }: { readonly network: Network }): number {
  return Number(networkSize(network));
}
