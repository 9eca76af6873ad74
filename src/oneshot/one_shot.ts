import type { Config, TargetConfig } from "../config/config.ts";
import { nameNetworks } from "../discovery/named_networks.ts";
import type { Resolution } from "../discovery/names.ts";
import { type Address, parseAddress } from "../domain/address.ts";
import { networkSize, totalSize } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import { NetworkSet, neverScanned } from "../domain/network_set.ts";
import type { ScanFailure, Scanner, ScanUnit, Technique } from "../domain/scan.ts";
import type { Logger } from "../log/logger.ts";
import { type NmapCapability, probeNmap } from "../nmap/capability.ts";
import { GRANT_ADVICE } from "../nmap/failure.ts";
import type { NmapProcesses } from "../nmap/process.ts";
import { scanKinds, withoutRawSockets } from "../nmap/scan_kinds.ts";
import { createNmapScanner } from "../nmap/scanner.ts";
import { planTargets } from "../schedule/plan.ts";
import { listTargets } from "./listed_targets.ts";
import { checkPolicy } from "./policy_check.ts";
import { ProgressMeter } from "./progress_meter.ts";
import { makeResult, type ScanResult } from "./scan_result.ts";
import { type ScannedOnce, scanOnce } from "./scan_once.ts";
import {
  RequestError,
  type ScanRequest,
  type WantedTargets,
  wantTargets,
} from "./wanted_targets.ts";

/** What a scan in the foreground is made from. */
export interface OneShotOptions {
  readonly config: Config;
  readonly request: ScanRequest;
  /** Judge what is open by the policy of the targets. */
  readonly judge: boolean;
  /** Absolute; where relative paths of lists begin. */
  readonly workingDirectory: string;
  readonly userAgent: string;
  readonly processes: NmapProcesses;
  readonly log: Logger;
  readonly resolve: (hostName: string) => Promise<Resolution>;
  /** Ends the scan when aborted; what finished is kept. */
  readonly signal: AbortSignal;
  /** Nothing needs the network from here on. */
  readonly onNamesKnown: () => Promise<void>;
  /** The scan begins; `open` is how many open ports were found by now. */
  readonly onBegin: (meter: ProgressMeter, open: () => number) => void;
}

/** Milliseconds, monotonic and of the wall. */
const now = () => performance.timeOrigin + performance.now();
const wallClock = () => Date.now();

/**
 * Scans what is asked for, once, and judges it.
 *
 * @throws {RequestError} when the request cannot be meant; nothing was scanned then.
 */
export async function runOneShot(options: OneShotOptions): Promise<ScanResult> {
  const { config, request, judge, log, processes, signal } = options;
  const startedAt = wallClock();
  const began = now();
  const listed = await listTargets(config, options);
  const whole = { ...config, targets: listed.targets };
  if (judge && !listed.targets.some(({ hasPolicy }) => hasPolicy)) {
    throw new RequestError(
      "Cannot fail on unexpected ports: no target of the configuration has expected_ports or allowed_ports",
    );
  }
  const resolve = remembering(options.resolve);
  const wanted = await wantTargets(request, whole, { resolve });
  const { judges, nameless } = await policyTargets(judge ? listed.targets : [], resolve);
  await options.onNamesKnown();
  const units = unitsOf(wanted, config);
  refuseUnjudged(units, { wanted, judges, judge });
  // What every target is asked for, and a gate, must not leave out unseen.
  const problems = [
    ...(request.targets.length === 0 ? listed.problems : []),
    ...(judge ? wanted.doubtful : []),
  ];
  const warnings = [
    ...(request.targets.length === 0 ? [] : listed.problems),
    ...listed.warnings,
    ...wanted.warnings,
    ...(judge ? [] : wanted.doubtful),
    ...excludedWarnings(wanted, units),
  ];
  const capability = await probeNmap(processes, { signal });
  if (capability.available) {
    const effect = capability.rawSockets ? undefined : withoutRawSockets(scanKinds(scansOf(units)));
    if (effect !== undefined) {
      warnings.push(`Cannot open raw sockets (${capability.reason}): ${effect}`);
    }
  }
  for (const line of [...warnings, ...problems]) log.warn(line);
  const scanned = await scanUnits(units, capability, options);
  const policy = judge ? checkPolicy({ targets: judges, units, ...scanned }) : undefined;
  if (policy !== undefined && policy.withoutPolicy.length > 0) {
    for (const line of nameless) log.warn(line);
    problems.push(...nameless);
  }
  return makeResult({
    ...{ wanted, scanned, problems, warnings, policy, startedAt },
    nmap: nmapInfo(capability, units),
    seconds: (now() - began) / 1000,
  });
}

function scanUnits(
  units: readonly ScanUnit[],
  capability: NmapCapability,
  { config, processes, log, signal, onBegin }: OneShotOptions,
): Promise<ScannedOnce> {
  const probes = units.reduce(
    (sum, { network, ports }) => sum + Number(networkSize(network)) * ports.size,
    0,
  );
  const exclude = neverScanned(config.scanning.exclude);
  const meter = new ProgressMeter({ probes, now });
  const scanner = createNmapScanner({
    processes,
    technique: () => techniqueOf(capability),
    version: () => capability.available ? capability.version : undefined,
    isExcluded: (address) => exclude.has(parseAddress(address)),
    now,
  });
  let open = 0;
  if (capability.available) onBegin(meter, () => open);
  return scanOnce({
    ...{ units, signal, now, wallClock },
    scanning: config.scanning,
    scanner: metered(scanner, meter),
    obstacleOf: (unit) => obstacleOf(unit, capability),
    onProcessEnd: (key, job, { hosts, failure, startedAt, endedAt }) => {
      for (const host of hosts) open += host.open[job.protocol].length;
      log.debug("nmap ended", {
        ...{ target: key.target, port_range: key.portRange, protocol: key.protocol },
        addresses: job.addresses.length,
        first: job.addresses[0],
        confirming: job.confirming,
        duration: `${((endedAt - startedAt) / 1000).toFixed(3)}s`,
        error_type: failure?.type,
        error: failure?.message,
      });
    },
  });
}

