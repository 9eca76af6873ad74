import type { PortSet } from "../domain/ports.ts";
import type { NmapOptions, Protocol } from "../domain/scan.ts";

/** Ports and protocol of a scan, with the text that its label shows. */
export interface ScanWhat {
  readonly protocol: Protocol;
  readonly ports: PortSet;
  readonly portRange: string;
}

/** How networks are split into units and nmap is run. */
export interface ScanOptions {
  readonly maxCidrSize: number;
  readonly nmap: NmapOptions;
  /** Seconds that one process may take. */
  readonly timeout: number;
}

/** How the units of a network are scanned; one object for as many networks as can share it. */
export interface ScanRule {
  readonly what: ScanWhat;
  /** Seconds. */
  readonly interval: number;
  readonly options: ScanOptions;
  /** The options are the target's own, not those that every target has. */
  readonly own: boolean;
}

/** Whether both rules scan the same ports, under the same text, in the same way. */
export function sameRule(a: ScanRule, b: ScanRule): boolean {
  if (a === b) return true;
  return a.interval === b.interval && a.what.portRange === b.what.portRange &&
    a.what.protocol === b.what.protocol && a.what.ports.equals(b.what.ports) &&
    sameOptions(a.options, b.options);
}

function sameOptions(a: ScanOptions, b: ScanOptions): boolean {
  if (a === b) return true;
  if (a.timeout !== b.timeout || a.maxCidrSize !== b.maxCidrSize) return false;
  const keys = Object.keys(a.nmap) as (keyof NmapOptions)[];
  return a.nmap === b.nmap || keys.every((key) => a.nmap[key] === b.nmap[key]);
}
