import { type Address, compareAddresses, parseAddress } from "../domain/address.ts";
import { PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { Look } from "./look.ts";

/** A port whose state changed between two looks. */
export interface PortChange {
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly type: "closed_to_open" | "open_to_closed";
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
  /** Ascending. */
  open: number[];
  /** Ports that were open and are closed now, with the unix time in ms of the closing. */
  closed: Map<number, number> | undefined;
}

interface HostState {
  readonly address: Address;
  everAlive: boolean;
  tcp?: ProtocolState;
  udp?: ProtocolState;
}

/** Options of `PortState`. */
export interface PortStateOptions {
  /** Wall clock, unix milliseconds. */
  readonly wallClock: () => number;
  /** Milliseconds after which a closed port is forgotten. */
  readonly closedRetention: number;
}

/**
 * What is known of every address: which ports are open, which were, and which have been looked at when.
 *
 * The only way in is `apply`, which is synchronous: whoever reads sees a batch whole or not at all.
 */
export class PortState {
  readonly #hosts = new Map<string, HostState>();
  readonly #options: PortStateOptions;
  #ordered: HostState[] | undefined;

  constructor(options: PortStateOptions) {
    this.#options = options;
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
    const host = this.#host(look.address);
    host.everAlive ||= look.alive;
    const state = host[look.protocol] ??= { layers: [], open: [], closed: undefined };
    const { address, protocol, takenAt } = look;
    const openNow = new Set(look.open);

    const younger = state.layers.filter((layer) => layer.takenAt > takenAt);
    const overruled = younger.reduce(
      (ports, layer) => ports.union(layer.ports.intersect(look.covered)),
      PortSet.EMPTY,
    );
    let fresh = look.covered.subtract(overruled);

    const opened: number[] = [];
    for (const port of look.open) {
      if (!fresh.has(port) || includes(state.open, port)) continue;
      opened.push(port);
      // The first look at a port is its baseline: nothing was known before that could have changed.
      if (isCovered(state, port)) changes.push({ address, protocol, port, type: "closed_to_open" });
      state.closed?.delete(port);
    }

    const vanished = state.open.filter((port) => fresh.has(port) && !openNow.has(port));
    if (vanished.length > 0 && believeClosings) {
      const closedAt = this.#options.wallClock();
      state.closed ??= new Map();
      for (const port of vanished) {
        state.closed.set(port, closedAt);
        changes.push({ address, protocol, port, type: "open_to_closed" });
      }
    } else if (vanished.length > 0) {
      // Doubted ports keep the age of the look that saw them open: this one decides nothing for them.
      fresh = fresh.subtract(PortSet.of(vanished));
      doubts.push({ address, protocol, ports: vanished, takenAt, reason: "vanished" });
    }
    if (opened.length > 0 || (vanished.length > 0 && believeClosings)) {
      const gone = new Set(believeClosings ? vanished : []);
      state.open = [...state.open.filter((port) => !gone.has(port)), ...opened].sort((a, b) =>
        a - b
      );
    }

    const contradicted = contradictions(state, overruled, openNow);
    if (contradicted.length > 0 && trust !== "everything") {
      doubts.push({ address, protocol, ports: contradicted, takenAt, reason: "contradicted" });
    }
    state.layers = withLayer(state.layers, { ports: fresh, takenAt });
  }

  #host(address: string): HostState {
    let host = this.#hosts.get(address);
    if (host === undefined) {
      host = { address: parseAddress(address), everAlive: false };
      this.#hosts.set(address, host);
      this.#ordered = undefined;
    }
    return host;
  }

  /** Addresses in order, each with the number of open ports, for those that ever answered. */
  *openCounts(): Iterable<readonly [address: string, open: number]> {
    for (const host of this.#inOrder()) {
      if (!host.everAlive) continue;
      yield [host.address.text, (host.tcp?.open.length ?? 0) + (host.udp?.open.length ?? 0)];
    }
  }

  /** Ports that are open or were, in order of address, protocol and port. */
  *ports(): Iterable<readonly [address: string, status: PortStatus]> {
    const forgetBefore = this.#options.wallClock() - this.#options.closedRetention;
    for (const host of this.#inOrder()) {
      for (const protocol of PROTOCOLS) {
        const state = host[protocol];
        if (state === undefined) continue;
        forgetClosed(state, forgetBefore);
        for (const port of state.open) yield [host.address.text, { port, protocol, open: true }];
        for (const port of [...state.closed?.keys() ?? []].sort((a, b) => a - b)) {
          yield [host.address.text, { port, protocol, open: false }];
        }
      }
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
        state.open = state.open.filter((port) => ports.has(port));
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

function forgetClosed({ closed }: ProtocolState, before: number): void {
  for (const [port, closedAt] of closed ?? []) if (closedAt < before) closed!.delete(port);
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
