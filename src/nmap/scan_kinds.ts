import type { NmapOptions, Protocol } from "../domain/scan.ts";

/** How ports are probed, as far as nmap needs rights for it: UDP, or a technique of TCP. */
export type ScanKind = "udp" | NmapOptions["technique"];

/** The kinds that are among `scans`. */
export function scanKinds(
  scans: Iterable<{ readonly protocol: Protocol; readonly nmap: NmapOptions }>,
): ReadonlySet<ScanKind> {
  const kinds = new Set<ScanKind>();
  for (const { protocol, nmap } of scans) kinds.add(protocol === "udp" ? "udp" : nmap.technique);
  return kinds;
}

/** Whether scans of these kinds fail where nmap may not open raw sockets. */
export function failWithoutRawSockets(kinds: ReadonlySet<ScanKind>): boolean {
  return kinds.has("syn") || kinds.has("udp");
}

/** What becomes of scans of these kinds where nmap may not open raw sockets; undefined when nothing does. */
export function withoutRawSockets(kinds: ReadonlySet<ScanKind>): string | undefined {
  if (!kinds.has("auto") && !failWithoutRawSockets(kinds)) return undefined;
  const effects: string[] = [];
  if (kinds.has("auto")) effects.push("TCP ports are scanned with connect()");
  if (kinds.has("syn")) effects.push("SYN scans fail");
  if (effects.length === 0) effects.push("TCP scans work");
  if (kinds.has("udp")) effects.push("UDP scans fail");
  return effects.join(", ");
}
