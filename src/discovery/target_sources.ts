import type { Config, TargetConfig } from "../config/config.ts";
import { type DiscoveredTargets, discoveredTargets } from "../config/discovered.ts";
import type { Address } from "../domain/address.ts";
import { addressAt, addressBits, type Network } from "../domain/network.ts";
import type { DiscoveryProblem } from "./discovery.ts";
import {
  encodeKnown,
  type KnownValue,
  type Learnt,
  type LearntBatch,
  nameSource,
  readLearnt,
} from "./learnt.ts";
import { ListVersions } from "./list_versions.ts";
import type { MergedTargets } from "./merge_targets.ts";
import { NameBook } from "./name_book.ts";
import { type NamedNetworks, nameNetworks } from "./named_networks.ts";
import { type Resolution, resolveAll } from "./names.ts";
import { TargetLists } from "./target_lists.ts";
import type { TargetGroup } from "./target_group.ts";

/** Milliseconds for which changes are gathered. */
export const CHANGE_MS = 200;
/** The same while names are being looked up, of which there may be thousands. */
export const BUSY_CHANGE_MS = 5000;
/** Most names that `problems` repeats one by one. */
const MAX_SHOWN_NAMES = 10;

/** What says where targets come from. */
export type SourceConfig = Pick<
  Config,
  "targets" | "targetsFiles" | "targetsHttp" | "scanning"
>;

/** A host name that has no known address. */
export interface UnresolvedName {
  readonly target: TargetConfig;
  readonly hostName: string;
  /** One line a person can act on. */
  readonly message: string;
}

/** What became of a network before it is scanned. */
export type Recheck = "same" | "gone" | { readonly unresolved: string };

/** What target sources need. */
export interface TargetSourcesOptions {
  readonly config: SourceConfig;
  /** Absolute; where relative paths begin. */
  readonly workingDirectory: string;
  /** The header `User-Agent` of requests. */
  readonly userAgent: string;
  /** What `save` was given before; read at once. */
  readonly learnt: Iterable<Learnt>;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
  /** Stores what has to survive a restart. */
  readonly save: (batch: LearntBatch) => void;
  /** `targets` has changed; not called for what `replace` changes. */
  readonly onChange: () => void;
  /** A name that nothing is known of does not resolve: a failed scan, each time that it is tried. */
  readonly onUnresolved: (name: UnresolvedName) => void;
  /** For the log, once when a problem begins. */
  readonly onProblem: (message: string) => void;
  /** For the log, once when it is over. */
  readonly onRecovered: (message: string) => void;
  /** For the log, once: what a list says is allowed but unwise. */
  readonly onWarning: (message: string) => void;
  /** Finds the addresses of a name; never rejects. */
  readonly resolve?: (name: string) => Promise<Resolution>;
}

/**
 * What there is to scan now: the targets of the configuration, those of its lists, and the addresses
 * of the host names in both. What was last known is there from the beginning, and stays while a
 * list cannot be read or used, or a name does not resolve.
 */
