import { formatNetwork } from "../domain/network.ts";
import { parsePorts } from "../domain/ports.ts";
import { lowerLimit, rateShare } from "../domain/rate_share.ts";
import type { NmapOptions } from "../domain/scan.ts";
import { isSamplePassword } from "./auth.ts";
import type { AuthConfig, Config, ScanningConfig, StateConfig, TargetConfig } from "./config.ts";
import type { WrittenConfig } from "./schema.ts";
import { show } from "./show.ts";

/** Takes a warning about the value at `path`. */
export type Warn = (path: readonly (string | number)[], message: string) => void;

/** Seconds; an interval below it is meant for tests more often than for a network. */
const SHORT_INTERVAL = 60;

const DEFAULT_AUTH: AuthConfig = { username: "admin", password: "secret" };

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
    nmap: {
      technique: "auto",
      disableDnsResolution: true,
      disableHostDiscovery: true,
      minRate: 1000,
      maxRate: 0,
      minParallelism: 1000,
      maxRetries: 6,
      hostTimeout: 300,
      scanDelay: 0,
      maxScanDelay: 0,
      initialRttTimeout: 0,
      maxRttTimeout: 0,
      minRttTimeout: 0,
    },
  },
  auth: undefined,
  targets: [],
  state: {
    path: "openport-exporter.db",
    pathWritten: false,
    closedPortRetention: 7 * 86_400,
    historyRetention: 90 * 86_400,
  },
};

/** Applies defaults, lets unwritten options give way to written ones, and warns of what is allowed but unwise. */
export function resolveConfig(written: WrittenConfig, warn: Warn): Config {
  return {
    server: {
      address: written.server?.address ?? DEFAULTS.server.address,
      port: written.server?.port ?? DEFAULTS.server.port,
    },
    scanning: resolveScanning(written.scanning ?? {}, warn),
    auth: resolveAuth(written.auth, warn),
    targets: resolveTargets(written.targets ?? [], warn),
    state: resolveState(written.state ?? {}),
  };
}

type WrittenScanning = NonNullable<WrittenConfig["scanning"]>;

function resolveScanning(written: WrittenScanning, warn: Warn): ScanningConfig {
  const { scanning } = DEFAULTS;
  const interval = written.interval ?? scanning.interval;
  if (interval < SHORT_INTERVAL) {
    warn(
      ["scanning", "interval"],
      `${interval} s is short: the same addresses are probed without a pause (${SHORT_INTERVAL} s and more is usual)`,
    );
  }
  const workerCount = written.worker_count ?? scanning.workerCount;
  const maxTotalRate = written.max_total_rate ?? scanning.maxTotalRate;
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
    workerCount,
    maxTotalRate,
    confirmChanges: written.confirm_changes ?? scanning.confirmChanges,
    nmap: resolveNmap(written, rateShare(maxTotalRate, workerCount).rate, warn),
  };
}

/** `share` is the packets per second that one process may send, 0 for any number. */
function resolveNmap(written: WrittenScanning, share: number, warn: Warn): NmapOptions {
  const { nmap } = DEFAULTS.scanning;
  const scanDelay = written.scan_delay ?? nmap.scanDelay;
  const maxRate = lowerLimit(written.max_rate ?? nmap.maxRate, share);
  if (scanDelay > 0 && (written.min_rate ?? 0) > 0) {
    warn(
      ["scanning", "min_rate"],
      "is written beside scanning.scan_delay: nmap obeys min_rate and ignores scan_delay (write one of the two)",
    );
  }
  if (scanDelay > 0 && (written.min_parallelism ?? 0) > 0) {
    warn(
      ["scanning", "min_parallelism"],
      "is left out: nmap ignores it beside scanning.scan_delay (write one of the two)",
    );
  }
  return {
    technique: written.scan_technique ?? nmap.technique,
    disableDnsResolution: written.disable_dns_resolution ?? nmap.disableDnsResolution,
    disableHostDiscovery: written.disable_host_discovery ?? nmap.disableHostDiscovery,
    minRate: written.min_rate ?? defaultMinRate(scanDelay, maxRate),
    maxRate,
    minParallelism: scanDelay > 0 ? 0 : written.min_parallelism ?? nmap.minParallelism,
    maxRetries: written.max_retries ?? nmap.maxRetries,
    hostTimeout: written.host_timeout ?? nmap.hostTimeout,
    scanDelay,
    maxScanDelay: written.max_scan_delay ?? nmap.maxScanDelay,
    initialRttTimeout: written.initial_rtt_timeout ?? nmap.initialRttTimeout,
    maxRttTimeout: written.max_rtt_timeout ?? nmap.maxRttTimeout,
    minRttTimeout: written.min_rtt_timeout ?? nmap.minRttTimeout,
  };
}

/** nmap refuses a minimum above the maximum, and would ignore the delay beside a minimum. */
function defaultMinRate(scanDelay: number, maxRate: number): number {
  if (scanDelay > 0) return 0;
  const { minRate } = DEFAULTS.scanning.nmap;
  return maxRate > 0 ? Math.min(minRate, maxRate) : minRate;
}

function resolveAuth(written: WrittenConfig["auth"], warn: Warn): AuthConfig | undefined {
  if (written === undefined) return undefined;
  const username = written.basic?.username ?? DEFAULT_AUTH.username;
  const password = written.basic?.password ?? DEFAULT_AUTH.password;
  if (isSamplePassword(password)) {
    warn(
      ["auth", "basic", "password"],
      "is a default or sample that anybody would try (choose one of your own)",
    );
  }
  return { username, password };
}

function resolveTargets(
  written: NonNullable<WrittenConfig["targets"]>,
  warn: Warn,
): readonly TargetConfig[] {
  const seen = new Map<string, number>();
  return written.map(({ text, network, masked }, index) => {
    const label = formatNetwork(network);
    if (masked) {
      warn(["targets", index], `${show(text)} has host bits set: ${label} is used`);
    }
    const first = seen.get(label);
    if (first === undefined) seen.set(label, index);
    else warn(["targets", index], `${label} is already targets[${first}]: it is scanned once`);
    return { text, network };
  });
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
