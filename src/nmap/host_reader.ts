import { parseAddress } from "../domain/address.ts";
import { MAX_PORT, PortSet } from "../domain/ports.ts";
import { type HostReport, type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { PortBits } from "./port_bits.ts";
import { parsePortList } from "./port_list.ts";
import type { Attributes } from "./xml_attributes.ts";

/** What the head of a document says about its hosts. */
export interface HostContext {
  readonly covered: Readonly<Record<Protocol, PortSet>>;
  /** Whether the scan was a connect scan, where the errors of our own kernel are the ports' reasons. */
  readonly connect: boolean;
}

/** Names of the attributes that are read of a host and what is in it. */
export const HOST_ATTRIBUTES: readonly string[] = [
  ...["starttime", "timedout", "state", "reason", "reason_ttl", "reason_ip", "addr", "addrtype"],
  ...["protocol", "portid", "count", "proto", "ports"],
];

// nmap says `up` for these without having heard anything.
const UNHEARD = new Set(["user-set", "no-response", "unknown-response"]);
const UNREACHABLE = new Set(["net-unreach", "host-unreach"]);

/**
 * Collects one `<host>` element at a time, in memory that does not grow with what is in it. Its methods
 * throw a `SyntaxError` for what nmap does not write.
 */
export class HostReader {
  readonly #asked: ReadonlySet<string>;
  readonly #open = { tcp: new PortBits(), udp: new PortBits() };
  readonly #listed = { tcp: new PortBits(), udp: new PortBits() };
  readonly #unreachable = { tcp: new PortBits(), udp: new PortBits() };
  readonly #closed = { tcp: new PortBits(), udp: new PortBits() };
  readonly #folded: Record<Protocol, PortSet> = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };
  readonly #foldedClosed: Record<Protocol, PortSet> = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };
  /** Protocols whose folded ports are unreachable without nmap saying which they are. */
  readonly #restUnreachable = new Set<Protocol>();
  #address: string | undefined;
  #wanted = false;
  #state: string | undefined;
  #timedOut = false;
  #alive = false;
  #startTime: number | undefined;
  /** The port at hand, and its protocol where it is a port that counts. */
  #port = 0;
  #protocol: Protocol | undefined;
  #portHasState = false;
  #extraState = "";
  #listText = "";
  #list = PortSet.EMPTY;

  constructor(asked: ReadonlySet<string>) {
    this.#asked = asked;
  }

  /** Takes `<host>`. */
  begin(attributes: Attributes): void {
    for (const protocol of PROTOCOLS) {
      this.#open[protocol].clear();
      this.#listed[protocol].clear();
      this.#unreachable[protocol].clear();
      this.#closed[protocol].clear();
      this.#folded[protocol] = this.#foldedClosed[protocol] = PortSet.EMPTY;
    }
    this.#restUnreachable.clear();
    this.#address = this.#state = undefined;
    this.#wanted = false;
    this.#timedOut = attributes.get("timedout") === "true";
    this.#alive = false;
    this.#startTime = attributes.get("starttime") === undefined
      ? undefined
      : readNumber(attributes, "starttime");
  }

  /** Takes `<status>`. */
  status(attributes: Attributes): void {
    const state = attributes.get("state");
    const reason = attributes.get("reason");
    this.#state = state;
    if (state === "up" && reason !== undefined && !UNHEARD.has(reason)) this.#alive = true;
  }

  /** Takes `<address>`; of a host's addresses only that of the network layer counts, at any place. */
  address(attributes: Attributes): void {
    const addrtype = attributes.get("addrtype");
    if (addrtype !== "ipv4" && addrtype !== "ipv6") return;
    const addr = attributes.get("addr") ?? "";
    // What was asked for is canonical already.
    let asked = this.#asked.has(addr);
    const text = asked ? addr : parseAddress(addr).text;
    asked ||= this.#asked.has(text);
    if (this.#address !== undefined && this.#address !== text) {
      throw new SyntaxError("a host has two addresses");
    }
    this.#address = text;
    this.#wanted = asked;
  }

  /** Takes `<port>`. */
  port(attributes: Attributes): void {
    const protocol = attributes.get("protocol");
    const known = PROTOCOLS.find((name) => name === protocol);
    this.#port = known === undefined ? 0 : readNumber(attributes, "portid", MAX_PORT);
    this.#protocol = this.#port === 0 ? undefined : known;
    this.#portHasState = false;
  }

  /** Takes `<state>` of the port. */
  portState(attributes: Attributes): void {
    this.#portHasState = true;
    const protocol = this.#protocol;
    const number = this.#port;
    if (protocol === undefined) return;
    const state = attributes.get("state");
    const reason = attributes.get("reason");
    this.#listed[protocol].add(number);
    if (state === "open") this.#open[protocol].add(number);
    if (state === "closed") this.#closed[protocol].add(number);
    if (showsLife(state, reason)) this.#alive = true;
    if (UNREACHABLE.has(reason ?? "") && isOurs(attributes)) {
      this.#unreachable[protocol].add(number);
    }
  }

  /** Takes `</port>`. */
  portEnd(): void {
    if (!this.#portHasState) throw new SyntaxError("a port has no state");
  }

  /** Takes `<extraports>`, ports of one state folded into a count. */
  extraPorts(attributes: Attributes): void {
    const state = attributes.get("state");
    // Which ports they are may not be said, and an open port must not get lost.
    if (state === "open") throw new SyntaxError("open ports are folded");
    this.#extraState = state ?? "";
    if (readNumber(attributes, "count") > 0 && showsLife(state, undefined)) {
      this.#alive = true;
    }
  }

  /** Takes `<extrareasons>`, of which one `<extraports>` can hold several, for either protocol. */
  extraReasons(attributes: Attributes, { connect }: HostContext): void {
    if (readNumber(attributes, "count") === 0) return;
    const reason = attributes.get("reason");
    if (showsLife(this.#extraState, reason)) this.#alive = true;
    // In a raw scan a router said so: of a host that is some evidence, of a network it is none.
    const unreachable = connect ? UNREACHABLE.has(reason ?? "") : reason === "net-unreach";
    const ports = attributes.get("ports");
    const closed = this.#extraState === "closed" && ports !== undefined;
    if (!unreachable && !closed) return;
    const proto = attributes.get("proto");
    for (const protocol of PROTOCOLS) {
      if (proto !== undefined && proto !== protocol) continue;
      if (ports === undefined) this.#restUnreachable.add(protocol);
      else {
        const into = unreachable ? this.#folded : this.#foldedClosed;
        into[protocol] = into[protocol].union(this.#portList(ports));
      }
    }
  }

  /** Takes `</host>`; undefined for a host without address or that was not asked for. */
  end({ covered }: HostContext): HostReport | undefined {
    if (this.#state === undefined) throw new SyntaxError("a host has no status");
    if (this.#address === undefined || !this.#wanted) return undefined;
    return {
      address: this.#address,
      up: this.#state === "up",
      timedOut: this.#timedOut,
      alive: this.#alive,
      startTime: this.#startTime,
      open: this.#openPorts(),
      closed: byProtocol((protocol) => union(this.#foldedClosed[protocol], this.#closed[protocol])),
      unreachable: byProtocol((protocol) => this.#unreachablePorts(protocol, covered[protocol])),
    };
  }

  #openPorts(): HostReport["open"] {
    const { tcp, udp } = this.#open;
    if (tcp.isEmpty && udp.isEmpty) return NONE_OPEN;
    return {
      tcp: tcp.isEmpty ? NONE_OPEN.tcp : tcp.toArray(),
      udp: udp.isEmpty ? NONE_OPEN.udp : udp.toArray(),
    };
  }

  #unreachablePorts(protocol: Protocol, covered: PortSet): PortSet {
    const ports = union(this.#folded[protocol], this.#unreachable[protocol]);
    if (!this.#restUnreachable.has(protocol)) return ports;
    return ports.union(covered.subtract(this.#listed[protocol].toPortSet()));
  }

  /** Ports of a list, for hosts in a row that have the same list the same set. */
  #portList(text: string): PortSet {
    if (text !== this.#listText) {
      this.#list = parsePortList(text);
      this.#listText = text;
    }
    return this.#list;
  }
}

// Most hosts have nothing open, closed or unreachable: they share what says so.
const NO_PORTS: readonly number[] = Object.freeze([]);
const NONE_OPEN: HostReport["open"] = Object.freeze({ tcp: NO_PORTS, udp: NO_PORTS });
const NO_SETS: HostReport["closed"] = Object.freeze({ tcp: PortSet.EMPTY, udp: PortSet.EMPTY });

function byProtocol(ports: (protocol: Protocol) => PortSet): HostReport["closed"] {
  const tcp = ports("tcp");
  const udp = ports("udp");
  return tcp.size === 0 && udp.size === 0 ? NO_SETS : { tcp, udp };
}

function union(set: PortSet, bits: PortBits): PortSet {
  return bits.isEmpty ? set : set.union(bits.toPortSet());
}

// With a time to live or a sender it came in a packet: a router's word, and that is evidence.
function isOurs(attributes: Attributes): boolean {
  return attributes.get("reason_ip") === undefined && (attributes.get("reason_ttl") ?? "0") === "0";
}

// An open or closed port, or a reset whatever nmap made of it.
function showsLife(state: string | undefined, reason: string | undefined): boolean {
  return state === "open" || state === "closed" || reason === "reset";
}

/**
 * Reads an unsigned decimal number out of an attribute.
 *
 * @throws {SyntaxError} when it is absent, something else, or above `max`.
 */
export function readNumber(
  attributes: Attributes,
  name: string,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const value = attributes.number(name);
  // Not so for what is not a number, either.
  if (value <= max) return value;
  throw new SyntaxError(`${name} is not a number from 0 to ${max}`);
}
