import { PROTOCOLS } from "../domain/scan.ts";
import { Gauge } from "../prometheus/gauge.ts";
import type { Metric } from "../prometheus/metric.ts";
import { PagedFamily } from "../prometheus/paged_family.ts";
import type { OrderedBlock } from "../state/ordered_blocks.ts";
import type { KnownHost } from "../state/known_host.ts";
import type { PortState } from "../state/port_state.ts";
import { hostLimitMetric } from "./host_limit_metric.ts";
import { type IsShown, PortSeries, type SeriesLimits } from "./port_series.ts";

const STATUS = "open_port_status";
const TOTAL = "open_ports_total";

/**
 * The port families: projections of the port state, and the only ones that reach a million series.
 *
 * Their lines are put together here and not from label sets, which costs a tenth: of their labels,
 * addresses, numbers and protocols, none ever needs to be escaped. Their pages are the blocks of the
 * port state, because what one scan changes lies together in the order of addresses.
 */
export function portMetrics(state: PortState, limits: SeriesLimits): Metric[] {
  const series = new PortSeries(state, limits);
  const sources = (): readonly OrderedBlock<KnownHost>[] => {
    state.forgetClosed();
    series.refresh(() => status.forget());
    return state.blocks;
  };
  const status = new PagedFamily<KnownHost>({
    name: STATUS,
    help: "1 while a port is open, 0 when it was open and is closed now.",
    type: "gauge",
    labelNames: ["ip", "port", "protocol"],
    sources,
    hasSamples: (host) => PROTOCOLS.some((protocol) => hasPorts(host[protocol])),
    lines: (hosts) => {
      const shownOf = series.shownIn(hosts);
      let text = "";
      for (const host of hosts) text += statusLines(host, shownOf(host));
      return text;
    },
  });
  return [
    status,
    new PagedFamily<KnownHost>({
      name: TOTAL,
      help: "Ports open now on an address that has ever answered.",
      type: "gauge",
      labelNames: ["ip"],
      sources,
      hasSamples: ({ firstAlive }) => firstAlive !== undefined,
      lines: (hosts) => {
        let text = "";
        for (const host of hosts) text += totalLine(host);
        return text;
      },
    }),
    new Gauge({
      name: "openport_port_series_dropped",
      help: "Ports without a series of open_port_status, because of " +
        "scanning.max_open_ports_per_host or metrics.port_series_limit.",
      collect: () => {
        series.refresh(() => status.forget());
        return series.dropped;
      },
    }),
    hostLimitMetric(state, limits),
  ];
}

function hasPorts(ports: KnownHost["tcp"]): boolean {
  return ports !== undefined && (ports.open.length > 0 || (ports.closed?.size ?? 0) > 0);
}

/** `isShown` is absent where every port has a series. */
function statusLines(host: KnownHost, isShown: IsShown | undefined): string {
  const head = `${STATUS}{ip="${host.address.text}",port="`;
  let text = "";
  for (const protocol of PROTOCOLS) {
    const ports = host[protocol];
    if (ports === undefined) continue;
    const isOpen = `",protocol="${protocol}"} 1\n`;
    for (const port of ports.open) {
      if (isShown === undefined || isShown(protocol, port)) text += head + port + isOpen;
    }
    if (ports.closed === undefined) continue;
    const isClosed = `",protocol="${protocol}"} 0\n`;
    for (const port of [...ports.closed.keys()].sort((a, b) => a - b)) {
      if (isShown === undefined || isShown(protocol, port)) text += head + port + isClosed;
    }
  }
  return text;
}

function totalLine({ address, firstAlive, tcp, udp }: KnownHost): string {
  if (firstAlive === undefined) return "";
  const open = (tcp?.open.length ?? 0) + (udp?.open.length ?? 0);
  return `${TOTAL}{ip="${address.text}"} ${open}\n`;
}
