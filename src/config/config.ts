import type { Network } from "../domain/network.ts";
import type { PortSet } from "../domain/ports.ts";
import type { NmapOptions, Protocol } from "../domain/scan.ts";
import type { WrittenNmap } from "./nmap_options.ts";

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
  /** The nmap options that were written: an unwritten one gives way to what a target sets. */
  readonly writtenNmap: WrittenNmap;
  /** Open ports of a host above which it is flagged and its series are capped, at least 1. */
  readonly maxOpenPortsPerHost: number;
  /** Never scanned, by anyone; of any size. */
  readonly exclude: readonly Network[];
}

/** Who may ask: whoever has one of what is here, which is at least one. */
export interface AuthConfig {
  readonly basic: BasicConfig | undefined;
  /** ASCII without blanks. */
  readonly bearerToken: SecretConfig | undefined;
}

/** The one user of Basic authentication. */
export interface BasicConfig {
  /** Not empty, without colons and control characters. */
  readonly username: string;
  /** Without control characters. */
  readonly password: SecretConfig;
}

/** A password or token. */
export interface SecretConfig {
  /** What it was when the configuration was read; not empty. */
  readonly value: string;
  /** The file it is in; undefined when the configuration itself has it. */
  readonly file: SecretFileConfig | undefined;
}

/** A file with nothing but a secret in it. */
export interface SecretFileConfig {
  /** As written. */
  readonly text: string;
  /** With the directory of the configuration file before it, unless it is absolute. */
  readonly path: string;
}

/** One entry of `targets`, or of a list that was discovered. */
export interface TargetConfig {
  /** The label `name`: at least one character, no control characters. Unique in a file. */
  readonly name: string;
  /** Addresses, CIDRs and host names as written, without blanks around them. */
  readonly texts: readonly string[];
  /** Those of the texts that are addresses and CIDRs, host bits cleared. */
  readonly networks: readonly TargetNetwork[];
  /** Those that are host names, in lower case, without repeats. */
  readonly hostNames: readonly string[];
  /** At least one. */
  readonly protocols: readonly Protocol[];
  /** The main one first, which is never `known`; no two look at the same ports. */
  readonly schedules: readonly SweepConfig[];
  /** Ports that must be open. */
  readonly expected: PortsByProtocol;
  /** Ports that may be open, beside the expected ones. */
  readonly allowed: PortsByProtocol;
  /** One of the two was written, so that any other open port is unexpected. */
  readonly hasPolicy: boolean;
  /** `ScanningConfig.nmap` itself where the target has no options of its own. */
  readonly nmap: NmapOptions;
  /** Seconds of wall time of one nmap process, at least 1. */
  readonly timeout: number;
  /** What a discovered target was labelled with; empty for those in the file. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A set of ports for each protocol, of which both may be empty. */
export type PortsByProtocol = Readonly<Record<Protocol, PortSet>>;

/** An address or CIDR of a target. */
export interface TargetNetwork {
  readonly text: string;
  /** Host bits cleared. */
  readonly network: Network;
}

/** What is looked at how often. */
export interface SweepConfig {
  /** The text without blanks: the label `port_range`. */
  readonly portRange: string;
  /** Empty for a protocol that the target is not scanned with; `known` is what is open or expected at the time. */
  readonly ports: PortsByProtocol | "known";
  /** Seconds from start to start, at least 1. */
  readonly interval: number;
}

/** A file_sd file with targets, or a pattern for several. */
export interface TargetsFileConfig {
  /** As written. */
  readonly text: string;
  /** With the directory of the configuration file before it, unless it is absolute. */
  readonly pattern: string;
}

/** An http_sd URL with targets. */
export interface TargetsHttpConfig {
  /** `http:` or `https:`, without user and password; its query may hold a token (see `showUrl`). */
  readonly url: string;
  /** Seconds between two looks at it, at least 1. */
  readonly refreshInterval: number;
}

/** Who may ask for scans, and of what; networks may be of any size. */
export interface PolicyConfig {
  /** What requests may name; empty allows everything. */
  readonly allowedNetworks: readonly Network[];
  /** Who may make them; empty allows everybody. */
  readonly clientNetworks: readonly Network[];
  /** Whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly Network[];
  /** Addresses times ports that one request may ask for, at least 1. */
  readonly maxProbes: number;
}

/** What is on the page. */
export interface MetricsConfig {
  /** Most `open_port_status` series, at least 1. */
  readonly portSeriesLimit: number;
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
  /** Empty: scans happen on demand only, or are of what is discovered. */
  readonly targets: readonly TargetConfig[];
  readonly targetsFiles: readonly TargetsFileConfig[];
  readonly targetsHttp: readonly TargetsHttpConfig[];
  readonly policy: PolicyConfig;
  readonly state: StateConfig;
  readonly metrics: MetricsConfig;
}

/** A valid configuration and what its author should know about it, one line of text each. */
export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}
