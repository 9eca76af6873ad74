import { formatAddress } from "../domain/address.ts";
import type { KnownAddress } from "../domain/known_address.ts";
import { isSingle, type Network } from "../domain/network.ts";
import { PortSet } from "../domain/ports.ts";
import type { Protocol } from "../domain/scan.ts";
import type { PortState } from "../state/port_state.ts";
import { hostsIn } from "./hosts_in.ts";

/**
 * What a sweep of known ports looks at: the ports that are open now, and those that are expected, of
 * every address that ever answered; of a network of one address, in any case.
 */
export function knownAddresses(
  state: PortState,
  { network, protocol, expected, most }: {
    readonly network: Network;
    readonly protocol: Protocol;
    readonly expected: PortSet;
    /** Of the open ports of one address: one that answers on every port is not swept again and again. */
    readonly most: number;
  },
): KnownAddress[] {
  const known: KnownAddress[] = [];
  for (const host of hostsIn(state.blocks, network)) {
    const open = PortSet.of((host[protocol]?.open ?? []).slice(0, most));
    const answers = host.firstAlive !== undefined || isSingle(network);
    const ports = answers ? open.union(expected) : open;
    if (ports.size > 0) known.push({ address: host.address.text, ports });
  }
  if (known.length === 0 && isSingle(network) && expected.size > 0) {
    known.push({ address: formatAddress(network.family, network.base), ports: expected });
  }
  return known;
}
