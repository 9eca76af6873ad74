import { formatNetwork, type Network } from "../domain/network.ts";
import type {
  AuthConfig,
  Config,
  ScanningConfig,
  SecretConfig,
  ServerConfig,
  StateConfig,
} from "./config.ts";
import { nmapEntries, targetLines } from "./effective_targets.ts";
import { showUrl } from "./resolve_sources.ts";
import type { WrittenConfig } from "./schema.ts";
import { entries, flowList, quote, type YamlText } from "./yaml_text.ts";

/** A mapping with every key that may be written in a section, so that none is forgotten here. */
type Complete<Section extends keyof WrittenConfig> = Readonly<
  Record<keyof NonNullable<WrittenConfig[Section]>, YamlText>
>;

/**
 * The configuration as YAML, with every key and what it came to; durations are in seconds or, where
 * the key takes milliseconds, in those. Read as a configuration file, it means the same again, but
 * for secrets and the queries of URLs, which are `<secret>`, and for the labels of targets that
 * were discovered.
 */
export function effectiveConfigYaml(config: Config): string {
  const lines = [
    "server:",
    ...entries(serverKeys(config.server)),
    "scanning:",
    ...entries(scanningKeys(config.scanning)),
    ...authLines(config.auth),
    config.targets.length === 0 ? "targets: []" : "targets:",
    ...config.targets.flatMap((target) => targetLines(target, config.scanning)),
    `targets_files: ${flowList(config.targetsFiles.map(({ text }) => text))}`,
    ...httpLines(config),
    "policy:",
    ...entries(policyKeys(config)),
    "state:",
    ...stateLines(config.state),
    "metrics:",
    ...entries(metricsKeys(config)),
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
    udp_scan: scanning.udpScan,
    ...nmapEntries(nmap),
    rate_limit: scanning.rateLimit,
    task_queue_size: scanning.taskQueueSize,
    worker_count: scanning.workerCount,
    max_total_rate: scanning.maxTotalRate,
    confirm_changes: scanning.confirmChanges,
    max_open_ports_per_host: scanning.maxOpenPortsPerHost,
    exclude: networkList(scanning.exclude),
  };
}

function authLines(auth: AuthConfig | undefined): string[] {
  if (auth === undefined) return ["# auth: none, everything is public"];
  const { basic, bearerToken } = auth;
  return [
    "auth:",
    ...(basic === undefined ? [] : [
      "  basic:",
      `    username: ${quote(basic.username)}`,
      `    ${secretLine("password", basic.password)}`,
    ]),
    ...(bearerToken === undefined ? [] : [`  ${secretLine("bearer_token", bearerToken)}`]),
  ];
}

function secretLine(key: string, { file }: SecretConfig): string {
  return file === undefined ? `${key}: <secret>` : `${key}_file: ${quote(file.text)}`;
}

function httpLines({ targetsHttp }: Config): string[] {
  if (targetsHttp.length === 0) return ["targets_http: []"];
  return [
    "targets_http:",
    ...targetsHttp.flatMap(({ url, refreshInterval }) => [
      `  - url: ${quote(showUrl(url))}`,
      `    refresh_interval: ${refreshInterval}`,
    ]),
  ];
}

function policyKeys({ policy }: Config): Complete<"policy"> {
  return {
    allowed_networks: networkList(policy.allowedNetworks),
    client_networks: networkList(policy.clientNetworks),
    trusted_proxies: networkList(policy.trustedProxies),
    max_probes: policy.maxProbes,
  };
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

function metricsKeys({ metrics }: Config): Complete<"metrics"> {
  return { port_series_limit: metrics.portSeriesLimit };
}

function networkList(networks: readonly Network[]): string {
  return flowList(networks.map(formatNetwork));
}
