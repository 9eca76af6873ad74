import type { Config, TargetConfig } from "../config/config.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { Protocol } from "../domain/scan.ts";
import { makeForecast } from "../forecast/forecast.ts";
import { type PlannedTarget, planTargets } from "../schedule/plan.ts";
import { promString } from "./promql.ts";
import { unitPattern } from "./unit_pattern.ts";

/** Most networks of the same ports that matchers tell apart, and most of those that are named. */
const MAX_PATTERNS = 500;
const MAX_NAMED = 200;
/** Share of its interval, and most seconds, over which the schedule spreads what became due while down. */
const SPREAD_SHARE = 0.1;
const MAX_SPREAD = 600;
/** Seconds for what a scrape and an evaluation add to the age of a scan. */
const SCRAPE_SLACK = 60;
/** Most seconds for which scans of other intervals may keep all workers busy. */
const MAX_WAIT = 300;
/** Seconds for which failures are borne with, where a turn comes sooner. */
const MIN_FAILING = 900;
/** Seconds: how far back counters are compared, as Prometheus keeps 15 days unless told otherwise. */
const MAX_LOOKBACK = 7 * 86_400;
/** Addresses of host names: nobody knows which before they are asked for. */
const SINGLE_ADDRESS = ".+/(?:32|128)";

/** Scan keys with the same name in the alerts. */
export interface Selection {
  /** Label matchers, joined by commas. */
  readonly matchers: string;
  /** Of the target that they are of, where it has a name of its own. */
  readonly name: string | undefined;
}

/** Scan keys that are due at the same interval, and when they are late. All in seconds. */
export interface ScanClass {
  readonly interval: number;
  /** By how much a scan may be later than its interval says. */
  readonly slack: number;
  /** Age of the last complete scan from which on one and the next are missing. */
  readonly staleAfter: number;
  /** Time without a complete scan from which on failures count. */
  readonly failingAfter: number;
  /** The same two as times that Prometheus can look back. */
  readonly neverLookback: number;
  readonly failingLookback: number;
  readonly selections: readonly Selection[];
}

/** Scan keys that differ in `target` alone. */
interface Bucket {
  readonly portRange: string;
  readonly protocol: Protocol;
  /** By pattern. */
  readonly networks: Map<string, { readonly interval: number; readonly name: string | undefined }>;
  /** Intervals of targets whose addresses are not known yet. */
  readonly names: number[];
  readonly lists: number[];
}

/**
 * What is scanned how often, as matchers of scan keys. Their number and length follow what is written, not
 * the units. Targets that lists will add are taken to have the defaults of `scanning`.
 */
export function scanClasses(config: Config): ScanClass[] {
  const byInterval = new Map<number, Selection[]>();
  for (const bucket of buckets(config)) {
    for (const [interval, selection] of selectionsOf(bucket)) {
      const selections = byInterval.get(interval) ?? [];
      selections.push(selection);
      byInterval.set(interval, selections);
    }
  }
  const slackOf = slacks(config);
  return [...byInterval].sort(([a], [b]) => a - b).map(([interval, selections]) => {
    const slack = slackOf(interval);
    const staleAfter = roundUp(2 * interval + slack);
    const failingAfter = roundUp(interval + Math.min(interval, MIN_FAILING) + slack);
    return {
      interval,
      slack,
      staleAfter,
      failingAfter,
      // Not before a first scan can be over.
      neverLookback: Math.min(staleAfter, Math.max(MAX_LOOKBACK, roundUp(slack))),
      failingLookback: Math.min(failingAfter, MAX_LOOKBACK),
      selections,
    };
  });
}

/** Whole minutes, or tens of seconds below ten minutes. */
function roundUp(seconds: number): number {
  const step = seconds < 600 ? 10 : 60;
  return Math.ceil(seconds / step) * step;
}

/** By how much a scan with an interval may be late when all is well: an estimate, at most an interval more. */
function slacks(config: Config): (interval: number) => number {
  const { targets, load } = makeForecast(config);
  const longest = new Map<number, number>();
  for (const { interval, cost } of targets.flatMap(({ schedules }) => schedules)) {
    if (cost === "known") continue;
    longest.set(interval, Math.max(longest.get(interval) ?? 0, cost.seconds));
  }
  return (interval) => {
    const round = Math.min(interval, Math.max(longest.get(interval) ?? 0, load * interval));
    const spread = Math.min(SPREAD_SHARE * interval, MAX_SPREAD);
    const others = [...longest].filter(([each]) => each !== interval).map(([, seconds]) => seconds);
    const wait = Math.min(MAX_WAIT, others.reduce((most, each) => Math.max(most, each), 0));
    return Math.ceil(SCRAPE_SLACK + round + spread + wait);
  };
}

