import { compareAddresses, formatAddress } from "../domain/address.ts";
import { formatNetwork, isSingle } from "../domain/network.ts";
import { FAILURE_TYPES, type Protocol, PROTOCOLS, type ScanFailure } from "../domain/scan.ts";
import { SEEN } from "./address_table.ts";
import type { Gap } from "./gaps.ts";
import type { JudgedPort, PolicyCheck, UnjudgedPorts } from "./policy_check.ts";
import type { ScannedOnce } from "./scan_once.ts";
import type { Unresolved, WantedTargets } from "./wanted_targets.ts";

/** Version of the JSON document: goes up when a key changes its meaning or leaves. */
const SCHEMA_VERSION = 1;

/** Why a scan is not complete: a type as in `scans_failed_total`, `stopped`, or `usage` where nothing was begun. */
export interface ResultFailure {
  readonly type: ScanFailure["type"] | "usage";
  readonly message: string;
}

/** Addresses, or one name, of which nothing is known. */
export interface Incomplete {
  /** The host name that does not resolve; null where there are addresses. */
  readonly target: string | null;
  readonly first: string | null;
  readonly last: string | null;
  /** Number of addresses; 0 for a name. */
  readonly addresses: number;
  readonly protocol: Protocol;
  readonly ports: string;
  readonly type: ScanFailure["type"];
  readonly message: string;
}

/** Expected ports of an address, or of a network in which nothing answered. */
export interface ResultPorts {
  readonly name: string;
  readonly place: string;
  readonly protocol: Protocol;
  readonly ports: string;
}

/** The result of a scan: the JSON document, key by key. */
export interface ScanResult {
  readonly schema: number;
  /** `complete` says that everything asked for is known, `failed` that nothing is. */
  readonly status: "complete" | "partial" | "failed";
  /** RFC 3339. */
  readonly started_at: string;
  readonly seconds: number;
  /** Null when nmap cannot be run. */
  readonly nmap: { readonly version: string; readonly scan_technique: string } | null;
  readonly targets: readonly {
    readonly name: string;
    readonly networks: readonly string[];
    readonly protocol: Protocol;
    readonly ports: string;
  }[];
  /** Addresses that answered, in order. */
  readonly hosts: readonly {
    readonly address: string;
    readonly names: readonly string[];
    /** Whether all that was asked for of it is known. */
    readonly complete: boolean;
    readonly open: readonly { readonly port: number; readonly protocol: Protocol }[];
  }[];
  readonly open: readonly {
    readonly address: string;
    readonly port: number;
    readonly protocol: Protocol;
  }[];
  readonly summary: {
    readonly addresses: number;
    /** As nmap says: with `-Pn`, addresses that do not answer are up as well. */
    readonly up: number;
    readonly down: number;
    readonly timed_out: number;
    readonly unknown: number;
    readonly answered: number;
    readonly open_ports: number;
  };
  readonly incomplete: readonly Incomplete[];
  readonly failure: ResultFailure | null;
  /** Null where it was not asked for. */
  readonly policy: {
    readonly ok: boolean;
    readonly unexpected: readonly JudgedPort[];
    readonly missing: readonly JudgedPort[];
    readonly unknown: readonly ResultPorts[];
    readonly not_checked: readonly ResultPorts[];
    readonly without_policy: readonly string[];
  } | null;
  readonly warnings: readonly string[];
}

/** What a result is made of. */
export interface ResultParts {
  readonly wanted: WantedTargets;
  readonly scanned: ScannedOnce;
  /** Why names, or lists of targets, are not known, one line each. */
  readonly problems: readonly string[];
  readonly nmap: ScanResult["nmap"];
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly seconds: number;
  readonly policy: PolicyCheck | undefined;
  readonly warnings: readonly string[];
}

