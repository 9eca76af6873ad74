import type { HostReport } from "../domain/scan.ts";

/**
 * One report out of two on the same address, for nmap reports an address as often as it was named.
 * What was open in either is open; what either could reach for is reachable.
 */
export function mergeReports(a: HostReport, b: HostReport): HostReport {
  const alive = a.alive || b.alive;
  const startTime = a.startTime === undefined || b.startTime === undefined
    ? undefined
    : Math.min(a.startTime, b.startTime);
  // A report that says nothing of ports must not weaken one that does.
  if (informs(a) !== informs(b)) return { ...(informs(a) ? a : b), alive, startTime };
  return {
    address: a.address,
    up: a.up || b.up,
    timedOut: a.timedOut && b.timedOut,
    alive,
    startTime,
    open: { tcp: union(a.open.tcp, b.open.tcp), udp: union(a.open.udp, b.open.udp) },
    closed: {
      tcp: a.closed.tcp.union(b.closed.tcp),
      udp: a.closed.udp.union(b.closed.udp),
    },
    unreachable: {
      tcp: a.unreachable.tcp.intersect(b.unreachable.tcp),
      udp: a.unreachable.udp.intersect(b.unreachable.udp),
    },
  };
}

function informs(report: HostReport): boolean {
  return report.up && !report.timedOut;
}

function union(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
