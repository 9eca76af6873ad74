import { type Address, compareAddresses, parseAddress } from "../domain/address.ts";
import { type PortRange, PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { HostDetail, HostSummary } from "./host_view.ts";
import type { Look } from "./look.ts";
import type { SavedClosedPort, SavedHost } from "./saved_state.ts";

/** A port whose state changed between two looks. */
export interface PortChange {
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly type: "closed_to_open" | "open_to_closed";
  /** When it was seen, unix milliseconds: the same as the port's last change. */
  readonly time: number;
}

/** Ports of one address and protocol that need another look before they are believed. */
export interface Doubt {
  readonly address: string;
  readonly protocol: Protocol;
  /** Ascending. */
  readonly ports: readonly number[];
  /** When the look that raised the doubt was taken. */
  readonly takenAt: number;
  /** `vanished`: was open, is not now. `contradicted`: an older look, come late, says otherwise than a younger one. */
  readonly reason: "vanished" | "contradicted";
}

/**
 * How far a look is believed. `openings`: a port that is not open any more stays open and is doubted.
 * `closings`: it is closed at once, and only what a younger look contradicts is doubted.
 * `everything`: this already is the second look, and nothing is doubted any more.
 */
export type Trust = "openings" | "closings" | "everything";

/** What applying some looks did. */
export interface Applied {
  readonly changes: PortChange[];
  readonly doubts: Doubt[];
}

/** A port that is, or was, open. */
export interface PortStatus {
  readonly port: number;
  readonly protocol: Protocol;
  readonly open: boolean;
}

/** A part of the coverage of one address and protocol: ports that were last looked at together. */
interface Layer {
  readonly ports: PortSet;
  readonly takenAt: number;
}

interface ProtocolState {
  /** Disjoint; together they are everything ever covered. */
  layers: Layer[];
  /** Ascending; the two arrays after it run beside it, in unix milliseconds. */
  open: number[];
  firstSeen: number[];
  lastChange: number[];
  closed: Map<number, ClosedPort> | undefined;
}

/** A port that was open and is closed now; times in unix milliseconds. */
interface ClosedPort {
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly closedAt: number;
}

interface HostState {
  readonly address: Address;
  /** When something first answered, unix milliseconds. */
  firstAlive: number | undefined;
  /** When the last look was taken that something answered, on the monotonic clock. */
  lastAlive: number | undefined;
  tcp?: ProtocolState;
  udp?: ProtocolState;
}

/** Options of `PortState`. */
export interface PortStateOptions {
  /** Wall clock, unix milliseconds. */
  readonly wallClock: () => number;
  /** Milliseconds on the clock that dates looks, which is never set back. */
  readonly now: () => number;
  /** Milliseconds after which a closed port is forgotten. */
  readonly closedRetention: number;
}

/** What changed since it was last asked for, to be stored. */
export interface UnsavedHosts {
  readonly hosts: SavedHost[];
  readonly forgottenHosts: (readonly [address: string, protocol: Protocol])[];
}

/**
 * What is known of every address: which ports are open, which were, and which have been looked at when.
 *
 * The only way in is `apply`, which is synchronous: whoever reads sees a batch whole or not at all.
 */
export class PortState {
  readonly #hosts = new Map<string, HostState>();
  readonly #options: PortStateOptions;
  /** Milliseconds after which a closed port is forgotten. */
  closedRetention: number;
  #ordered: HostState[] | undefined;
  readonly #unsaved: Record<Protocol, Set<string>> = { tcp: new Set(), udp: new Set() };

  constructor(options: PortStateOptions) {
    this.#options = options;
    this.closedRetention = options.closedRetention;
  }

  /** Number of addresses that anything is known of. */
  get size(): number {
    return this.#hosts.size;
  }

  /** Whether this look would cover a port of its address for the first time. */
  addsCoverage(look: Look): boolean {
    const state = this.#hosts.get(look.address)?.[look.protocol];
    return state === undefined || uncovered(state, look.covered).size > 0;
  }

  /** Ports of an address and protocol that are open, ascending. */
  openPorts({ address, protocol }: Pick<Look, "address" | "protocol">): readonly number[] {
    return this.#hosts.get(address)?.[protocol]?.open ?? [];
  }

  /** Applies looks (contract, section 5); what `trust` does not cover comes back as doubts. */
  apply(looks: readonly Look[], trust: Trust): Applied {
    const applied: Applied = { changes: [], doubts: [] };
    for (const look of looks) this.#applyLook(look, trust, applied);
    return applied;
  }

  #applyLook(look: Look, trust: Trust, { changes, doubts }: Applied): void {
    const believeClosings = trust !== "openings";
    const { address, protocol, takenAt } = look;
    const host = this.#host(address);
    if (look.alive) {
      host.firstAlive ??= this.#wallTime(takenAt);
      host.lastAlive = Math.max(host.lastAlive ?? takenAt, takenAt);
    }
    const state = host[protocol] ??= noPorts();
    this.#unsaved[protocol].add(address);
    const openNow = new Set(look.open);

    const younger = state.layers.filter((layer) => layer.takenAt > takenAt);
    const overruled = younger.reduce(
      (ports, layer) => ports.union(layer.ports.intersect(look.covered)),
      PortSet.EMPTY,
    );
    let fresh = look.covered.subtract(overruled);

    const seenAt = this.#wallTime(takenAt);
    const opened = new Map<number, number>();
    for (const port of look.open) {
      if (!fresh.has(port) || includes(state.open, port)) continue;
      opened.set(port, state.closed?.get(port)?.firstSeen ?? seenAt);
      // The first look at a port is its baseline: nothing was known before that could have changed.
      if (isCovered(state, port)) {
        changes.push({ address, protocol, port, type: "closed_to_open", time: seenAt });
      }
      state.closed?.delete(port);
    }

    const vanished = state.open.filter((port) => fresh.has(port) && !openNow.has(port));
    if (vanished.length > 0 && believeClosings) {
      const time = this.#close(state, vanished);
      for (const port of vanished) {
        changes.push({ address, protocol, port, type: "open_to_closed", time });
      }
    } else if (vanished.length > 0) {
      // Doubted ports keep the age of the look that saw them open: this one decides nothing for them.
      fresh = fresh.subtract(PortSet.of(vanished));
      doubts.push({ address, protocol, ports: vanished, takenAt, reason: "vanished" });
    }
    if (opened.size > 0) addOpen(state, opened, seenAt);

    const contradicted = contradictions(state, overruled, openNow);
    if (contradicted.length > 0 && trust !== "everything") {
      doubts.push({ address, protocol, ports: contradicted, takenAt, reason: "contradicted" });
    }
    state.layers = withLayer(state.layers, { ports: fresh, takenAt });
  }

  /** Moves open ports to the closed ones; returns the time that they closed by. */
  #close(state: ProtocolState, ports: readonly number[]): number {
    const closedAt = this.#options.wallClock();
    const gone = new Set(ports);
    const closed = state.closed ??= new Map<number, ClosedPort>();
    const keep = state.open.map((port, index) => {
      if (!gone.has(port)) return true;
      const firstSeen = state.firstSeen[index]!;
      closed.set(port, { firstSeen, lastSeen: this.#lastSeen(state, port), closedAt });
      return false;
    });
    keepOpen(state, keep);
    return closedAt;
  }

  /** When an open port was last seen open, unix milliseconds: at the last look that covers it. */
  #lastSeen({ layers }: ProtocolState, port: number): number {
    const layer = layers.find(({ ports }) => ports.has(port));
    return this.#wallTime(layer?.takenAt ?? this.#options.now());
  }

  #wallTime(monotonic: number): number {
    return Math.round(this.#options.wallClock() - this.#options.now() + monotonic);
  }

  #host(address: string): HostState {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = { address: parseAddress(address), firstAlive: undefined, lastAlive: undefined };
      this.#hosts.set(address, host);
      this.#ordered = undefined;
    }
    return host;
  }

  /** Addresses in order, each with the number of open ports, for those that ever answered. */
  *openCounts(): Iterable<readonly [address: string, open: number]> {
    for (const host of this.#inOrder()) {
      if (host.firstAlive !== undefined) yield [host.address.text, openCount(host)];
    }
  }

  /** Ports that are open or were, in order of address, protocol and port. */
  *ports(): Iterable<readonly [address: string, status: PortStatus]> {
    this.forgetClosed();
    for (const host of this.#inOrder()) {
      for (const protocol of PROTOCOLS) {
        const state = host[protocol];
        if (state === undefined) continue;
        for (const port of state.open) yield [host.address.text, { port, protocol, open: true }];
        for (const port of [...state.closed?.keys() ?? []].sort((a, b) => a - b)) {
          yield [host.address.text, { port, protocol, open: false }];
        }
      }
    }
  }

  /** Forgets ports that closed longer ago than the retention. */
  forgetClosed(): void {
    const before = this.#options.wallClock() - this.closedRetention;
    for (const host of this.#hosts.values()) {
      for (const protocol of PROTOCOLS) {
        for (const [port, { closedAt }] of host[protocol]?.closed ?? []) {
          if (closedAt >= before) continue;
          host[protocol]!.closed!.delete(port);
          this.#unsaved[protocol].add(host.address.text);
        }
      }
    }
  }

  /** Addresses that ever answered, in order, those after `after`; with `open`, only those with or without open ports. */
  list({ open, limit, after }: {
    open: boolean | undefined;
    limit: number;
    after: string | undefined;
  }): { hosts: HostSummary[]; next: string | undefined } {
    const start = after === undefined ? undefined : parseAddress(after);
    const hosts: HostSummary[] = [];
    for (const host of this.#inOrder()) {
      if (host.firstAlive === undefined) continue;
      if (start !== undefined && compareAddresses(host.address, start) <= 0) continue;
      if (open !== undefined && (openCount(host) > 0) !== open) continue;
      if (hosts.length === limit) return { hosts, next: hosts.at(-1)!.ip };
      hosts.push(this.#summary(host));
    }
    return { hosts, next: undefined };
  }

  /** What is known of one address; undefined when it was never looked at. */
  describe(address: string): HostDetail | undefined {
    const host = this.#hosts.get(address);
    if (host === undefined) return undefined;
    const ports = PROTOCOLS.flatMap((protocol) => {
      const state = host[protocol];
      if (state === undefined) return [];
      const open = state.open.map((port, index) => ({
        port,
        protocol,
        state: "open" as const,
        firstSeen: state.firstSeen[index]!,
        lastSeen: this.#lastSeen(state, port),
        lastChange: state.lastChange[index]!,
      }));
      const closed = [...state.closed ?? []].map(([port, { firstSeen, lastSeen, closedAt }]) => ({
        port,
        protocol,
        state: "closed" as const,
        firstSeen,
        lastSeen,
        lastChange: closedAt,
      }));
      return [...open, ...closed].sort((a, b) => a.port - b.port);
    });
    return { ...this.#summary(host), ports };
  }

  #summary(host: HostState): HostSummary {
    const { firstAlive, lastAlive } = host;
    return {
      ip: host.address.text,
      openPorts: openCount(host),
      ...(firstAlive !== undefined && { firstSeen: firstAlive }),
      ...(lastAlive !== undefined && { lastSeen: this.#wallTime(lastAlive) }),
    };
  }

  /** What changed since this was last asked for, as it is now. */
  takeUnsaved(): UnsavedHosts {
    const unsaved: UnsavedHosts = { hosts: [], forgottenHosts: [] };
    for (const protocol of PROTOCOLS) {
      for (const address of this.#unsaved[protocol]) {
        const host = this.#hosts.get(address);
        if (host?.[protocol] === undefined) unsaved.forgottenHosts.push([address, protocol]);
        else unsaved.hosts.push(this.#saved(host, protocol));
      }
      this.#unsaved[protocol].clear();
    }
    return unsaved;
  }

  #saved(host: HostState, protocol: Protocol): SavedHost {
    const { layers, open, firstSeen, lastChange, closed } = host[protocol]!;
    const { firstAlive, lastAlive } = host;
    return {
      address: host.address.text,
      protocol,
      everAlive: firstAlive !== undefined,
      firstSeen: firstAlive,
      lastSeen: lastAlive === undefined ? undefined : this.#wallTime(lastAlive),
      layers: layers.map(({ ports, takenAt }) => [`${ports}`, this.#wallTime(takenAt)] as const),
      open: open.map((port, index) => [port, firstSeen[index]!, lastChange[index]!] as const),
      closed: [...closed ?? []].map(([port, times]): SavedClosedPort => [
        port,
        times.firstSeen,
        times.lastSeen,
        times.closedAt,
      ]),
    };
  }

  /**
   * Takes over what an earlier process stored. Its looks are older than any of this process, even if
   * the wall clock was set back meanwhile.
   */
  restore(hosts: Iterable<SavedHost>): void {
    const known = new Map<string, PortSet>();
    const now = this.#options.now();
    const wallNow = this.#options.wallClock();
    const monotonic = (unix: number) => Math.min(unix - wallNow + now, now);
    for (const saved of hosts) {
      const host = this.#host(saved.address);
      if (saved.firstSeen !== undefined) {
        host.firstAlive = Math.min(host.firstAlive ?? Infinity, saved.firstSeen);
      }
      if (saved.lastSeen !== undefined) {
        host.lastAlive = Math.max(host.lastAlive ?? -Infinity, monotonic(saved.lastSeen));
      }
      host[saved.protocol] = {
        layers: saved.layers.map(([text, takenAt]) => {
          let ports = known.get(text);
          if (ports === undefined) known.set(text, ports = parsePortText(text));
          return { ports, takenAt: monotonic(takenAt) };
        }),
        open: saved.open.map(([port]) => port),
        firstSeen: saved.open.map(([, firstSeen]) => firstSeen),
        lastChange: saved.open.map(([, , lastChange]) => lastChange),
        closed: saved.closed.length === 0 ? undefined : new Map(
          saved.closed.map(([port, firstSeen, lastSeen, closedAt]) => [
            port,
            // Else a port that closed in the future would stay for longer than the retention.
            { firstSeen, lastSeen, closedAt: Math.min(closedAt, wallNow) },
          ]),
        ),
      };
    }
  }

  /**
   * Forgets what is no longer asked for: `wanted` says which ports of an address and protocol stay.
   * Only addresses that `concerned` picks are looked at.
   */
  retain(
    concerned: (address: Address) => boolean,
    wanted: (address: Address, protocol: Protocol) => PortSet,
  ): void {
    for (const host of this.#hosts.values()) {
      if (!concerned(host.address)) continue;
      for (const protocol of PROTOCOLS) {
        const state = host[protocol];
        if (state === undefined) continue;
        const ports = wanted(host.address, protocol);
        if (state.layers.every((layer) => ports.covers(layer.ports))) continue;
        this.#unsaved[protocol].add(host.address.text);
        keepOpen(state, state.open.map((port) => ports.has(port)));
        for (const port of state.closed?.keys() ?? []) {
          if (!ports.has(port)) state.closed!.delete(port);
        }
        state.layers = state.layers
          .map((layer) => ({ ...layer, ports: layer.ports.intersect(ports) }))
          .filter((layer) => layer.ports.size > 0);
        if (state.layers.length === 0) delete host[protocol];
      }
      if (host.tcp === undefined && host.udp === undefined) {
        this.#hosts.delete(host.address.text);
        this.#ordered = undefined;
      }
    }
  }

  #inOrder(): readonly HostState[] {
    return this.#ordered ??= [...this.#hosts.values()].sort((a, b) =>
      compareAddresses(a.address, b.address)
    );
  }
}

function uncovered({ layers }: ProtocolState, ports: PortSet): PortSet {
  return layers.reduce((rest, layer) => rest.subtract(layer.ports), ports);
}

function isCovered({ layers }: ProtocolState, port: number): boolean {
  return layers.some((layer) => layer.ports.has(port));
}

/** Ports that a younger look overruled although this one saw the opposite. */
function contradictions(
  state: ProtocolState,
  overruled: PortSet,
  openNow: ReadonlySet<number>,
): number[] {
  if (overruled.size === 0) return [];
  const open = new Set(state.open);
  return [...new Set([...openNow, ...open])]
    .filter((port) => overruled.has(port) && openNow.has(port) !== open.has(port))
    .sort((a, b) => a - b);
}

/** The layers with `added` laid over them; empty ones are dropped. */
function withLayer(layers: readonly Layer[], added: Layer): Layer[] {
  if (added.ports.size === 0) return [...layers];
  const rest = layers.flatMap(({ ports, takenAt }) => {
    const left = added.ports.covers(ports) ? PortSet.EMPTY : ports.subtract(added.ports);
    return left.size === 0 ? [] : [{ ports: left, takenAt }];
  });
  return [...rest, added];
}

function noPorts(): ProtocolState {
  return { layers: [], open: [], firstSeen: [], lastChange: [], closed: undefined };
}

function openCount({ tcp, udp }: HostState): number {
  return (tcp?.open.length ?? 0) + (udp?.open.length ?? 0);
}

/** Keeps the open ports whose entry in `keep` is true. */
function keepOpen(state: ProtocolState, keep: readonly boolean[]): void {
  const kept = (values: readonly number[]) => values.filter((_, index) => keep[index]);
  [state.open, state.firstSeen, state.lastChange] = [
    kept(state.open),
    kept(state.firstSeen),
    kept(state.lastChange),
  ];
}

/** Adds open ports, given with when they were first seen, and puts all in order again. */
function addOpen(state: ProtocolState, opened: ReadonlyMap<number, number>, changedAt: number) {
  const all = state.open.map((port, index) =>
    [port, state.firstSeen[index]!, state.lastChange[index]!] as const
  );
  for (const [port, firstSeen] of opened) all.push([port, firstSeen, changedAt]);
  all.sort((a, b) => a[0] - b[0]);
  state.open = all.map(([port]) => port);
  state.firstSeen = all.map(([, firstSeen]) => firstSeen);
  state.lastChange = all.map(([, , lastChange]) => lastChange);
}

/** Reads what `PortSet.toString()` wrote, of any length. */
function parsePortText(text: string): PortSet {
  return PortSet.fromRanges(
    text.split(",").map((item): PortRange => {
      const [first, last = first] = item.split("-").map(Number);
      return [first!, last!];
    }),
  );
}

function includes(sorted: readonly number[], value: number): boolean {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = sorted[middle]!;
    if (found < value) low = middle + 1;
    else if (found > value) high = middle - 1;
    else return true;
  }
  return false;
}
