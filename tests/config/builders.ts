import type { Config } from "../../src/config/config.ts";
import { formatNetwork } from "../../src/domain/network.ts";

/** A configuration as plain values. */
export function plain({ scanning, targets, ...rest }: Config) {
  return {
    ...rest,
    scanning: { ...scanning, ports: scanning.ports.toString() },
    targets: targets.map(({ text, network }) => [text, formatNetwork(network)]),
  };
}
