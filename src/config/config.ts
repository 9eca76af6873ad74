import type { Network } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import type { NmapOptions } from "../domain/scan.ts";

/** Where the program listens. */
export interface ServerConfig {
  /** Canonical IP address, or `localhost`. */
  readonly address: string;
  /** 0 to 65535; 0 picks a free one. */
  readonly port: number;
}

/** What is scanned how often, and with what. */
export interface ScanningConfig {
  /** Seconds between scans of a target, from start to start, at least 1. */
  readonly interval: number;
  /** The list as written, blanks stripped: the label `port_range`. */
  readonly portRange: string;
  /** The ports of `portRange`, at least one. */
  readonly ports: PortSet;
  /** Prefix length at which a broader IPv4 target is split, 0 to 32; IPv6 is split at 96 + this. */
  readonly maxCidrSize: number;
  /** Seconds of wall time of one nmap process, at least 1. */
  readonly timeout: number;
  readonly durationMetrics: boolean;
  readonly udpScan: boolean;
  /** API requests per minute; 0 turns the limit off. */
  readonly rateLimit: number;
  /** Tasks that can wait at once, 1 to 1000000. */
  readonly taskQueueSize: number;
  /** nmap processes at once, 1 to 1000. */
  readonly workerCount: number;
  /** Packets per second of all nmap processes together, which `nmap` holds the share of one of; 0 is no limit. */
  readonly maxTotalRate: number;
  /** Look again before an open port is reported closed. */
  readonly confirmChanges: boolean;
  readonly nmap: NmapOptions;
}

/** The one user of Basic authentication; both texts are non-empty and free of control characters. */
export interface AuthConfig {
  /** Without colons. */
  readonly username: string;
  readonly password: string;
}

/** One entry of `targets`. */
export interface TargetConfig {
  /** As written, without blanks around it. */
  readonly text: string;
  /** Host bits cleared. */
  readonly network: Network;
}

/** What is remembered, where and for how long. */
export interface StateConfig {
  /** SQLite file, relative to the working directory; the empty text keeps state in memory only. */
  readonly path: string;
  /** The path was written, so it has to work; the default may fail softly. */
  readonly pathWritten: boolean;
  /** Seconds that a closed port stays on the page as a 0 series, at least 0. */
  readonly closedPortRetention: number;
  /** Seconds that a change stays in the change log, at least 0. */
  readonly historyRetention: number;
}

/** Everything that can be configured, resolved: nothing downstream has a default of its own. */
export interface Config {
  readonly server: ServerConfig;
  readonly scanning: ScanningConfig;
  /** Undefined makes everything public. */
  readonly auth: AuthConfig | undefined;
  /** Empty: scans happen on demand only. */
  readonly targets: readonly TargetConfig[];
  readonly state: StateConfig;
}

/** A valid configuration and what its author should know about it, one line of text each. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}
