import type { Network } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import type { Priority } from "../domain/priority.ts";
import type { FailureType, Protocol } from "../domain/scan.ts";

/** A network that a task wants scanned; it may be too broad for one scan. */
export interface WantedScan {
  readonly network: Network;
  readonly ports: PortSet;
  /** The text for the label `port_range`. */
  readonly portRange: string;
  readonly protocol: Protocol;
  /** Seconds that one nmap process may take; undefined for what the configuration says. */
  readonly timeout: number | undefined;
}

/** A scan unit that waits or runs for a task. */
export interface SubmittedUnit {
  /** The same for everybody who wants the same scan. */
  readonly id: string;
  /** The part of what was wanted that this unit looks at. */
  readonly scan: WantedScan;
  /** Whether it was under way before it was asked for. */
  readonly running: boolean;
}

/** What came of submitting scans: all of them, or none. */
export type SubmitUnitsResult =
  /** `units` are those that were queued and those that waited or ran already; none when all is excluded. */
  | { readonly status: "queued"; readonly units: readonly SubmittedUnit[] }
  | { readonly status: "too_many"; readonly units: number; readonly capacity: number }
  | { readonly status: "full"; readonly units: number; readonly room: number }
  | { readonly status: "closing" };

/** How far a unit is that is being scanned. */
export interface UnitProgress {
  /** 0 to 1. */
  readonly fraction: number;
  /** Seconds that it is expected to take from now on; undefined while that is anybody's guess. */
  readonly remaining: number | undefined;
}

/** How a scan unit ended: the part of its summary that a task needs. */
export interface UnitOutcome {
  /** `stopped` means that the program ended it. */
  readonly end: "complete" | "partial" | "failed" | "stopped";
  /** Set for partial and failed. */
  readonly failure: { readonly type: FailureType; readonly message: string } | undefined;
  /** Addresses found up, and down. */
  readonly up: number;
  readonly down: number;
}

/** What runs the scans of tasks, and says what becomes of them; of a unit only after its `submit` has returned. */
export interface UnitRunner {
  /**
   * Splits what is wanted into units, without what is excluded, and queues those that neither wait nor
   * run; one that waits with a lower priority is moved ahead.
   */
  submit(wanted: readonly WantedScan[], priority: Priority): SubmitUnitsResult;
  /** Says that no task wants these any more: what nobody else wants leaves the queue, or is ended. */
  withdraw(ids: readonly string[]): void;
  /** How far a unit is; undefined for one that does not run. */
  progressOf(id: string): UnitProgress | undefined;
  /** Number of (address, protocol, port) that are open now in all that is named. */
  openTuples(scans: readonly WantedScan[]): number;
}
