import type { Family } from "./address.ts";
import type { Network } from "./network.ts";
import type { PortSet } from "./ports.ts";

/** Transport protocols that can be scanned. */
export const PROTOCOLS = ["tcp", "udp"] as const;
/** See `PROTOCOLS`. */
export type Protocol = typeof PROTOCOLS[number];

/**
 * Why a scan failed: the values of the label `error_type`, most telling first. When a unit fails in
 * several ways, the first in this order is the one it is counted under.
 */
export const FAILURE_TYPES = [
  "timeout",
  "permission",
  "nmap_missing",
  "unresolved",
  "no_route",
  "no_answer",
  "bad_output",
  "killed",
  "other",
] as const;
/** See `FAILURE_TYPES`. */
export type FailureType = typeof FAILURE_TYPES[number];

/** How TCP ports are probed: half-open SYN needs raw sockets, connect needs nothing. */
export type Technique = "syn" | "connect";

/** Labels that name a scan unit in every per-scan metric. */
export interface ScanKey {
  /** Network with prefix, `127.0.0.1/32`. */
  readonly target: string;
  /** The text as written, without blanks. */
  readonly portRange: string;
  readonly protocol: Protocol;
}

/** nmap options of a scan, resolved: 0 leaves an option out. */
export interface NmapOptions {
  readonly technique: "auto" | Technique;
  readonly disableDnsResolution: boolean;
  readonly disableHostDiscovery: boolean;
  /** Packets per second. */
  readonly minRate: number;
  readonly maxRate: number;
  readonly minParallelism: number;
  readonly maxRetries: number;
  /** Seconds per host. */
  readonly hostTimeout: number;
  /** Milliseconds. */
  readonly scanDelay: number;
  readonly maxScanDelay: number;
  readonly initialRttTimeout: number;
  readonly maxRttTimeout: number;
  readonly minRttTimeout: number;
}

/** An address or sub-network with one set of ports and one protocol: what is queued, scanned and counted as a whole. */
export interface ScanUnit {
  readonly key: ScanKey;
  readonly network: Network;
  readonly ports: PortSet;
  readonly nmap: NmapOptions;
  /** Seconds that one nmap process may take. */
  readonly timeout: number;
}

/** The label `port_range` of units that look at the ports which are open or expected, and at nothing else. */
export const KNOWN_PORTS = "known";

/**
 * Identity of a unit, equal for equal addresses, ports and protocol however the ports were written. Of a
 * unit for known ports, `ports` are those that are expected, and no part of it.
 */
export function unitId({ key, ports }: Pick<ScanUnit, "key" | "ports">): string {
  return `${key.target} ${key.protocol} ${portsId(key.portRange, ports)}`;
}

/** Identity of what a unit looks at: the ports, or `known`. */
export function portsId(portRange: string, ports: PortSet): string {
  return portRange === KNOWN_PORTS ? KNOWN_PORTS : ports.id;
}

/** What one nmap process is asked to do. */
export interface ScanJob {
  /** Canonical texts, without duplicates, all of `family`. */
  readonly addresses: readonly string[];
  readonly family: Family;
  readonly ports: PortSet;
  readonly protocol: Protocol;
  readonly nmap: NmapOptions;
  /** Wall time in milliseconds after which the process is ended. */
  readonly timeoutMs: number;
  /** A second look: unhurried and without any discovery. */
  readonly confirming: boolean;
}

/** What nmap said about one host, reported whole. */
export interface HostReport {
  /** Canonical text. */
  readonly address: string;
  readonly up: boolean;
  /** nmap gave the host up (`timedout="true"`): nothing is known of its ports. */
  readonly timedOut: boolean;
  /** Something answered: an open or closed port, or a discovery reply other than `user-set`. */
  readonly alive: boolean;
  /** When nmap began with this host, as unix seconds; undefined where it did not say. */
  readonly startTime: number | undefined;
  /** Open ports by protocol, ascending. */
  readonly open: Readonly<Record<Protocol, readonly number[]>>;
  /** Ports that answered as closed. */
  readonly closed: Readonly<Record<Protocol, PortSet>>;
  /** Ports this machine could not even reach for (`net-unreach`, `host-unreach`): not covered. */
  readonly unreachable: Readonly<Record<Protocol, PortSet>>;
}

/** Why a process did not end complete; `stopped` means that we ended it (shutdown, reload, cancel) and is no failure. */
export interface ScanFailure {
  readonly type: FailureType | "stopped";
  /** One line a person can act on. */
  readonly message: string;
}

/** What came of one nmap process. */
export interface ScanOutcome {
  /** Set exactly when the process was not complete in the sense of "exit 0, well-formed, success, every address accounted for". */
  readonly failure: ScanFailure | undefined;
  /** Hosts that were asked for and reported whole, each address once. */
  readonly hosts: readonly HostReport[];
  /** Ports that the document says were scanned, by protocol. */
  readonly covered: Readonly<Record<Protocol, PortSet>>;
  /** When the process was started and when it ended, milliseconds on the program's monotonic clock. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** How far an nmap process is, by its own account (`--stats-every`). */
export interface ScanProgress {
  /** What nmap is doing, in its words: `SYN Stealth Scan`. */
  readonly task: string;
  /** 0 to 100 of all that the process has to do. */
  readonly percent: number;
  /** Seconds that nmap expects it to take from now on; undefined where it cannot know. */
  readonly remaining: number | undefined;
}

/**
 * Runs one job; resolves with an outcome whatever happens, and never rejects for what nmap did.
 * `onProgress` hears how far it is about once a second, never for jobs that end sooner.
 */
export type Scanner = (
  job: ScanJob,
  signal: AbortSignal,
  onProgress?: (progress: ScanProgress) => void,
) => Promise<ScanOutcome>;
