import { CollectedFamily } from "../prometheus/collected.ts";
import type { Metric } from "../prometheus/metric.ts";
import type { PortState } from "../state/port_state.ts";

/** The family of hosts with more open ports than `perHost`, whose port series are capped. */
export function hostLimitMetric(
  state: PortState,
  { perHost }: { readonly perHost: () => number },
): Metric {
  return new CollectedFamily({
    name: "openport_host_port_limit_exceeded",
    help: "1 while a host has more open ports than scanning.max_open_ports_per_host, " +
      "which cuts its port series off; its counts are exact.",
    type: "gauge",
    labelNames: ["ip"] as const,
    collect: function* () {
      const most = perHost();
      for (const { items } of state.blocks) {
        for (const { address, tcp, udp } of items) {
          const open = (tcp?.open.length ?? 0) + (udp?.open.length ?? 0);
          if (open > most) yield [[address.text] as const, 1] as const;
        }
      }
    },
  });
}