function buckets(config: Config): Iterable<Bucket> {
  const found = new Map<string, Bucket>();
  const bucketOf = (portRange: string, protocol: Protocol): Bucket => {
    const id = `${protocol} ${portRange}`;
    const bucket = found.get(id) ??
      { portRange, protocol, networks: new Map(), names: [], lists: [] };
    found.set(id, bucket);
    return bucket;
  };
  const nameOf = namesOf(config.targets);
  for (const planned of planTargets(config)) {
    const { interval, network, unitPrefix, portRange, protocol } = planned;
    bucketOf(portRange, protocol).networks
      .set(unitPattern(network, unitPrefix), { interval, name: nameOf(planned) });
  }
  for (const { hostNames, protocols, schedules } of config.targets) {
    if (hostNames.length === 0) continue;
    for (const { portRange, interval } of schedules) {
      for (const protocol of protocols) bucketOf(portRange, protocol).names.push(interval);
    }
  }
  if (config.targetsFiles.length + config.targetsHttp.length > 0) {
    const { portRange, interval, udpScan } = config.scanning;
    for (const protocol of udpScan ? ["tcp", "udp"] as const : ["tcp"] as const) {
      bucketOf(portRange, protocol).lists.push(interval);
    }
  }
  return found.values();
}

/** The name of the narrowest target that asks for a scan, if it is not just its text. */
function namesOf(targets: readonly TargetConfig[]): (planned: PlannedTarget) => string | undefined {
  const index = new NetworkIndex<{ readonly prefix: number; readonly target: TargetConfig }>();
  for (const target of targets) {
    if (target.texts.includes(target.name)) continue;
    for (const { network } of target.networks) {
      index.add(network, { prefix: network.prefix, target });
    }
  }
  return ({ network, portRange, protocol }) => {
    let narrowest = -1;
    let name: string | undefined;
    for (const { prefix, target } of index.containing({ ...network, value: network.base })) {
      const asks = target.protocols.includes(protocol) &&
        target.schedules.some((schedule) => schedule.portRange === portRange);
      if (!asks || prefix > network.prefix || prefix <= narrowest) continue;
      narrowest = prefix;
      name = target.name;
    }
    return name;
  };
}

/** Networks that have the same interval and name. */
interface Group {
  readonly interval: number;
  readonly name: string | undefined;
  readonly patterns: string[];
}

function groupsOf({ networks }: Bucket): Group[] {
  const named = [...networks.values()].filter(({ name }) => name !== undefined);
  const groups = new Map<string, Group>();
  for (const [pattern, network] of networks) {
    const { interval } = network;
    const name = named.length <= MAX_NAMED ? network.name : undefined;
    const id = JSON.stringify([interval, name]);
    const group = groups.get(id) ?? { interval, name, patterns: [] };
    group.patterns.push(pattern);
    groups.set(id, group);
  }
  return [...groups.values()];
}

/** As many groups as matchers can tell apart: the largest of too many are what is left over. */
function apartOf(groups: readonly Group[]): Group[] {
  let room = MAX_PATTERNS;
  const bySize = groups.toSorted((a, b) => a.patterns.length - b.patterns.length);
  const fitting = bySize.filter(({ patterns }) => (room -= patterns.length) >= 0);
  return groups.filter((group) => fitting.includes(group));
}

function selectionsOf(bucket: Bucket): [interval: number, selection: Selection][] {
  const { portRange, protocol, names, lists } = bucket;
  const groups = groupsOf(bucket);
  const apart = apartOf(groups);
  const merged = groups.filter((group) => !apart.includes(group));
  const base = `port_range=${promString(portRange)},protocol="${protocol}"`;
  const selections = apart.map(({ interval, name, patterns }) =>
    [interval, { matchers: `${targetMatcher("=~", patterns)},${base}`, name }] as [
      number,
      Selection,
    ]
  );
  const others = [...names, ...lists, ...merged.map(({ interval }) => interval)];
  if (others.length === 0) return selections;
  const matchers = [
    ...(lists.length + merged.length === 0 ? [targetMatcher("=~", [SINGLE_ADDRESS])] : []),
    ...(apart.length > 0 ? [targetMatcher("!~", apart.flatMap(({ patterns }) => patterns))] : []),
    base,
  ];
  // One interval for all that cannot be told apart: the longest, which alarms for none too soon.
  const interval = others.reduce((longest, each) => Math.max(longest, each));
  return [...selections, [interval, { matchers: matchers.join(","), name: undefined }]];
}

function targetMatcher(operator: "=~" | "!~", patterns: readonly string[]): string {
  const [only, ...rest] = patterns;
  if (operator === "=~" && rest.length === 0 && /^(?:[0-9a-f:/]|\[\.\])*$/.test(only!)) {
    return `target=${promString(only!.replaceAll("[.]", "."))}`;
  }
  return `target${operator}${promString(patterns.join("|"))}`;
}
