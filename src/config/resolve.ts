import { formatNetwork, type Network } from "../domain/network.ts";
import { parsePorts } from "../domain/ports.ts";
import { rateShare } from "../domain/rate_share.ts";
import type { Config, PolicyConfig, ScanningConfig, StateConfig } from "./config.ts";
import { aboveShare, contradictions, ignoredOptions } from "./contradictions.ts";
import type { Path } from "./dropped.ts";
import { DEFAULT_NMAP, pickNmap, resolveNmap } from "./nmap_options.ts";
import type { DocumentContext } from "./parse_document.ts";
import type { Report } from "./report.ts";
import { resolveAuth } from "./resolve_auth.ts";
import { type ReadServices, warnOfShortInterval } from "./resolve_schedules.ts";
import { resolveFiles, resolveHttp } from "./resolve_sources.ts";
import { resolveTargets } from "./resolve_targets.ts";
import type { WrittenConfig } from "./schema.ts";
import type { ReadSecret } from "./secret_file.ts";
import { show } from "./show.ts";
import type { ReadNetwork } from "./target_text.ts";

/** What an empty file means, but for what depends on other keys. */
export const DEFAULTS: Config = {
  server: { address: "0.0.0.0", port: 9919 },
  scanning: {
    interval: 86_400,
    portRange: "1-65535",
    ports: parsePorts("1-65535"),
    maxCidrSize: 24,
    timeout: 3600,
    durationMetrics: false,
    udpScan: false,
    rateLimit: 30,
    taskQueueSize: 1000,
    workerCount: 10,
    maxTotalRate: 0,
    confirmChanges: true,
    nmap: DEFAULT_NMAP,
    writtenNmap: {},
    maxOpenPortsPerHost: 1000,
    exclude: [],
  },
  auth: undefined,
  targets: [],
  targetsFiles: [],
  targetsHttp: [],
  policy: { allowedNetworks: [], clientNetworks: [], trustedProxies: [], maxProbes: 16_777_216 },
  state: {
    path: "openport-exporter.db",
    pathWritten: false,
    closedPortRetention: 7 * 86_400,
    historyRetention: 90 * 86_400,
  },
  metrics: { portSeriesLimit: 1_000_000 },
};

/** What a configuration is resolved with. */
export interface ResolveContext extends DocumentContext {
  readonly readServices: ReadServices;
  readonly readSecret: ReadSecret;
}

/**
 * Applies defaults, lets unwritten options give way to written ones, and reports what is wrong
 * between keys or allowed but unwise.
 */
export function resolveConfig(written: WrittenConfig, context: ResolveContext): Config {
  const { report } = context;
  const scanning = resolveScanning(written.scanning ?? {}, report);
  return {
    server: {
      address: written.server?.address ?? DEFAULTS.server.address,
      port: written.server?.port ?? DEFAULTS.server.port,
    },
    scanning,
    auth: resolveAuth(written.auth, context),
    targets: resolveTargets(written.targets ?? [], { ...context, scanning }),
    targetsFiles: resolveFiles(written.targets_files ?? [], context),
    targetsHttp: resolveHttp(written.targets_http ?? [], context),
    policy: resolvePolicy(written.policy ?? {}, report),
    state: resolveState(written.state ?? {}),
    metrics: {
      portSeriesLimit: written.metrics?.port_series_limit ?? DEFAULTS.metrics.portSeriesLimit,
    },
  };
}

type WrittenScanning = NonNullable<WrittenConfig["scanning"]>;

function resolveScanning(written: WrittenScanning, report: Report): ScanningConfig {
  const { scanning } = DEFAULTS;
  const interval = written.interval ?? scanning.interval;
  const workerCount = written.worker_count ?? scanning.workerCount;
  const maxTotalRate = written.max_total_rate ?? scanning.maxTotalRate;
  warnOfShortInterval(interval, ["scanning", "interval"], report);
  const rates = { maxTotalRate, workerCount };
  const nmap = pickNmap(written);
  const wrong = [...contradictions(nmap), ...aboveShare(nmap, rates, report)];
  for (const { key, message } of wrong) report.fail(["scanning", key], message);
  for (const { key, message } of ignoredOptions(nmap)) report.warn(["scanning", key], message);
  return {
    interval,
    portRange: written.port_range?.portRange ?? scanning.portRange,
    ports: written.port_range?.ports ?? scanning.ports,
    maxCidrSize: written.max_cidr_size ?? scanning.maxCidrSize,
    timeout: written.timeout ?? scanning.timeout,
    durationMetrics: written.duration_metrics ?? scanning.durationMetrics,
    udpScan: written.udp_scan ?? scanning.udpScan,
    rateLimit: written.rate_limit ?? scanning.rateLimit,
    taskQueueSize: written.task_queue_size ?? scanning.taskQueueSize,
    ...rates,
    confirmChanges: written.confirm_changes ?? scanning.confirmChanges,
    nmap: resolveNmap(nmap, rateShare(maxTotalRate, workerCount).rate),
    writtenNmap: nmap,
    maxOpenPortsPerHost: written.max_open_ports_per_host ?? scanning.maxOpenPortsPerHost,
    exclude: resolveNetworks(written.exclude, ["scanning", "exclude"], report),
  };
}

function resolveNetworks(
  written: readonly (ReadNetwork | undefined)[] = [],
  path: Path,
  report: Report,
): readonly Network[] {
  return written.flatMap((item, index) => {
    if (item === undefined) return [];
    const { text, network, masked } = item;
    if (masked) {
      const label = formatNetwork(network);
      report.warn([...path, index], `${show(text)} has host bits set: ${label} is used`);
    }
    return [network];
  });
}

function resolvePolicy(
  written: NonNullable<WrittenConfig["policy"]>,
  report: Report,
): PolicyConfig {
  const networks = (key: "allowed_networks" | "client_networks" | "trusted_proxies") =>
    resolveNetworks(written[key], ["policy", key], report);
  return {
    allowedNetworks: networks("allowed_networks"),
    clientNetworks: networks("client_networks"),
    trustedProxies: networks("trusted_proxies"),
    maxProbes: written.max_probes ?? DEFAULTS.policy.maxProbes,
  };
}

function resolveState(written: NonNullable<WrittenConfig["state"]>): StateConfig {
  const { state } = DEFAULTS;
  return {
    path: written.path ?? state.path,
    pathWritten: written.path !== undefined,
    closedPortRetention: written.closed_port_retention ?? state.closedPortRetention,
    historyRetention: written.history_retention ?? state.historyRetention,
  };
}
