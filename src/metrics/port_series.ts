import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { OrderedBlock } from "../state/ordered_blocks.ts";
import type { KnownHost } from "../state/known_host.ts";
import type { PortState } from "../state/port_state.ts";

/** How many series of the port status there may be, 1 or more each. */
export interface SeriesLimits {
  /** Of one address. */
  readonly perHost: () => number;
  /** In all. */
  readonly total: () => number;
}

/** Whether a port of a host has a series. */
export type IsShown = (protocol: Protocol, port: number) => boolean;

/** What is known of a block until it changes. */
interface BlockCount {
  /** Series that the limit of each host leaves. */
  readonly series: number;
  /** Series that it takes. */
  readonly dropped: number;
}

/** The youngest series that still fit: all that were first seen before `time`, and of those at it some, in order. */
interface Cutoff {
  readonly time: number;
  /** How many of those that were first seen at `time` fit, by block; absent means none. */
  readonly ties: ReadonlyMap<readonly KnownHost[], number>;
}

interface Series {
  readonly protocol: Protocol;
  readonly port: number;
  readonly open: boolean;
  readonly firstSeen: number;
  /** When it opened; of a closed port, when it was first seen. */
  readonly since: number;
}

/**
 * Which ports have a series, where there are more than there may be: those that were seen first, so that
 * the same ones stay from scrape to scrape and after a restart. Of one host, open ports go before
 * closed ones.
 */
export class PortSeries {
  readonly #state: PortState;
  readonly #limits: SeriesLimits;
  readonly #counts = new Map<OrderedBlock<KnownHost>, BlockCount>();
  #perHost = 0;
  #total = 0;
  #series = 0;
  #droppedByHost = 0;
  #cutoff: Cutoff | undefined;
  #isStale = true;

  constructor(state: PortState, limits: SeriesLimits) {
    this.#state = state;
    this.#limits = limits;
  }

  /** Series that there are too many of, as of the last `refresh`. */
  get dropped(): number {
    return this.#droppedByHost + Math.max(0, this.#series - this.#total);
  }

  /** Takes note of what changed; calls `forget` before the ports of an unchanged block are chosen differently. */
  refresh(forget: () => void): void {
    const perHost = this.#limits.perHost();
    const total = this.#limits.total();
    if (perHost !== this.#perHost || total !== this.#total) {
      forget();
      for (const block of [...this.#counts.keys()]) this.#uncount(block);
    }
    this.#perHost = perHost;
    this.#total = total;
    for (const block of this.#state.blocks) if (!this.#counts.has(block)) this.#count(block);
    if (!this.#isStale) return;
    this.#isStale = false;
    const cutoff = this.#series > total ? this.#findCutoff() : undefined;
    if (isSame(cutoff, this.#cutoff)) return;
    forget();
    this.#cutoff = cutoff;
  }

  /** Says for each host of a block, in order, which of its ports have series; undefined where all have. */
  shownIn(hosts: readonly KnownHost[]): (host: KnownHost) => IsShown | undefined {
    const cutoff = this.#cutoff;
    let ties = cutoff?.ties.get(hosts) ?? 0;
    return (host) => {
      if (cutoff === undefined && seriesCount(host) <= this.#perHost) return undefined;
      const shown = new Set<string>();
      for (const { protocol, port, firstSeen } of oldest(host, this.#perHost)) {
        if (cutoff !== undefined && firstSeen >= cutoff.time) {
          if (firstSeen > cutoff.time || ties === 0) continue;
          ties--;
        }
        shown.add(`${port}/${protocol}`);
      }
      return (protocol, port) => shown.has(`${port}/${protocol}`);
    };
  }

  #count(block: OrderedBlock<KnownHost>): void {
    let series = 0;
    let dropped = 0;
    for (const host of block.items) {
      const all = seriesCount(host);
      series += Math.min(all, this.#perHost);
      dropped += Math.max(0, all - this.#perHost);
    }
    const count = { series, dropped };
    this.#counts.set(block, count);
    this.#add(count, 1);
    // Counted again after limits changed, a block still has the older watcher: only the newest count goes.
    block.beforeNextChange(() => {
      if (this.#counts.get(block) === count) this.#uncount(block);
    });
  }

  #uncount(block: OrderedBlock<KnownHost>): void {
    this.#add(this.#counts.get(block)!, -1);
    this.#counts.delete(block);
  }

  #add({ series, dropped }: BlockCount, times: 1 | -1): void {
    this.#series += times * series;
    this.#droppedByHost += times * dropped;
    this.#isStale = true;
  }

  #findCutoff(): Cutoff {
    const times = new Float64Array(this.#series);
    let length = 0;
    for (const { items } of this.#state.blocks) {
      for (const host of items) {
        for (const { firstSeen } of oldest(host, this.#perHost)) times[length++] = firstSeen;
      }
    }
    const time = nthSmallest(times, this.#total);
    let room = this.#total;
    for (const each of times) if (each < time) room--;
    const ties = new Map<readonly KnownHost[], number>();
    for (const { items } of this.#state.blocks) {
      if (room === 0) break;
      let here = 0;
      for (const host of items) {
        for (const { firstSeen } of oldest(host, this.#perHost)) if (firstSeen === time) here++;
      }
      const fitting = Math.min(here, room);
      if (fitting > 0) ties.set(items, fitting);
      room -= fitting;
    }
    return { time, ties };
  }
}

function seriesCount({ tcp, udp }: KnownHost): number {
  return (tcp?.open.length ?? 0) + (tcp?.closed?.size ?? 0) + (udp?.open.length ?? 0) +
    (udp?.closed?.size ?? 0);
}

/**
 * The `limit` series of a host that go first: where it has too many, of open ports before closed ones,
 * and what is open for longer before others; else what was seen first. At once, by protocol and port.
 */
function oldest(host: KnownHost, limit: number): readonly Series[] {
  const series: Series[] = [];
  for (const protocol of PROTOCOLS) {
    const ports = host[protocol];
    if (ports === undefined) continue;
    ports.open.forEach((port, index) =>
      series.push({
        protocol,
        port,
        open: true,
        firstSeen: ports.firstSeen[index]!,
        since: ports.lastChange[index]!,
      })
    );
    for (const [port, { firstSeen }] of ports.closed ?? []) {
      series.push({ protocol, port, open: false, firstSeen, since: firstSeen });
    }
  }
  const tooMany = series.length > limit;
  // Only where the host itself has too many: the page as a whole would else change as ports close.
  series.sort((a, b) =>
    (tooMany ? Number(b.open) - Number(a.open) || a.since - b.since : 0) ||
    a.firstSeen - b.firstSeen || PROTOCOLS.indexOf(a.protocol) - PROTOCOLS.indexOf(b.protocol) ||
    a.port - b.port
  );
  return series.slice(0, limit);
}

/** The `n`-th smallest of more than `n` numbers, counted from 0. */
function nthSmallest(values: Float64Array, n: number): number {
  // Sorted as a copy, natively: 0.1 s for a million, and only above the limit.
  return Float64Array.from(values).sort()[n]!;
}

function isSame(a: Cutoff | undefined, b: Cutoff | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.time === b.time && a.ties.size === b.ties.size &&
    a.ties.entries().every(([items, count]) => b.ties.get(items) === count);
}
