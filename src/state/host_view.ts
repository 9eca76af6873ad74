import type { Protocol } from "../domain/scan.ts";

/** What is known of one address, in short. All times are unix milliseconds. */
export interface HostSummary {
  /** Canonical text. */
  readonly ip: string;
  /** Ports that are open now, of all protocols. */
  readonly openPorts: number;
  /** When it first showed life; absent when it never did. */
  readonly firstSeen?: number | undefined;
  readonly lastSeen?: number | undefined;
}

/** One port of a host that is open now, or was and is closed. All times are unix milliseconds. */
export interface HostPort {
  readonly port: number;
  readonly protocol: Protocol;
  readonly state: "open" | "closed";
  /** When it was first and last found open. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly lastChange: number;
}

/** All that is known of one address. */
export interface HostDetail extends HostSummary {
  /** In the order in which they are shown. */
  readonly ports: readonly HostPort[];
}

/** Which hosts to list, in the order of their addresses. */
export interface HostQuery {
  /** Only those with (`true`) or without (`false`) an open port; undefined lists both. */
  readonly open: boolean | undefined;
  /** Most hosts to list. */
  readonly limit: number;
  /** Canonical address after which the list begins; it need not be known. */
  readonly after: string | undefined;
}

/** A part of the list of hosts. */
export interface HostPage {
  readonly hosts: readonly HostSummary[];
  /** What `after` has to be for the next part; undefined when this is the last. */
  readonly next: string | undefined;
}
