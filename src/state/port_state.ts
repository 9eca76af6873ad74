import { type Address, compareAddresses, parseAddress } from "../domain/address.ts";
import { PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { AgeClock } from "./age_clock.ts";
import { type OrderedBlock, OrderedBlocks } from "./ordered_blocks.ts";
import {
  coveredSince,
  isCovered,
  isWithin,
  type Layer,
  LayerPress,
  NO_LAYERS,
  SharedLayers,
  uncovered,
  within,
} from "./coverage.ts";
import { HostViews } from "./host_views.ts";
import { type HostState, type KnownHost, newHost } from "./known_host.ts";
import {
  addOpen,
  type ClosedPort,
  isOpen,
  keepOpen,
  type KnownPorts,
  noPorts,
  setOpen,
} from "./known_ports.ts";
import type { Look } from "./look.ts";
import { type Clocks, LookClock } from "./look_clock.ts";
import type { SavedClosedPort, SavedHost } from "./saved_state.ts";
import { SilentHosts } from "./silent_hosts.ts";

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

/** Options of `PortState`. */
export interface PortStateOptions extends Clocks {
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
  readonly #blocks = new OrderedBlocks<HostState>((a, b) => compareAddresses(a.address, b.address));
  readonly #silent = new SilentHosts();
  readonly #layers = new LayerPress();
  readonly #options: PortStateOptions;
  /** What people read of it. */
  readonly views: HostViews;
  /** Milliseconds after which a closed port is forgotten. */
  closedRetention: number;
  readonly #clock: LookClock;
  readonly #ages: AgeClock;
  /** No port that is kept closed any sooner, unix milliseconds. */
  #oldestClosed = Infinity;
  readonly #unsaved: Record<Protocol, Set<string>> = { tcp: new Set(), udp: new Set() };

  constructor(options: PortStateOptions) {
    this.#options = options;
    this.closedRetention = options.closedRetention;
    this.#ages = new AgeClock(options);
    const clock = this.#clock = new LookClock(options);
    this.views = new HostViews({
      ...{ hosts: this.#hosts, blocks: this.#blocks, silent: this.#silent, clock },
    });
  }

  /** Known hosts in order of address, in blocks that tell before they change. */
  get blocks(): readonly OrderedBlock<KnownHost>[] {
    return this.#blocks.all;
  }

  /** Whether this look would cover a port of its address for the first time. */
  addsCoverage({ address, protocol, covered }: Look): boolean {
    const layers = this.layersOf(address, protocol);
    return layers === undefined || uncovered(layers, covered).size > 0;
  }

  /** Coverage of an address, silent ones included; undefined when it was never looked at with this protocol. */
  layersOf(address: string, protocol: Protocol): readonly Layer[] | undefined {
    return this.#hosts.get(address)?.[protocol]?.layers ?? this.#silent.get(address, protocol);
  }

  /** Ports of an address and protocol that are open, ascending. */
  openPorts({ address, protocol }: Pick<Look, "address" | "protocol">): readonly number[] {
    return this.#hosts.get(address)?.[protocol]?.open ?? [];
  }

  /** Applies looks (contract, section 5); what `trust` does not cover comes back as doubts. */
  apply(looks: readonly Look[], trust: Trust): Applied {
    this.#clock.read();
    const applied: Applied = { changes: [], doubts: [] };
    for (const look of looks) this.#applyLook(look, trust, applied);
    return applied;
  }

  #applyLook(look: Look, trust: Trust, { changes, doubts }: Applied): void {
    const believeClosings = trust !== "openings";
    const { address, protocol, covered, takenAt } = look;
    this.#unsaved[protocol].add(address);
    if (!look.alive && look.open.length === 0 && !this.#hosts.has(address)) {
      this.#applySilence(look);
      return;
    }
    const host = this.#host(address);
    if (look.alive) {
      if (host.firstAlive === undefined) {
        this.#blocks.change(host);
        host.firstAlive = this.#clock.wallTime(takenAt);
      }
      host.lastAlive = Math.max(host.lastAlive ?? takenAt, takenAt);
    }
    const state = host[protocol] ??= noPorts();
    const openNow = new Set(look.open);

    const overruled = coveredSince(state.layers, { ports: covered, takenAt });
    let fresh = covered.subtract(overruled);

    const seenAt = this.#clock.wallTime(takenAt);
    const opened = new Map<number, number>();
    for (const port of look.open) {
      if (!fresh.has(port) || isOpen(state, port)) continue;
      opened.set(port, state.closed?.get(port)?.firstSeen ?? seenAt);
      // The first look at a port is its baseline: nothing was known before that could have changed.
      if (isCovered(state.layers, port)) {
        changes.push({ address, protocol, port, type: "closed_to_open", time: seenAt });
      }
    }

    const vanished = state.open.filter((port) => fresh.has(port) && !openNow.has(port));
    const closes = vanished.length > 0 && believeClosings;
    if (closes || opened.size > 0) this.#blocks.change(host);
    if (closes) {
      const time = this.#close(state, vanished);
      for (const port of vanished) {
        changes.push({ address, protocol, port, type: "open_to_closed", time });
      }
    } else if (vanished.length > 0) {
      // Doubted ports keep the age of the look that saw them open: this one decides nothing for them.
      fresh = fresh.subtract(PortSet.of(vanished));
      doubts.push({ address, protocol, ports: vanished, takenAt, reason: "vanished" });
    }
    if (opened.size > 0) {
      for (const port of opened.keys()) forget(state, port);
      addOpen(state, opened, seenAt);
    }

    const contradicted = contradictions(state, overruled, openNow);
    if (contradicted.length > 0 && trust !== "everything") {
      doubts.push({ address, protocol, ports: contradicted, takenAt, reason: "contradicted" });
    }
    state.layers = this.#layers.press(state.layers, { ports: fresh, takenAt });
  }

  /** Of an address that never answered there is nothing to know but when it was looked at. */
  #applySilence({ address, protocol, covered, takenAt }: Look): void {
    const layers = this.#silent.get(address, protocol) ?? NO_LAYERS;
    const ports = covered.subtract(coveredSince(layers, { ports: covered, takenAt }));
    this.#silent.set(address, protocol, this.#layers.press(layers, { ports, takenAt }));
  }

  /** Moves open ports to the closed ones; returns the time that they closed by. */
  #close(state: KnownPorts, ports: readonly number[]): number {
    const closedAt = this.#options.wallClock();
    const gone = new Set(ports);
    const closed = state.closed ??= new Map<number, ClosedPort>();
    keepOpen(state, (port, index) => {
      if (!gone.has(port)) return true;
      const firstSeen = state.firstSeen[index]!;
      closed.set(port, {
        firstSeen,
        lastSeen: this.#clock.lastSeen(state, port, firstSeen),
        closedAt,
      });
      return false;
    });
    this.#oldestClosed = Math.min(this.#oldestClosed, closedAt);
    return closedAt;
  }

  #host(address: string): HostState {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = newHost(parseAddress(address));
      for (const protocol of PROTOCOLS) {
        const layers = this.#silent.take(address, protocol);
        if (layers !== undefined) host[protocol] = noPorts(layers);
      }
      this.#hosts.set(address, host);
      this.#blocks.insert(host);
    }
    return host;
  }

  /** Forgets ports that closed longer ago than the retention. */
  forgetClosed(): void {
    const before = this.#ages.now() - this.closedRetention;
    if (this.#oldestClosed >= before) return;
    this.#oldestClosed = Infinity;
    for (const host of this.#hosts.values()) {
      for (const protocol of PROTOCOLS) {
        for (const [port, { closedAt }] of host[protocol]?.closed ?? []) {
          if (closedAt >= before) {
            this.#oldestClosed = Math.min(this.#oldestClosed, closedAt);
            continue;
          }
          this.#blocks.change(host);
          forget(host[protocol]!, port);
          this.#unsaved[protocol].add(host.address.text);
        }
      }
    }
  }

  /** What changed since this was last asked for, as it is now. */
  takeUnsaved(): UnsavedHosts {
    this.#clock.read();
    const unsaved: UnsavedHosts = { hosts: [], forgottenHosts: [] };
    for (const protocol of PROTOCOLS) {
      for (const address of this.#unsaved[protocol]) {
        const host = this.#hosts.get(address);
        const layers = this.#silent.get(address, protocol);
        const ports = layers === undefined ? host?.[protocol] : noPorts(layers);
        if (ports === undefined) unsaved.forgottenHosts.push([address, protocol]);
        else unsaved.hosts.push(this.#saved({ address, protocol }, host, ports));
      }
      this.#unsaved[protocol].clear();
    }
    return unsaved;
  }

  #saved(
    name: Pick<SavedHost, "address" | "protocol">,
    host: HostState | undefined,
    { layers, open, firstSeen, lastChange, closed }: KnownPorts,
  ): SavedHost {
    const { firstAlive, lastAlive } = host ?? {};
    return {
      ...name,
      everAlive: firstAlive !== undefined,
      firstSeen: firstAlive,
      lastSeen: lastAlive === undefined ? undefined : this.#clock.wallTime(lastAlive),
      layers: layers.map(({ ports, takenAt }) =>
        [`${ports}`, this.#clock.wallTime(takenAt)] as const
      ),
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
    const layersOf = new SharedLayers({
      now: this.#options.now(),
      wallNow: this.#options.wallClock(),
    });
    for (const saved of hosts) {
      const { address, protocol } = saved;
      const layers = layersOf.read(saved.layers);
      const silent = !saved.everAlive && saved.open.length === 0 && saved.closed.length === 0;
      if (silent && !this.#hosts.has(address)) {
        this.#silent.set(address, protocol, layers);
        continue;
      }
      const host = this.#host(address);
      this.#blocks.change(host);
      if (saved.firstSeen !== undefined) {
        host.firstAlive = Math.min(host.firstAlive ?? Infinity, saved.firstSeen);
      }
      if (saved.lastSeen !== undefined) {
        const lastSeen = layersOf.monotonic(saved.lastSeen);
        host.lastAlive = Math.max(host.lastAlive ?? -Infinity, lastSeen);
      }
      const state = host[protocol] = noPorts(layers);
      setOpen(state, saved.open);
      if (saved.closed.length > 0) state.closed = this.#restoreClosed(saved.closed);
    }
  }

  #restoreClosed(saved: readonly SavedClosedPort[]): Map<number, ClosedPort> {
    const now = this.#options.wallClock();
    return new Map(saved.map(([port, firstSeen, lastSeen, closed]) => {
      // Else a port that closed in the future would stay for longer than the retention.
      const closedAt = Math.min(closed, now);
      this.#oldestClosed = Math.min(this.#oldestClosed, closedAt);
      return [port, { firstSeen, lastSeen, closedAt }];
    }));
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
        if (isWithin(state.layers, ports)) continue;
        this.#blocks.change(host);
        this.#unsaved[protocol].add(host.address.text);
        keepOpen(state, (port) => ports.has(port));
        for (const port of state.closed?.keys() ?? []) {
          if (!ports.has(port)) forget(state, port);
        }
        state.layers = within(state.layers, ports);
        if (state.layers.length === 0) host[protocol] = undefined;
      }
      if (host.tcp === undefined && host.udp === undefined) {
        this.#blocks.remove(host);
        this.#hosts.delete(host.address.text);
      }
    }
    for (const [text, protocol, layers] of this.#silent.entries()) {
      const address = parseAddress(text);
      if (!concerned(address)) continue;
      const ports = wanted(address, protocol);
      if (isWithin(layers, ports)) continue;
      this.#unsaved[protocol].add(text);
      const left = within(layers, ports);
      if (left.length > 0) this.#silent.set(text, protocol, left);
      else this.#silent.take(text, protocol);
    }
  }
}

/** Ports that a younger look overruled although this one saw the opposite. */
function contradictions(
  state: KnownPorts,
  overruled: PortSet,
  openNow: ReadonlySet<number>,
): number[] {
  if (overruled.size === 0) return [];
  const open = new Set(state.open);
  return [...new Set([...openNow, ...open])]
    .filter((port) => overruled.has(port) && openNow.has(port) !== open.has(port))
    .sort((a, b) => a - b);
}

/** Forgets that a port was open; an empty map would be kept for each host that ever closed a port. */
function forget(state: KnownPorts, port: number): void {
  state.closed?.delete(port);
  if (state.closed?.size === 0) state.closed = undefined;
}
