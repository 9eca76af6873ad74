import type { Protocol } from "../domain/scan.ts";

/** A part of a list, for a page of it. */
export interface Part<T> {
  /** Number of rows that fit what was searched, in all; `atLeast` when counting was given up. */
  readonly total: number;
  readonly atLeast: boolean;
  readonly rows: readonly T[];
}

/** Which rows of a list are wanted. */
export interface PartQuery {
  /** What to look for, as a person typed it; the empty text finds everything. */
  readonly search: string;
  /** Rows before the first one that is wanted, 0 or more. */
  readonly offset: number;
  /** Most rows, at least 1. */
  readonly limit: number;
}

/** What targets can be looked for by: how their scans do, and their ports. */
export const TARGET_TROUBLES = ["failing", "stale", "violating"] as const;

/** Which trouble. */
export type TargetTrouble = typeof TARGET_TROUBLES[number];

/** Which targets are wanted. */
export interface TargetQuery extends PartQuery {
  /** Only those that have it; undefined finds all. */
  readonly trouble?: TargetTrouble | undefined;
}

/** How the program itself is. */
export interface StatusView {
  readonly status: "ok" | "degraded" | "shutting down";
  /** What is degraded, each a sentence for people. */
  readonly reasons: readonly string[];
  readonly version: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  /** Version of nmap and what `auto` means; undefined while nmap cannot be run. */
  readonly nmap: { readonly version: string; readonly technique: string } | undefined;
  readonly queueSize: number;
  readonly queueCapacity: number;
  readonly workersBusy: number;
  readonly workers: number;
  /** Seconds by which the most overdue scan is late. */
  readonly lag: number;
  readonly targets: number;
  /** Addresses that are known to have open ports, and the open ports of all of them. */
  readonly hostsWithOpenPorts: number;
  readonly openPorts: number;
  /** Ports that deviate from the policy now, and those of which it is unknown. */
  readonly violations: number;
  readonly unknownPorts: number;
  /**
   * Scan units of all targets of which at least one scan has ended, those of them whose last scan failed
   * or was partial, and why the first of those did.
   */
  readonly scans: number;
  readonly scansFailing: number;
  readonly failure: string | undefined;
}

/** A scan unit that is being scanned. */
export interface RunningView {
  /** Label `target`, such as `127.0.0.1/32`. */
  readonly network: string;
  readonly portRange: string;
  readonly protocol: Protocol;
  /** Name of the target it was planned for; undefined for a request. */
  readonly name: string | undefined;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly addresses: number;
  /** 0 to 1, by nmap's own account. */
  readonly fraction: number;
  /** Unix milliseconds of its expected end; undefined while that is anybody's guess. */
  readonly endsAt: number | undefined;
}

/** What comes next: a scan that waits for a worker, or a round of scans. */
export interface UpcomingView {
  /** Label `target` of the scan, or the network of the round. */
  readonly network: string;
  /** Name of the target it is planned for; undefined for a request. */
  readonly name: string | undefined;
  readonly portRange: string;
  readonly protocol: Protocol;
  /** Unix milliseconds, in the past when it is late; undefined for what waits for a worker. */
  readonly dueAt: number | undefined;
}

/** How the last scans of one schedule of a target went, all its units taken together. */
export interface ScheduleView {
  readonly portRange: string;
  readonly protocol: Protocol;
  /** Seconds from start to start. */
  readonly interval: number;
  readonly units: number;
  /** Units of which no scan has ended yet, be it complete, partial or failed. */
  readonly unitsNeverScanned: number;
  /** Units whose last scan failed or was partial, and why the first of them did. */
  readonly unitsFailing: number;
  readonly failure: string | undefined;
  /** When the unit that was completely scanned the longest ago was, unix milliseconds; undefined while one never was. */
  readonly completeSince: number | undefined;
  /** Whether that is more than two intervals ago, or never was. */
  readonly isStale: boolean;
  /** When the latest scan of a unit ended, however it did. */
  readonly lastEndAt: number | undefined;
  readonly isUnderWay: boolean;
  /** When the next round is due, unix milliseconds; undefined while one is under way, or none is planned. */
  readonly nextAt: number | undefined;
}

/** One target of the configuration or of a list. */
export interface TargetRow {
  readonly name: string;
  /** Addresses, CIDRs and host names as written. */
  readonly texts: readonly string[];
  /** Ports that deviate from what it says of them. */
  readonly violations: number;
  readonly schedules: readonly ScheduleView[];
}

/** What the policy says of an open port; `undefined` where no target of the address has a policy. */
export type PortVerdict = "expected" | "allowed" | "unexpected" | undefined;

/** An open port in a list. */
export interface OpenPortView {
  readonly port: number;
  readonly protocol: Protocol;
  readonly verdict: PortVerdict;
}

/** An address with open ports. */
export interface HostRow {
  readonly ip: string;
  /** Name of the target with the narrowest network around it. */
  readonly name: string | undefined;
  readonly openPorts: number;
  /** The first of them. */
  readonly ports: readonly OpenPortView[];
  /** When it last answered, unix milliseconds. */
  readonly lastSeen: number | undefined;
}

/** A port that opened or closed. */
export interface ChangeRow {
  /** Unix milliseconds. */
  readonly time: number;
  readonly ip: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly to: "open" | "closed";
  readonly name: string | undefined;
}

/** A port that is open and should not be, or the other way round. */
export interface ViolationRow {
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly kind: "unexpected" | "missing";
}

/** One port of a host, with what happened to it. */
export interface PortTimeline {
  readonly port: number;
  readonly protocol: Protocol;
  readonly state: "open" | "closed";
  readonly verdict: PortVerdict;
  /** When it was last found open, unix milliseconds. */
  readonly lastSeen: number;
  /** Stretches of time in which it was open, oldest first; the end of one that lasts is undefined. */
  readonly open: readonly { readonly from: number; readonly to: number | undefined }[];
}

/** All that is known of one address. */
export interface HostView {
  readonly ip: string;
  readonly names: readonly string[];
  readonly firstSeen: number | undefined;
  readonly lastSeen: number | undefined;
  readonly openPorts: number;
  /** The first of its ports: those that are open, then those that were open and are closed now. */
  readonly ports: readonly PortTimeline[];
  /** Ports that `ports` leaves out. */
  readonly portsLeftOut: number;
  /** Ports that are expected and not open. */
  readonly missing: readonly { readonly port: number; readonly protocol: Protocol }[];
  /** Newest first. */
  readonly changes: readonly ChangeRow[];
}

/** What the pages show, read from the state of the moment; it never scans and never waits. */
export interface Overview {
  status(): StatusView;
  /** In order of their start. */
  running(): readonly RunningView[];
  /** What waits for a worker, and then what is due, the soonest first. */
  upcoming(limit: number): readonly UpcomingView[];
  /** Searches names and addresses. */
  targets(query: TargetQuery): Part<TargetRow>;
  /** Addresses with open ports, in order of address; searches addresses, networks, ports and names of targets. */
  hosts(query: PartQuery): Part<HostRow>;
  /** Newest first. */
  changes(query: { readonly limit: number }): readonly ChangeRow[];
  violations(query: PartQuery): Part<ViolationRow>;
  /** Undefined when nothing is known of `ip`, which is canonical text. */
  host(ip: string): HostView | undefined;
}
