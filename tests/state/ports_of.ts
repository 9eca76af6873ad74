import { type Protocol, PROTOCOLS } from "../../src/domain/scan.ts";
import type { PortState } from "../../src/state/port_state.ts";

/** A port that is, or was, open. */
export interface PortStatus {
  readonly port: number;
  readonly protocol: Protocol;
  readonly open: boolean;
}

/** Ports that are open or were, in order of address, protocol, state and port. */
export function portsOf(state: PortState): [address: string, status: PortStatus][] {
  state.forgetClosed();
  return state.blocks.flatMap(({ items }) =>
    items.flatMap((host) =>
      PROTOCOLS.flatMap((protocol) => {
        const { open = [], closed = new Map() } = host[protocol] ?? {};
        const ports = [
          ...open.map((port) => [port, true] as const),
          ...[...(closed ?? []).keys()].sort((a, b) => a - b).map((port) => [port, false] as const),
        ];
        return ports.map(([port, open]): [string, PortStatus] => [
          host.address.text,
          { port, protocol, open },
        ]);
      })
    )
  );
}

/** Addresses that ever answered, in order, each with the number of its open ports. */
export function openCountsOf(state: PortState): [address: string, open: number][] {
  return state.blocks.flatMap(({ items }) =>
    items.flatMap((host): [string, number][] => {
      if (host.firstAlive === undefined) return [];
      const open = (host.tcp?.open.length ?? 0) + (host.udp?.open.length ?? 0);
      return [[host.address.text, open]];
    })
  );
}