function metered(scanner: Scanner, meter: ProgressMeter): Scanner {
  return async (job, signal, onProgress) => {
    const process = meter.begin(job);
    try {
      return await scanner(job, signal, (progress) => {
        process.update(progress);
        onProgress?.(progress);
      });
    } finally {
      process.end();
    }
  };
}

function techniqueOf(capability: NmapCapability): Technique {
  return capability.available && capability.rawSockets ? "syn" : "connect";
}

/** Of thousands of units, none need be tried that is known to fail. */
function obstacleOf({ key, nmap }: ScanUnit, capability: NmapCapability): ScanFailure | undefined {
  if (!capability.available) return { type: "nmap_missing", message: capability.reason };
  if (capability.rawSockets || capability.unanswered) return undefined;
  if (key.protocol === "tcp" && nmap.technique !== "syn") return undefined;
  const message = `Cannot open raw sockets (${capability.reason}): ${GRANT_ADVICE}`;
  return { type: "permission", message };
}

/** The technique is that of TCP; where targets have different ones, what they have unless they say otherwise. */
function nmapInfo(capability: NmapCapability, units: readonly ScanUnit[]): ScanResult["nmap"] {
  if (!capability.available) return null;
  const tcp = units.filter(({ key }) => key.protocol === "tcp");
  const connects = tcp.length > 0 && tcp.every(({ nmap }) => nmap.technique === "connect");
  const technique = connects ? "connect" : techniqueOf(capability);
  return { version: capability.version, scan_technique: technique };
}

/** The units of all targets, without those that are looked at within a broader one in the same way. */
function unitsOf({ targets }: WantedTargets, { scanning }: Config): ScanUnit[] {
  const units = planTargets({ targets, scanning }).flatMap((target) =>
    Array.from({ length: target.unitCount }, (_, index) => target.unitAt(index))
  );
  const index = new NetworkIndex<ScanUnit>();
  for (const unit of units) index.add(unit.network, unit);
  return units.filter(({ key, network, ports, nmap, timeout }) => {
    const around = index.containing({ family: network.family, value: network.base });
    return !Iterator.from(around).some((other) =>
      other.network.prefix < network.prefix && other.key.protocol === key.protocol &&
      other.ports.covers(ports) && other.nmap === nmap && other.timeout === timeout
    );
  });
}

function* scansOf(units: readonly ScanUnit[]) {
  for (const { key, nmap } of units) yield { protocol: key.protocol, nmap };
}

function excludedWarnings({ targets }: WantedTargets, units: readonly ScanUnit[]): string[] {
  const asked = totalSize(
    targets.flatMap(({ networks }) => networks.map(({ network }) => network)),
  );
  const left = asked - totalSize(units.map(({ network }) => network));
  return left === 0n ? [] : [`Addresses that are not scanned (scanning.exclude): ${left}`];
}

/** Those who say which ports may be open. */
interface Judges {
  /** With the addresses of their names as far as they are known. */
  readonly judges: readonly TargetConfig[];
  /** Why the addresses of a name are not known, which an address without a policy may be one of. */
  readonly nameless: readonly string[];
}

async function policyTargets(
  targets: readonly TargetConfig[],
  resolve: OneShotOptions["resolve"],
): Promise<Judges> {
  const judges = targets.filter(({ hasPolicy }) => hasPolicy);
  const addresses = new Map<string, readonly Address[]>();
  const nameless: string[] = [];
  for (const name of new Set(judges.flatMap(({ hostNames }) => hostNames))) {
    const resolution = await resolve(name);
    if (resolution.kind === "resolved") addresses.set(name, resolution.addresses);
    else nameless.push(`${resolution.message}; an address without a policy may be one of it`);
  }
  return { judges: nameNetworks(judges, (name) => addresses.get(name) ?? []).targets, nameless };
}

/** A check that judges nothing would pass whatever is open. */
function refuseUnjudged(
  units: readonly ScanUnit[],
  { wanted, judges, judge }: {
    readonly wanted: WantedTargets;
    readonly judges: readonly TargetConfig[];
    readonly judge: boolean;
  },
): void {
  if (wanted.unresolved.length > 0) return;
  if (units.length === 0) {
    throw new RequestError(
      "Cannot scan: every address of the targets is excluded (scanning.exclude)",
    );
  }
  if (!judge) return;
  const judged = NetworkSet.of(
    judges.flatMap(({ networks }) => networks.map(({ network }) => network)),
  );
  if (units.some(({ network }) => judged.overlaps(network))) return;
  const names = wanted.targets.map(({ name }) => name).slice(0, 3).join(", ");
  throw new RequestError(
    `Cannot fail on unexpected ports: no target with expected_ports or allowed_ports has an address of ${names}`,
  );
}

function remembering(resolve: OneShotOptions["resolve"]): OneShotOptions["resolve"] {
  const asked = new Map<string, Promise<Resolution>>();
  return (name) => {
    const known = asked.get(name) ?? resolve(name);
    asked.set(name, known);
    return known;
  };
}
