import type { PortSet } from "../domain/ports.ts";
import type { HostReport, Protocol, ScanOutcome } from "../domain/scan.ts";

/** What one nmap process found out about one address and protocol: the unit in which state changes. */
export interface Look {
  /** Canonical text. */
  readonly address: string;
  readonly protocol: Protocol;
  /** Ports that this look is authoritative for. */
  readonly covered: PortSet;
  /** Covered ports that are open, ascending. */
  readonly open: readonly number[];
  /** Something answered. */
  readonly alive: boolean;
  /** When the look was taken, milliseconds on the program's monotonic clock. */
  readonly takenAt: number;
}

/** An outcome sorted into what it says about each address that was asked for. */
export interface LooksOfOutcome {
  /** Addresses with an authoritative look, those that are down included. */
  readonly looks: Look[];
  up: number;
  down: number;
  readonly timedOut: string[];
  /** Up, but not one port could be reached from this machine. */
  readonly unreachable: string[];
  /** Addresses that answered something, even if they timed out afterwards. */
  readonly alive: string[];
}

/** What is needed to read an outcome: the job's addresses and protocol, and the clock that dates it. */
export interface LookContext {
  readonly addresses: readonly string[];
  readonly protocol: Protocol;
  /** The ports that were asked for; used in place of an equal set, so that all hosts share one. */
  readonly ports: PortSet;
  /** Milliseconds to add to unix time in milliseconds to get the monotonic clock. */
  readonly clockOffset: number;
}

/**
 * Turns an outcome into looks (contract, section 5, rules 1 to 4): a host reported whole covers the
 * document's ports less those that could not be reached, a host that timed out covers nothing, and an
 * address that a complete process did not report up is down, which is a look at all its ports.
 */
export function looksOf(outcome: ScanOutcome, context: LookContext): LooksOfOutcome {
  const { protocol } = context;
  const documentPorts = outcome.covered[protocol];
  const covered = documentPorts.equals(context.ports) ? context.ports : documentPorts;
  const reports = new Map(outcome.hosts.map((host) => [host.address, host]));
  const result: LooksOfOutcome = {
    looks: [],
    up: 0,
    down: 0,
    timedOut: [],
    unreachable: [],
    alive: [],
  };
  for (const address of context.addresses) {
    const report = reports.get(address);
    if (report?.alive) result.alive.push(address);
    if (report === undefined || !report.up) {
      // Of what an incomplete process did not report, nothing is known.
      if (outcome.failure !== undefined) continue;
      result.down++;
      result.looks.push({
        address,
        protocol,
        covered,
        open: [],
        alive: false,
        takenAt: outcome.startedAt,
      });
      continue;
    }
    result.up++;
    if (report.timedOut) {
      result.timedOut.push(address);
      continue;
    }
    const reached = covered.subtract(report.unreachable[protocol]);
    if (reached.size === 0) {
      result.unreachable.push(address);
      continue;
    }
    result.looks.push({
      address,
      protocol,
      covered: reached,
      open: report.open[protocol].filter((port) => reached.has(port)),
      alive: report.alive,
      takenAt: takenAt(report, outcome, context),
    });
  }
  return result;
}

/** A look is as old as its host's `starttime`, which whole seconds and a clock that was set cannot move out of the process's life. */
function takenAt(report: HostReport, outcome: ScanOutcome, { clockOffset }: LookContext): number {
  if (report.startTime === undefined) return outcome.startedAt;
  const started = report.startTime * 1000 + clockOffset;
  return Math.min(Math.max(started, outcome.startedAt), outcome.endedAt);
}
