import { type NmapOptions, PROTOCOLS } from "../domain/scan.ts";
import type { PortsByProtocol, ScanningConfig, SweepConfig, TargetConfig } from "./config.ts";
import type { WrittenNmap } from "./nmap_options.ts";
import type { WrittenTarget } from "./targets.ts";
import { entries, flowList, quote, type YamlText } from "./yaml_text.ts";

/** nmap options under the keys of the configuration. */
export function nmapEntries(nmap: NmapOptions): Record<keyof WrittenNmap, YamlText> {
  return {
    disable_dns_resolution: nmap.disableDnsResolution,
    min_rate: nmap.minRate,
    max_rate: nmap.maxRate,
    min_parallelism: nmap.minParallelism,
    max_retries: nmap.maxRetries,
    host_timeout: nmap.hostTimeout,
    scan_delay: nmap.scanDelay,
    max_scan_delay: nmap.maxScanDelay,
    initial_rtt_timeout: nmap.initialRttTimeout,
    max_rtt_timeout: nmap.maxRttTimeout,
    min_rtt_timeout: nmap.minRttTimeout,
    disable_host_discovery: nmap.disableHostDiscovery,
    scan_technique: nmap.technique,
  };
}

/** One item of `targets`: text where the target has nothing of its own, else an object with every key. */
export function targetLines(target: TargetConfig, scanning: ScanningConfig): string[] {
  const [text = ""] = target.texts;
  if (isPlain(target, scanning)) return [`  - ${quote(text)}`];
  const [main, ...sweeps] = target.schedules;
  const keys = {
    target: target.texts.length === 1 ? quote(text) : flowList(target.texts),
    name: quote(target.name),
    port_range: quote(main?.portRange ?? ""),
    protocol: target.protocols.length === 1 ? target.protocols[0]! : "both",
    interval: main?.interval ?? 0,
    ...(target.hasPolicy
      ? {
        expected_ports: quote(portsText(target.expected)),
        allowed_ports: quote(portsText(target.allowed)),
      }
      : {}),
  } satisfies Partial<Record<keyof WrittenTarget, YamlText>>;
  const [first, ...rest] = entries(keys, 4);
  return [
    `  - ${first!.trim()}`,
    ...rest,
    ...(sweeps.length === 0 ? [] : ["    sweeps:", ...sweeps.flatMap(sweepLines)]),
    ...scanningLines(target, scanning),
  ];
}

function isPlain(target: TargetConfig, scanning: ScanningConfig): boolean {
  const [main, ...sweeps] = target.schedules;
  const [text] = target.texts;
  return target.texts.length === 1 && target.name === text && !target.hasPolicy &&
    sweeps.length === 0 && main?.portRange === scanning.portRange &&
    main.interval === scanning.interval && scanningLines(target, scanning).length === 0 &&
    target.protocols.join() === (scanning.udpScan ? "tcp,udp" : "tcp");
}

function sweepLines({ portRange, interval }: SweepConfig): string[] {
  return [`      - port_range: ${quote(portRange)}`, `        interval: ${interval}`];
}

/** Every option or none: what a target has of its own decides what gives way among the others. */
function scanningLines({ nmap, timeout }: TargetConfig, scanning: ScanningConfig): string[] {
  const own = {
    ...(nmap === scanning.nmap ? {} : nmapEntries(nmap)),
    ...(timeout === scanning.timeout ? {} : { timeout }),
  };
  const lines = entries(own, 6);
  return lines.length === 0 ? [] : ["    scanning:", ...lines];
}

function portsText(ports: PortsByProtocol): string {
  return PROTOCOLS.flatMap((protocol) =>
    ports[protocol].ranges.map(([first, last]) =>
      `${first === last ? first : `${first}-${last}`}/${protocol}`
    )
  ).join(",");
}
