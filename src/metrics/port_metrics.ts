import { CollectedFamily } from "../prometheus/collected.ts";
import type { Metric } from "../prometheus/metric.ts";
import type { PortState } from "../state/port_state.ts";

/** The port families: projections of the port state at scrape time. */
export function portMetrics(state: PortState): Metric[] {
  return [
    new CollectedFamily({
      name: "open_port_status",
      help: "1 while a port is open, 0 when it was open and is closed now.",
      type: "gauge",
      labelNames: ["ip", "port", "protocol"] as const,
      collect: function* () {
        for (const [address, { port, protocol, open }] of state.ports()) {
          yield [[address, String(port), protocol] as const, open ? 1 : 0] as const;
        }
      },
    }),
    new CollectedFamily({
      name: "open_ports_total",
      help: "Ports open now on an address that has ever answered.",
      type: "gauge",
      labelNames: ["ip"] as const,
      collect: function* () {
        for (const [address, open] of state.openCounts()) yield [[address] as const, open] as const;
      },
    }),
  ];
}