export class TargetSources {
  readonly #options: TargetSourcesOptions;
  readonly #lists: TargetLists;
  readonly #names: NameBook;
  #config: SourceConfig;
  #read: (group: TargetGroup) => DiscoveredTargets;
  readonly #versions: ListVersions;
  #merged: Pick<MergedTargets, "targets" | "problems"> = { targets: [], problems: [] };
  #named: NamedNetworks;
  /** What the store holds; undefined for what cannot be read. */
  readonly #stored: Map<string, readonly unknown[] | undefined>;
  /** Lines about lists that were told. */
  #told: ReadonlySet<string> = new Set();
  readonly #due = new Set<"names" | "lists">();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(options: TargetSourcesOptions) {
    const { config, workingDirectory, userAgent, now, resolve = resolveAll } = options;
    const known = readLearnt(options.learnt);
    this.#options = options;
    this.#config = config;
    this.#read = groupReader(config);
    this.#stored = new Map(known.unreadable.map((source) => [source, undefined]));
    for (const [source, value] of known.bySource) this.#stored.set(source, contentOf(value));
    this.#lists = new TargetLists(config, {
      workingDirectory,
      userAgent,
      known,
      onChange: () => this.#listsChanged(),
      onProblem: (problem) => options.onProblem(listMessage(problem)),
      onRecovered: (source) => options.onRecovered(`${source} can be read again`),
    });
    this.#names = new NameBook({
      resolve,
      now,
      known: known.names,
      onChange: () => this.#schedule("names"),
      onUnknown: (hostName, message) => this.#unknown(hostName, message),
      onProblem: options.onProblem,
      onRecovered: options.onRecovered,
      onIdle: () => this.#idle(),
    });
    this.#versions = new ListVersions(this.#lists.all);
    this.#merge();
    this.#named = this.#addNetworks();
  }

  /** The targets, each with a network for every known address of its host names. */
  get targets(): readonly TargetConfig[] {
    return this.#named.targets;
  }

  /** Lists that could not be read or found the last time, or of which not all can be used. */
  get failingLists(): number {
    return new Set([...this.#lists.failing, ...this.#versions.failing]).size;
  }

  /** Host names that did not resolve the last time. */
  get unresolvedNames(): number {
    return this.#names.failures.length;
  }

  /** The last known addresses of a host name of some target, IPv4 first. */
  addressesOf(hostName: string): readonly Address[] {
    return this.#names.addressesOf(hostName);
  }

  /** What is wrong now, for people: one line each. */
  problems(): readonly string[] {
    const failures = this.#names.failures;
    const more = failures.length - MAX_SHOWN_NAMES;
    return [
      ...this.#lists.problems.map(listMessage),
      ...this.#merged.problems,
      ...failures.slice(0, MAX_SHOWN_NAMES),
      ...(more > 0 ? [`Cannot resolve ${more} more host names`] : []),
    ];
  }

  /** Begins to read, to ask and to resolve; resolves when files were read and are in use. */
  async start(): Promise<void> {
    this.#learn();
    this.#names.start();
    await this.#lists.start();
    if (this.#due.has("lists") && !this.#stopped) this.#publish();
  }

  /** Puts another configuration in place: `targets` is what is known of it at once. */
  replace(config: SourceConfig): void {
    this.#config = config;
    this.#read = groupReader(config);
    this.#lists.replace(config);
    this.#versions.update(this.#lists.all);
    this.#due.add("lists");
    this.#update();
  }

  /** Looks at nothing any more, and tells nothing; resolves when no list is being read. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#names.stop();
    await this.#lists.stop();
    this.#learn();
  }

  /** Whether a network is the address of a host name, of which `recheck` asks anew. */
  isNamed(network: Network): boolean {
    return network.prefix === addressBits(network.family) &&
      this.#named.origins.has(addressAt(network, 0));
  }

  /**
   * Whether a network that is about to be scanned is still what it was planned as. The address of a
   * host name is `gone` when the name has it no more; whether it does is asked anew.
   */
  async recheck(network: Network): Promise<Recheck> {
    if (network.prefix !== addressBits(network.family)) return "same";
    const origins = this.#named.origins.get(addressAt(network, 0));
    if (origins === undefined) return "same";
    const address = { family: network.family, value: network.base };
    const hostNames = new Set(origins.map(({ hostName }) => hostName));
    const verdicts = await Promise.all(
      Array.from(hostNames, (hostName) => this.#names.check(hostName, address)),
    );
    if (verdicts.includes("same")) return "same";
    return verdicts.find((verdict) => verdict !== "gone") ?? "gone";
  }

  #unknown(hostName: string, message: string): void {
    for (const target of this.#named.byName.get(hostName) ?? []) {
      this.#options.onUnresolved({ target, hostName, message });
    }
  }

  #listsChanged(): void {
    if (this.#versions.update(this.#lists.all)) this.#schedule("lists");
  }

  #schedule(what: "names" | "lists"): void {
    if (this.#stopped) return;
    this.#due.add(what);
    const delay = this.#names.busy ? BUSY_CHANGE_MS : CHANGE_MS;
    this.#timer ??= setTimeout(() => this.#publish(), delay);
  }

  #idle(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#publish(), CHANGE_MS);
  }

  #publish(): void {
    const before = this.#merged.targets;
    const isNamed = this.#due.has("names");
    this.#update();
    const { targets } = this.#merged;
    // What a list says may be no good, and then its targets stay the same objects.
    const isSame = targets.length === before.length &&
      targets.every((target, index) => target === before[index]);
    if (isNamed || !isSame) this.#options.onChange();
  }

  #update(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#due.has("lists")) this.#merge();
    this.#due.clear();
    this.#named = this.#addNetworks();
    this.#learn();
  }

  #merge(): void {
    const merged = this.#versions.merge(this.#config, { read: this.#read });
    this.#merged = merged;
    this.#names.replace(intervalsOf(merged.targets));
    const { problems, warnings, recovered } = merged;
    const told = this.#told;
    this.#told = new Set([...problems, ...warnings]);
    for (const line of problems) if (!told.has(line)) this.#options.onProblem(line);
    for (const line of warnings) if (!told.has(line)) this.#options.onWarning(line);
    for (const line of recovered) this.#options.onRecovered(line);
  }

  #addNetworks(): NamedNetworks {
    return nameNetworks(this.#merged.targets, (name) => this.#names.addressesOf(name));
  }

  /** Stores what is known now where the store holds something else, and deletes the rest. */
  #learn(): void {
    const known = new Map<string, KnownValue>();
    for (const [source, groups] of this.#versions.inUse) {
      known.set(source, { kind: "list", groups });
    }
    for (const [name, addresses] of this.#names.known()) {
      known.set(nameSource(name), { kind: "addresses", addresses });
    }
    const learnt: Learnt[] = [];
    for (const [source, value] of known) {
      // What says the same stays the same object.
      if (this.#stored.get(source) === contentOf(value)) continue;
      this.#stored.set(source, contentOf(value));
      learnt.push({ source, value: encodeKnown(value) });
    }
    const forgottenLearnt = [...this.#stored.keys()].filter((source) => !known.has(source));
    for (const source of forgottenLearnt) this.#stored.delete(source);
    if (learnt.length + forgottenLearnt.length > 0) this.#options.save({ learnt, forgottenLearnt });
  }
}

/** Makes targets of groups, once of each: a list that stays the same costs nothing. */
function groupReader(config: SourceConfig): (group: TargetGroup) => DiscoveredTargets {
  const known = new WeakMap<TargetGroup, DiscoveredTargets>();
  return (group) => {
    const found = known.get(group) ?? discoveredTargets(group, config);
    known.set(group, found);
    return found;
  };
}

/** The shortest interval of each host name, milliseconds. */
function intervalsOf(targets: readonly TargetConfig[]): ReadonlyMap<string, number> {
  const intervals = new Map<string, number>();
  for (const { hostNames, schedules } of targets) {
    if (hostNames.length === 0) continue;
    const own = Math.min(...schedules.map(({ interval }) => interval * 1000));
    for (const name of hostNames) {
      intervals.set(name, Math.min(own, intervals.get(name) ?? Infinity));
    }
  }
  return intervals;
}

function contentOf(value: KnownValue): readonly unknown[] {
  return value.kind === "list" ? value.groups : value.addresses;
}

function listMessage({ message, kept }: DiscoveryProblem): string {
  return kept ? `${message} (the last list is still used)` : message;
}
