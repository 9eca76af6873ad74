import { parseNetwork } from "../../src/domain/network.ts";
import { PortSet } from "../../src/domain/ports.ts";
import type { Protocol } from "../../src/domain/scan.ts";
import type { PolicyTarget } from "../../src/policy/policy_target.ts";

/** Ports by protocol: `"22 53/udp"`. */
export function byProtocol(text: string): Record<Protocol, PortSet> {
  const items = text.split(" ").filter((item) => item !== "");
  const of = (isWanted: (item: string) => boolean) =>
    PortSet.of(items.filter(isWanted).map((item) => parseInt(item)));
  return {
    tcp: of((item) => !item.endsWith("/udp")),
    udp: of((item) => item.endsWith("/udp")),
  };
}

/** A policy target; `networks` separated by blanks, ports as in `byProtocol`. */
export function makeTarget(
  name: string,
  { networks, expected = "", allowed = "" }: {
    networks: string;
    expected?: string;
    allowed?: string;
  },
): PolicyTarget {
  return {
    name,
    networks: networks.split(" ").map((text) => parseNetwork(text).network),
    unresolved: 0,
    expected: byProtocol(expected),
    allowed: byProtocol(allowed),
  };
}
