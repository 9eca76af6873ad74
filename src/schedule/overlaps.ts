import {
  addressBits,
  compareNetworks,
  containsNetwork,
  type Network,
  subnetworkAt,
  subnetworkCount,
} from "../domain/network.ts";
import { sameRule, type ScanRule } from "./scan_rule.ts";

/** A network that is to be scanned by a rule. */
export interface WantedNetwork {
  readonly network: Network;
  /** Prefix length of what was written, out of which `network` may have been cut. */
  readonly writtenPrefix: number;
  /** Where it stands in the plan. */
  readonly order: number;
  /** Where in the configuration the text of its ports stands: where units are equal, the lowest gives its text. */
  readonly textOrder: number;
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
  for (const item of mergeEqual(wanted)) {
    const { network } = item;
    if (network.prefix > unitPrefix(network, maxCidrSize)) {
      kept.push(item);
      continue;
    }
    while (around.length > 0 && !containsNetwork(around.at(-1)!.outer.network, network)) {
      around.pop();
    }
    const parent = around.at(-1);
    const outer = parent === undefined ? item : merge(item, parent.outer);
    if (parent !== undefined && sameRule(parent.outer.rule, outer.rule)) {
      // What lies in it is held against its text, and cut out of what it is scanned with.
      around.push({ outer, holes: parent.holes });
      continue;
    }
    parent?.holes.push(network);
    const part = { outer, holes: [] };
    around.push(part);
    cut.push(part);
  }
  for (const { outer, holes } of cut) {
    if (holes.length === 0) kept.push(outer);
    else for (const network of withoutHoles(outer.network, holes)) kept.push({ ...outer, network });
  }
  return kept;
}

/** Sorted by address, the broader first, and equal networks made one, the first of which goes ahead. */
function mergeEqual(wanted: readonly WantedNetwork[]): WantedNetwork[] {
  const sorted = wanted.toSorted((a, b) =>
    compareNetworks(a.network, b.network) || b.writtenPrefix - a.writtenPrefix
  );
  const merged: WantedNetwork[] = [];
  for (const item of sorted) {
    const last = merged.at(-1);
    if (last === undefined || !equal(last.network, item.network)) merged.push(item);
    else {
      const order = Math.min(last.order, item.order);
      merged[merged.length - 1] = { ...merge(last, item), order };
    }
  }
  return merged;
}

/** What the narrower of two wants, or the first of two equal ones, with the rule that both come to. */
function merge(narrow: WantedNetwork, broad: WantedNetwork): WantedNetwork {
  const first = narrow.textOrder <= broad.textOrder ? narrow : broad;
  const { options, own } = narrow.rule.own || !broad.rule.own ? narrow.rule : broad.rule;
  const interval = Math.min(narrow.rule.interval, broad.rule.interval);
  const { rule, textOrder } = first;
  // Equal but for sweeps of known ports, where they are what is expected: of either.
  const ports = rule.what.ports.union(narrow.rule.what.ports).union(broad.rule.what.ports);
  const what = ports === rule.what.ports ? rule.what : { ...rule.what, ports };
  const same = rule.interval === interval && rule.options === options && rule.what === what;
  return { ...narrow, textOrder, rule: same ? rule : { what, interval, options, own } };
}

/** The fewest networks that have every address of `network` but those in `holes`, which lie in it apart and in order. */
function withoutHoles(network: Network, holes: readonly Network[]): Network[] {
  if (holes.length === 0) return [network];
  if (equal(holes[0]!, network)) return [];
  const prefix = network.prefix + 1;
  return Array.from({ length: subnetworkCount(network, prefix) }, (_, index) => {
    const half = subnetworkAt(network, prefix, index);
    return withoutHoles(half, holes.filter((hole) => containsNetwork(half, hole)));
  }).flat();
}

function equal(a: Network, b: Network): boolean {
  return a.family === b.family && a.base === b.base && a.prefix === b.prefix;
}
