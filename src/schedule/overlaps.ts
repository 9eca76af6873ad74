import {
  addressBits,
  type Network,
  networkContains,
  subnetworkAt,
  subnetworkCount,
} from "../domain/network.ts";
import type { NmapOptions } from "../domain/scan.ts";

/** How the units of a network are scanned. */
export interface ScanRule {
  /** Place in the configuration: where units are equal, the lowest gives its text. */
  readonly order: number;
  readonly portRange: string;
  /** Seconds. */
  readonly interval: number;
  readonly options: ScanOptions;
}

/** How nmap is run. */
export interface ScanOptions {
  readonly nmap: NmapOptions;
  /** Seconds that one process may take. */
  readonly timeout: number;
  /** They are the target's own, not those that every target has. */
  readonly own: boolean;
}

/** A network that is to be scanned by a rule. */
export interface WantedNetwork {
  readonly network: Network;
  /** Where it stands in the plan. */
  readonly order: number;
  readonly rule: ScanRule;
}

/** IPv6 networks are split at 96 + `max_cidr_size`, so that both versions give units of equal size. */
export function unitPrefix({ family }: Network, maxCidrSize: number): number {
  return addressBits(family) - 32 + maxCidrSize;
}

/**
 * The same units, each in one network only and with one rule: networks that repeat others are left
 * out, and a broader one is cut where a rule differs inside it. Networks narrower than a unit are
 * units of their own, whatever they lie in. A unit that several rules want has the text of the first,
 * the shortest interval, and the options of the narrowest network that has its own.
 */
export function withoutOverlaps(
  wanted: readonly WantedNetwork[],
  maxCidrSize: number,
): WantedNetwork[] {
  const kept: WantedNetwork[] = [];
  /** Networks around the one that is looked at, the broadest first, each with what is cut out of it. */
  const around: { readonly outer: WantedNetwork; readonly holes: Network[] }[] = [];
  const cut: typeof around = [];
  for (const { network, order, rule } of mergeEqual(wanted)) {
    if (network.prefix > unitPrefix(network, maxCidrSize)) {
      kept.push({ network, order, rule });
      continue;
    }
    while (around.length > 0 && !contains(around.at(-1)!.outer.network, network)) around.pop();
    const parent = around.at(-1);
    const merged = parent === undefined
      ? rule
      : merge(parent.outer.rule, rule, ownOptions(rule, parent.outer.rule));
    if (parent !== undefined && sameRule(parent.outer.rule, merged)) continue;
    parent?.holes.push(network);
    const part = { outer: { network, order, rule: merged }, holes: [] };
    around.push(part);
    cut.push(part);
  }
  for (const { outer, holes } of cut) {
    for (const network of withoutHoles(outer.network, holes)) kept.push({ ...outer, network });
  }
  return kept;
}

/** Sorted by address, the broader first, and equal networks made one, the first of which goes ahead. */
function mergeEqual(wanted: readonly WantedNetwork[]): WantedNetwork[] {
  const sorted = [...wanted].sort(({ network: a }, { network: b }) =>
    a.family - b.family || (a.base < b.base ? -1 : a.base > b.base ? 1 : a.prefix - b.prefix)
  );
  const merged: WantedNetwork[] = [];
  for (const item of sorted) {
    const last = merged.at(-1);
    if (last === undefined || !equal(last.network, item.network)) merged.push(item);
    else {
      const order = Math.min(last.order, item.order);
      const rule = merge(last.rule, item.rule, ownOptions(last.rule, item.rule));
      merged[merged.length - 1] = { ...last, order, rule };
    }
  }
  return merged;
}

/** Options of the first that has its own. */
function ownOptions(a: ScanRule, b: ScanRule): ScanOptions {
  return a.options.own || !b.options.own ? a.options : b.options;
}

function merge(a: ScanRule, b: ScanRule, options: ScanOptions): ScanRule {
  const first = a.order <= b.order ? a : b;
  const interval = Math.min(a.interval, b.interval);
  const same = first.interval === interval && first.options === options;
  return same ? first : { ...first, interval, options };
}

function sameRule(a: ScanRule, b: ScanRule): boolean {
  if (a === b) return true;
  return a.interval === b.interval && a.portRange === b.portRange && sameOptions(a, b);
}

function sameOptions({ options: a }: ScanRule, { options: b }: ScanRule): boolean {
  if (a === b || (a.nmap === b.nmap && a.timeout === b.timeout)) return true;
  const keys = Object.keys(a.nmap) as (keyof NmapOptions)[];
  return a.timeout === b.timeout && keys.every((key) => a.nmap[key] === b.nmap[key]);
}

/** The fewest networks that have every address of `network` but those in `holes`, which lie in it apart and in order. */
function withoutHoles(network: Network, holes: readonly Network[]): Network[] {
  if (holes.length === 0) return [network];
  if (equal(holes[0]!, network)) return [];
  const prefix = network.prefix + 1;
  return Array.from({ length: subnetworkCount(network, prefix) }, (_, index) => {
    const half = subnetworkAt(network, prefix, index);
    return withoutHoles(half, holes.filter((hole) => contains(half, hole)));
  }).flat();
}

function contains(outer: Network, { family, base }: Network): boolean {
  return networkContains(outer, { family, value: base });
}

function equal(a: Network, b: Network): boolean {
  return a.family === b.family && a.base === b.base && a.prefix === b.prefix;
}
