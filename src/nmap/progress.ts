import type { ScanJob, ScanProgress } from "../domain/scan.ts";

/** What a `taskprogress` element says. */
export interface TaskProgress {
  /** What nmap is doing with one group of hosts; each task of each group counts from 0. */
  readonly task: string;
  /** 0 to 100. */
  readonly percent: number;
  /** Seconds that the task will take from now on; undefined where nmap did not say. */
  readonly remaining: number | undefined;
  /** Hosts that were reported whole before. */
  readonly reported: number;
}

/** Tasks that look at ports; what goes before them (`Ping Scan`, `ARP Ping Scan`) is little beside them. */
const PORT_SCANS = new Set(["SYN Stealth Scan", "Connect Scan", "UDP Scan"]);
/** Ports from which on nmap takes a small first group, and its size (`determineScanGroupSize` in nmap.cc). */
const MANY_PORTS = 1000;
const QUICK_GROUP = 4;

/** The last release that says how far it is without a terminal of its own (7.93; 7.95 does not). */
const LAST_TELLING = 7.93;

/**
 * Whether nmap of this version says how far it is to nobody but a terminal, as long as it is not verbose:
 * then it does so after 30 s, and each 30 s, whatever `--stats-every` says.
 */
export function tellsOnlyVerbosely(version: string): boolean {
  return !(Number.parseFloat(version) <= LAST_TELLING);
}

/** How far the whole process is, going by what nmap says of its current group; undefined for what is no scan of ports. */
export function processProgress(
  { task, percent, remaining, reported }: TaskProgress,
  { addresses, ports, protocol }: Pick<ScanJob, "addresses" | "ports" | "protocol">,
): ScanProgress | undefined {
  if (!PORT_SCANS.has(task)) return undefined;
  const left = Math.max(0, addresses.length - reported);
  const group = Math.min(left, groupSize({ protocol, ports: ports.size, reported }));
  const done = reported + group * percent / 100;
  return {
    task,
    percent: Math.min(100, 100 * done / addresses.length),
    remaining: group === left ? remaining : undefined,
  };
}

/** Hosts that nmap scans together (`determineScanGroupSize` in nmap.cc). */
function groupSize(
  { protocol, ports, reported }: { protocol: string; ports: number; reported: number },
): number {
  if (protocol === "udp") return 128;
  const full = Math.max(64, Math.floor(1024 / ports));
  if (ports <= MANY_PORTS || reported > QUICK_GROUP) return full;
  return reported === 0 ? QUICK_GROUP : full - QUICK_GROUP;
}
