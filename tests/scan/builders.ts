import { DEFAULTS as CONFIG_DEFAULTS } from "../../src/config/resolve.ts";
import { parseAddress } from "../../src/domain/address.ts";
import { formatNetwork, parseNetwork } from "../../src/domain/network.ts";
import { parsePorts, PortSet } from "../../src/domain/ports.ts";
import type {
  HostReport,
  NmapOptions,
  Protocol,
  ScanOutcome,
  ScanUnit,
} from "../../src/domain/scan.ts";
import type { Look } from "../../src/state/look.ts";
import { type ScanRecord, ScanRecords, type UnitSummary } from "../../src/state/scan_records.ts";

/** nmap options as the configuration's defaults give them. */
export const DEFAULTS: NmapOptions = CONFIG_DEFAULTS.scanning.nmap;

/** What `makeUnit` can be told. */
export interface UnitParts {
  readonly ports?: string;
  readonly protocol?: Protocol;
  /** Seconds. */
  readonly timeout?: number;
  readonly nmap?: Partial<NmapOptions>;
}

/**
 * A scan unit; ports 1 to 100, TCP and an hour unless told otherwise, at a rate at which a process
 * that looks at 100 ports of addresses that are not known to answer is given 16 of them.
 */
export function makeUnit(
  target: string,
  { ports = "1-100", protocol = "tcp", timeout = 3600, nmap = {} }: UnitParts = {},
): ScanUnit {
  const { network } = parseNetwork(target);
  return {
    key: { target: formatNetwork(network), portRange: ports, protocol },
    network,
    ports: parsePorts(ports),
    nmap: { ...DEFAULTS, minRate: Math.max(100, 12_800 / timeout), ...nmap },
    timeout,
  };
}

/** What a host's report can be told to say, in short forms. */
export interface HostParts extends Partial<Omit<HostReport, "open" | "closed" | "unreachable">> {
  /** Open TCP ports. */
  readonly open?: readonly number[];
  readonly openUdp?: readonly number[];
  /** TCP ports that could not be reached. */
  readonly unreachable?: string;
}

/** A host that is up and alive, with nothing open unless told otherwise. */
export function makeHost(address: string, parts: HostParts = {}): HostReport {
  const { open = [], openUdp = [], unreachable, ...rest } = parts;
  return {
    address: parseAddress(address).text,
    up: true,
    timedOut: false,
    alive: true,
    startTime: undefined,
    ...rest,
    open: { tcp: open, udp: openUdp },
    closed: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
    unreachable: {
      tcp: unreachable === undefined ? PortSet.EMPTY : parsePorts(unreachable),
      udp: PortSet.EMPTY,
    },
  };
}

/** The outcome of a complete process from 1 s to 2 s that scanned TCP ports 1 to 100. */
export function makeOutcome(
  hosts: readonly HostReport[],
  { ports = "1-100", udp = "", ...rest }: Partial<Omit<ScanOutcome, "covered" | "hosts">> & {
    readonly ports?: string;
    readonly udp?: string;
  } = {},
): ScanOutcome {
  const set = (text: string) => text === "" ? PortSet.EMPTY : parsePorts(text);
  return {
    failure: undefined,
    startedAt: 1000,
    endedAt: 2000,
    ...rest,
    hosts,
    covered: { tcp: set(ports), udp: set(udp) },
  };
}

/** A look at TCP ports 1 to 100 of 10.0.0.1 at 1 s, with nothing open unless told otherwise. */
export function makeLook(
  { covered = "1-100", ...rest }: Partial<Omit<Look, "covered">> & { covered?: string } = {},
): Look {
  return {
    address: "10.0.0.1",
    protocol: "tcp",
    open: [],
    alive: true,
    takenAt: 1000,
    ...rest,
    covered: covered === "" ? PortSet.EMPTY : parsePorts(covered),
  };
}

/** Records that are never pruned. */
export function makeRecords(
  { wallClock = () => 1_700_000_000_000 }: { readonly wallClock?: () => number } = {},
): ScanRecords {
  return new ScanRecords({
    wallClock,
    now: wallClock,
    requestedLimit: Infinity,
    requestedRetention: () => Infinity,
    onDropped: () => {},
  });
}

/** A configured record on its own. */
export function makeRecord(target: string, changes: Partial<ScanRecord> = {}): ScanRecord {
  const record = makeRecords().open(makeUnit(target), { configured: true });
  return Object.assign(record, changes);
}

/** The summary of a unit of one address that took 3 s and was complete. */
export function makeSummary(changes: Partial<UnitSummary> = {}): UnitSummary {
  return {
    end: "complete",
    failure: undefined,
    startedAt: 0,
    duration: 3,
    up: 1,
    down: 0,
    timedOut: 0,
    incomplete: 0,
    lookedAtAll: true,
    resumeAt: 0,
    ...changes,
  };
}