/** Puts together what a scan found out, and what it did not. */
export function makeResult(parts: ResultParts): ScanResult {
  const { wanted, scanned: { findings, state }, problems, policy } = parts;
  const hosts = state.blocks.flatMap(({ items }) =>
    items.map(({ address, ...host }) => ({
      address: address.text,
      names: wanted.names.get(address.text) ?? [],
      complete: !findings.table.has(address, SEEN.gap),
      open: PROTOCOLS.flatMap((protocol) =>
        (host[protocol]?.open ?? []).map((port) => ({ port, protocol }))
      ),
    }))
  );
  const open = hosts.flatMap(({ address, open }) => open.map((port) => ({ address, ...port })));
  const counts = findings.count();
  const incomplete = [
    ...wanted.unresolved.map(incompleteName),
    ...findings.gaps().map(incompleteAddresses),
  ];
  const failure = failureOf(incomplete, problems);
  return {
    schema: SCHEMA_VERSION,
    status: failure === null ? "complete" : counts.known > 0 ? "partial" : "failed",
    started_at: new Date(parts.startedAt).toISOString(),
    seconds: round(parts.seconds),
    nmap: parts.nmap,
    targets: wanted.targets.map(({ name, networks, protocols, schedules }) => ({
      name,
      networks: networks.map(({ network }) => formatNetwork(network)),
      protocol: protocols[0]!,
      ports: schedules[0]!.portRange,
    })),
    hosts,
    open,
    summary: {
      addresses: findings.table.size,
      up: counts.up,
      down: counts.down,
      timed_out: counts.timedOut,
      unknown: counts.unknown,
      answered: counts.answered,
      open_ports: open.length,
    },
    incomplete,
    failure,
    policy: policy === undefined ? null : policyResult(policy),
    warnings: [...parts.warnings, ...problems],
  };
}

/** The result of a scan that was not begun; `startedAt` and `now` are Unix milliseconds. */
export function failedResult(
  failure: ResultFailure,
  { startedAt, now }: { readonly startedAt: number; readonly now: number },
): ScanResult {
  return {
    schema: SCHEMA_VERSION,
    status: "failed",
    started_at: new Date(startedAt).toISOString(),
    seconds: round((now - startedAt) / 1000),
    nmap: null,
    targets: [],
    hosts: [],
    open: [],
    summary: {
      ...{ addresses: 0, up: 0, down: 0, timed_out: 0, unknown: 0, answered: 0, open_ports: 0 },
    },
    incomplete: [],
    failure,
    policy: null,
    warnings: [],
  };
}

/** Whether a result is all that was asked for, and complies with the policy where that was asked. */
export function isGood({ failure, policy }: ScanResult): boolean {
  return failure === null && (policy === null || policy.ok);
}

function policyResult(check: PolicyCheck): NonNullable<ScanResult["policy"]> {
  const { unexpected, missing, unknown, notChecked, withoutPolicy } = check;
  const byPlace = (a: UnjudgedPorts, b: UnjudgedPorts) => a.name < b.name ? -1 : +(a.name > b.name);
  return {
    ok: unexpected.length + missing.length + unknown.length === 0,
    unexpected,
    missing,
    unknown: unknown.toSorted(byPlace).map(portsResult),
    not_checked: notChecked.toSorted(byPlace).map(portsResult),
    without_policy: withoutPolicy.map((network) =>
      isSingle(network) ? formatAddress(network.family, network.base) : formatNetwork(network)
    ),
  };
}

function portsResult({ name, place, protocol, ports }: UnjudgedPorts): ResultPorts {
  return { name, place, protocol, ports: `${ports}` };
}

function incompleteName({ target, protocol, portRange, message }: Unresolved): Incomplete {
  return {
    target,
    first: null,
    last: null,
    addresses: 0,
    protocol,
    ports: portRange,
    type: "unresolved",
    message,
  };
}

function incompleteAddresses(gap: Gap): Incomplete {
  const { first, last, count, protocol, portRange, type, message } = gap;
  return {
    target: null,
    first: first.text,
    last: compareAddresses(first, last) === 0 ? first.text : last.text,
    addresses: count,
    protocol,
    ports: portRange,
    type,
    message,
  };
}

/** The most telling of all reasons; that somebody stopped the scan tells more than what came of that. */
function failureOf(
  incomplete: readonly Incomplete[],
  problems: readonly string[],
): ResultFailure | null {
  for (const wanted of ["stopped", ...FAILURE_TYPES] as const) {
    const found = incomplete.find(({ type }) => type === wanted);
    if (found !== undefined) return { type: found.type, message: found.message };
    if (wanted === "unresolved" && problems.length > 0) {
      return { type: "unresolved", message: problems[0]! };
    }
  }
  return null;
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
