import { parseAddress } from "../domain/address.ts";
import { MAX_PORT, PortSet } from "../domain/ports.ts";
import { type HostReport, type Protocol, PROTOCOLS } from "../domain/scan.ts";
import { PortBits } from "./port_bits.ts";
import { parsePortList } from "./port_list.ts";
import type { Attributes } from "./xml_stream.ts";

/** What the head of a document says about its hosts. */
export interface HostContext {
  readonly covered: Readonly<Record<Protocol, PortSet>>;
  /** Whether the scan was a connect scan, where the errors of our own kernel are the ports' reasons. */
  readonly connect: boolean;
}

// nmap says `up` for these without having heard anything.
const UNHEARD = new Set(["user-set", "no-response", "unknown-response"]);
const UNREACHABLE = new Set(["net-unreach", "host-unreach"]);

/** Collects one `<host>` element at a time, in memory that does not grow with what is in it. */
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
  #state: string | undefined;
  #timedOut = false;
  #alive = false;
  #startTime: number | undefined;
  #port: { readonly protocol: Protocol | undefined; readonly number: number } | undefined;
  #portHasState = false;
  #extraState = "";

  constructor(asked: ReadonlySet<string>) {
    this.#asked = asked;
  }

  /** Takes `<host>`. */
  begin({ starttime, timedout }: Attributes): void {
    for (const protocol of PROTOCOLS) {
      this.#open[protocol].clear();
      this.#listed[protocol].clear();
      this.#unreachable[protocol].clear();
      this.#closed[protocol].clear();
      this.#folded[protocol] = this.#foldedClosed[protocol] = PortSet.EMPTY;
    }
    this.#restUnreachable.clear();
    this.#address = this.#state = undefined;
    this.#timedOut = timedout === "true";
    this.#alive = false;
    this.#startTime = starttime === undefined ? undefined : readNumber("starttime", starttime);
  }

  /** Takes `<status>`. */
  status({ state, reason }: Attributes): void {
    this.#state = state;
    if (state === "up" && reason !== undefined && !UNHEARD.has(reason)) this.#alive = true;
  }

  /** Takes `<address>`; of a host's addresses only that of the network layer counts, at any place. */
  address({ addr, addrtype }: Attributes): void {
    if (addrtype !== "ipv4" && addrtype !== "ipv6") return;
    const { text } = parseAddress(addr ?? "");
    if (this.#address !== undefined && this.#address !== text) {
      throw new SyntaxError("a host has two addresses");
    }
    this.#address = text;
  }

  /** Takes `<port>`. */
  port({ protocol, portid }: Attributes): void {
    const known = PROTOCOLS.find((name) => name === protocol);
    const number = known === undefined ? 0 : readNumber("portid", portid, MAX_PORT);
    this.#port = { protocol: number === 0 ? undefined : known, number };
    this.#portHasState = false;
  }

  /** Takes `<state>` of the port. */
  portState({ state, reason, reason_ttl, reason_ip }: Attributes): void {
    this.#portHasState = true;
    const { protocol, number } = this.#port!;
    if (protocol === undefined) return;
    this.#listed[protocol].add(number);
    if (state === "open") this.#open[protocol].add(number);
    if (state === "closed") this.#closed[protocol].add(number);
    if (showsLife(state, reason)) this.#alive = true;
    // With a time to live or a sender it came in a packet: a router's word, and that is evidence.
    const ours = reason_ip === undefined && (reason_ttl === undefined || reason_ttl === "0");
    if (UNREACHABLE.has(reason ?? "") && ours) this.#unreachable[protocol].add(number);
  }

  /** Takes `</port>`. */
  portEnd(): void {
    if (!this.#portHasState) throw new SyntaxError("a port has no state");
  }

  /** Takes `<extraports>`, ports of one state folded into a count. */
  extraPorts({ state, count }: Attributes): void {
    // Which ports they are may not be said, and an open port must not get lost.
    if (state === "open") throw new SyntaxError("open ports are folded");
    this.#extraState = state ?? "";
    if (readNumber("count", count) > 0 && showsLife(state, undefined)) this.#alive = true;
  }

  /** Takes `<extrareasons>`, of which one `<extraports>` can hold several, for either protocol. */
  extraReasons({ reason, count, proto, ports }: Attributes, { connect }: HostContext): void {
    if (readNumber("count", count) === 0) return;
    if (showsLife(this.#extraState, reason)) this.#alive = true;
    // In a raw scan a router said so: of a host that is some evidence, of a network it is none.
    const unreachable = connect ? UNREACHABLE.has(reason ?? "") : reason === "net-unreach";
    const closed = this.#extraState === "closed" && ports !== undefined;
    if (!unreachable && !closed) return;
    for (const protocol of PROTOCOLS) {
      if (proto !== undefined && proto !== protocol) continue;
      if (ports === undefined) this.#restUnreachable.add(protocol);
      else {
        const into = unreachable ? this.#folded : this.#foldedClosed;
        into[protocol] = into[protocol].union(parsePortList(ports));
      }
    }
  }

  /** Takes `</host>`; undefined for a host without address or that was not asked for. */
  end({ covered }: HostContext): HostReport | undefined {
    if (this.#state === undefined) throw new SyntaxError("a host has no status");
    if (this.#address === undefined || !this.#asked.has(this.#address)) return undefined;
    const unreachable = (protocol: Protocol): PortSet => {
      let ports = this.#folded[protocol];
      if (!this.#unreachable[protocol].isEmpty) {
        ports = ports.union(this.#unreachable[protocol].toPortSet());
      }
      if (!this.#restUnreachable.has(protocol)) return ports;
      return ports.union(covered[protocol].subtract(this.#listed[protocol].toPortSet()));
    };
    const closed = (protocol: Protocol): PortSet =>
      this.#closed[protocol].isEmpty
        ? this.#foldedClosed[protocol]
        : this.#foldedClosed[protocol].union(this.#closed[protocol].toPortSet());
    return {
      address: this.#address,
      up: this.#state === "up",
      timedOut: this.#timedOut,
      alive: this.#alive,
      startTime: this.#startTime,
      open: { tcp: this.#open.tcp.toArray(), udp: this.#open.udp.toArray() },
      closed: { tcp: closed("tcp"), udp: closed("udp") },
      unreachable: { tcp: unreachable("tcp"), udp: unreachable("udp") },
    };
  }
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
  name: string,
  text: string | undefined,
  max = Number.MAX_SAFE_INTEGER,
): number {
  const value = Number(text);
  if (text === undefined || !/^\d{1,16}$/.test(text) || value > max) {
    throw new SyntaxError(`${name} is not a number from 0 to ${max}`);
  }
  return value;
}
