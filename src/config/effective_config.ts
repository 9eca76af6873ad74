import type { AuthConfig, Config, ScanningConfig, ServerConfig, StateConfig } from "./config.ts";
import type { WrittenConfig } from "./schema.ts";
import { escapeControls } from "../text/escape_controls.ts";

/** A mapping with every key that may be written in a section, so that none is forgotten here. */
type Complete<Section extends keyof WrittenConfig> = Readonly<
  Record<keyof NonNullable<WrittenConfig[Section]>, string | number | boolean>
>;

/**
 * The configuration as YAML, with every key and what it came to; durations are in seconds or, where
 * the key takes milliseconds, in those. Read as a configuration file, it means the same again, but
 * for the password, which is `<secret>`.
 */
export function effectiveConfigYaml({ server, scanning, auth, targets, state }: Config): string {
  const lines = [
    "server:",
    ...entries(serverKeys(server)),
    "scanning:",
    ...entries(scanningKeys(scanning)),
    ...authLines(auth),
    targets.length === 0 ? "targets: []" : "targets:",
    ...targets.map(({ text }) => `  - ${quote(text)}`),
    "state:",
    ...stateLines(state),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function serverKeys({ port, address }: ServerConfig): Complete<"server"> {
  return { port, address: quote(address) };
}

function scanningKeys({ nmap, ...scanning }: ScanningConfig): Complete<"scanning"> {
  return {
    interval: scanning.interval,
    port_range: quote(scanning.portRange),
    max_cidr_size: scanning.maxCidrSize,
    timeout: scanning.timeout,
    duration_metrics: scanning.durationMetrics,
    disable_dns_resolution: nmap.disableDnsResolution,
    udp_scan: scanning.udpScan,
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
    rate_limit: scanning.rateLimit,
    task_queue_size: scanning.taskQueueSize,
    worker_count: scanning.workerCount,
    scan_technique: nmap.technique,
    max_total_rate: scanning.maxTotalRate,
    confirm_changes: scanning.confirmChanges,
  };
}

function authLines(auth: AuthConfig | undefined): string[] {
  if (auth === undefined) return ["# auth: none, everything is public"];
  return ["auth:", "  basic:", `    username: ${quote(auth.username)}`, "    password: <secret>"];
}

function stateLines({ path, pathWritten, ...retention }: StateConfig): string[] {
  const keys: Complete<"state"> = {
    path: quote(path),
    closed_port_retention: retention.closedPortRetention,
    history_retention: retention.historyRetention,
  };
  const [first, ...rest] = entries(keys);
  // Written out, the default would be a path that has to work.
  return [pathWritten ? `${first}` : `  #${first?.slice(1)}`, ...rest];
}

function entries(keys: Readonly<Record<string, string | number | boolean>>): string[] {
  return Object.entries(keys).map(([key, value]) => `  ${key}: ${value}`);
}

/** Text that YAML reads as the same text, whatever is in it. */
function quote(text: string): string {
  return escapeControls(JSON.stringify(text))
    .replace(/[\ufffe\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);
}
