import type { Address } from "../domain/address.ts";
import type { KnownPorts } from "./known_ports.ts";

/** An address that ever answered, or of which more is known than that it was looked at. */
export interface KnownHost {
  readonly address: Address;
  /** When something first answered, unix milliseconds. */
  readonly firstAlive: number | undefined;
  readonly tcp: Readonly<KnownPorts> | undefined;
  readonly udp: Readonly<KnownPorts> | undefined;
}

/** The same, to be changed. */
export interface HostState extends KnownHost {
  firstAlive: number | undefined;
  /** When the last look was taken that something answered, on the monotonic clock. */
  lastAlive: number | undefined;
  tcp: KnownPorts | undefined;
  udp: KnownPorts | undefined;
}

/** An address that nothing is known of yet. */
export function newHost(address: Address): HostState {
  return { address, firstAlive: undefined, lastAlive: undefined, tcp: undefined, udp: undefined };
}

/** Ports of an address that are open now, of both protocols. */
export function openCount({ tcp, udp }: KnownHost): number {
  return (tcp?.open.length ?? 0) + (udp?.open.length ?? 0);
}
