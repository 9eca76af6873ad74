import { parseAddress } from "../domain/address.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { HostDetail, HostPage, HostPort, HostQuery, HostSummary } from "./host_view.ts";
import { type HostState, newHost, openCount } from "./known_host.ts";
import type { ClosedPort, KnownPorts } from "./known_ports.ts";
import type { LookClock } from "./look_clock.ts";
import type { OrderedBlocks } from "./ordered_blocks.ts";
import type { SilentHosts } from "./silent_hosts.ts";

/** Where what is known of addresses is kept. */
export interface HostViewsOptions {
  /** By canonical address. */
  readonly hosts: ReadonlyMap<string, HostState>;
  readonly blocks: Pick<OrderedBlocks<HostState>, "after">;
  readonly silent: Pick<SilentHosts, "get">;
  readonly clock: LookClock;
}

/** What people read of known addresses. */
export class HostViews {
  readonly #hosts: ReadonlyMap<string, HostState>;
  readonly #blocks: Pick<OrderedBlocks<HostState>, "after">;
  readonly #silent: Pick<SilentHosts, "get">;
  readonly #clock: LookClock;

  constructor({ hosts, blocks, silent, clock }: HostViewsOptions) {
    this.#hosts = hosts;
    this.#blocks = blocks;
    this.#silent = silent;
    this.#clock = clock;
  }

  /** Addresses that ever answered, in order, those after `after`; with `open`, only those with or without open ports. */
  list({ open, limit, after }: HostQuery): HostPage {
    this.#clock.read();
    const start = after === undefined ? undefined : newHost(parseAddress(after));
    const hosts: HostSummary[] = [];
    for (const host of this.#blocks.after(start)) {
      if (host.firstAlive === undefined) continue;
      if (open !== undefined && (openCount(host) > 0) !== open) continue;
      if (hosts.length === limit) return { hosts, next: hosts.at(-1)!.ip };
      hosts.push(this.#summary(host));
    }
    return { hosts, next: undefined };
  }

  /** What is known of one address; undefined when it was never looked at. */
  describe(address: string): HostDetail | undefined {
    this.#clock.read();
    const host = this.#hosts.get(address);
    if (host === undefined) {
      const covered = PROTOCOLS.some((protocol) => this.#silent.get(address, protocol));
      return covered ? { ip: address, openPorts: 0, ports: [] } : undefined;
    }
    const ports = PROTOCOLS.flatMap((protocol) => {
      const state = host[protocol];
      if (state === undefined) return [];
      const open = state.open.map((_, index) => this.#openPort(protocol, state, index));
      const closed = [...state.closed ?? []].map(([port, times]) =>
        closedPort(protocol, port, times)
      );
      return [...open, ...closed].sort((a, b) => a.port - b.port);
    });
    return { ...this.#summary(host), ports };
  }

  /** What is known of one address in short; undefined when it was never looked at. */
  summary(address: string): HostSummary | undefined {
    this.#clock.read();
    const host = this.#hosts.get(address);
    if (host !== undefined) return this.#summary(host);
    const covered = PROTOCOLS.some((protocol) => this.#silent.get(address, protocol));
    return covered ? { ip: address, openPorts: 0 } : undefined;
  }

  /** The first `most` ports of an address, open ones before closed ones; `total` is how many there are. */
  firstPorts(address: string, most: number): { ports: HostPort[]; total: number } {
    this.#clock.read();
    const host = this.#hosts.get(address);
    const ports: HostPort[] = [];
    let total = 0;
    for (const protocol of PROTOCOLS) {
      const state = host?.[protocol];
      if (state === undefined) continue;
      total += state.open.length;
      const shown = Math.min(state.open.length, most - ports.length);
      for (let index = 0; index < shown; index++) {
        ports.push(this.#openPort(protocol, state, index));
      }
    }
    for (const protocol of PROTOCOLS) {
      const closed = host?.[protocol]?.closed;
      if (closed === undefined) continue;
      total += closed.size;
      if (ports.length === most) continue;
      for (const port of Uint16Array.from(closed.keys()).sort().subarray(0, most - ports.length)) {
        ports.push(closedPort(protocol, port, closed.get(port)!));
      }
    }
    return { ports, total };
  }

  #openPort(protocol: Protocol, state: KnownPorts, index: number): HostPort {
    const port = state.open[index]!;
    const firstSeen = state.firstSeen[index]!;
    const lastSeen = this.#clock.lastSeen(state, port, firstSeen);
    return {
      port,
      protocol,
      state: "open",
      firstSeen,
      lastSeen,
      lastChange: state.lastChange[index]!,
    };
  }

  #summary(host: HostState): HostSummary {
    const { firstAlive, lastAlive } = host;
    return {
      ip: host.address.text,
      openPorts: openCount(host),
      ...(firstAlive !== undefined && { firstSeen: firstAlive }),
      ...(lastAlive !== undefined && { lastSeen: this.#clock.wallTime(lastAlive) }),
    };
  }
}

function closedPort(
  protocol: Protocol,
  port: number,
  { firstSeen, lastSeen, closedAt }: ClosedPort,
): HostPort {
  return { port, protocol, state: "closed", firstSeen, lastSeen, lastChange: closedAt };
}
