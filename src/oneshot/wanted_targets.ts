import type { Config, TargetConfig } from "../config/config.ts";
import type { WrittenPortRange } from "../config/port_texts.ts";
import { NO_PORTS } from "../config/resolve_target.ts";
import { show } from "../config/show.ts";
import { readTarget } from "../config/target_text.ts";
import { readServiceFrequencies } from "../config/top_ports.ts";
import { nameNetworks } from "../discovery/named_networks.ts";
import type { Resolution } from "../discovery/names.ts";
import type { Address, Family } from "../domain/address.ts";
import { formatNetwork, MAX_ADDRESSES, totalSize } from "../domain/network.ts";
import { neverScanned } from "../domain/network_set.ts";
import { PortSet } from "../domain/ports.ts";
import { KNOWN_PORTS, type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { ServiceFrequencies } from "../domain/service_frequencies.ts";

/** What is to be scanned, as it was asked for. */
export interface ScanRequest {
  /** Names of targets, addresses, networks and host names; none asks for every configured target. */
  readonly targets: readonly string[];
  /** Undefined leaves the ports to the targets and the configuration. */
  readonly ports: WrittenPortRange | undefined;
  /** Undefined leaves the protocols to the targets and the configuration. */
  readonly protocol: Protocol | undefined;
}

/** A request that cannot be meant; the message says what to write instead. */
export class RequestError extends Error {
  override readonly name = "RequestError";
}

/** Something that was asked for and has no address. */
export interface Unresolved {
  /** As it was written. */
  readonly target: string;
  /** Ports and protocol that would have been scanned. */
  readonly protocol: Protocol;
  readonly portRange: string;
  readonly ports: PortSet;
  /** One line a person can act on. */
  readonly message: string;
}

/** What a request asks for. */
export interface WantedTargets {
  /** Each with one schedule, and an address for each of its host names that has one. */
  readonly targets: readonly TargetConfig[];
  readonly unresolved: readonly Unresolved[];
  /** Host names of which some addresses may be missing, one line each. */
  readonly doubtful: readonly string[];
  /** Host names of an address, by its canonical text. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** What is allowed but may not be meant, one line each. */
  readonly warnings: readonly string[];
}

/** What `wantTargets` asks others. */
export interface WantTargetsDeps {
  readonly resolve: (hostName: string) => Promise<Resolution>;
  readonly readServices?: () => ServiceFrequencies;
}

/** Most names that are asked for at once. */
const NAMES_AT_ONCE = 20;

/**
 * Finds out what a request asks for; every host name is resolved once, to all of its addresses.
 *
 * @throws {RequestError} when a target cannot be read or may not be scanned, or there are too many addresses.
 */
export async function wantTargets(
  request: ScanRequest,
  config: Pick<Config, "targets" | "scanning">,
  { resolve, readServices = readServiceFrequencies }: WantTargetsDeps,
): Promise<WantedTargets> {
  const warnings: string[] = [];
  const written = request.targets.length === 0
    ? config.targets
    : pickTargets(request.targets, config, warnings);
  if (written.length === 0) {
    throw new RequestError(
      "Cannot scan without targets: name some, or write targets in the configuration",
    );
  }
  const targets = written.flatMap((target) =>
    (request.protocol === undefined ? target.protocols : [request.protocol])
      .map((protocol) => asRequested(target, { ...request, protocol }, { config, readServices }))
  );
  const names = new Set(targets.flatMap(({ hostNames }) => hostNames));
  const resolutions = await resolveNames(names, resolve);
  const named = nameNetworks(targets, (name) => addressesOf(resolutions.get(name)));
  refuseTooMany(named.targets);
  if (request.targets.length > 0) refuseExcluded(named.targets, config);
  return {
    targets: named.targets,
    unresolved: targets.flatMap((target) => unresolvedOf(target, resolutions)),
    doubtful: [...resolutions].flatMap(([name, resolution]) => doubtOf(name, resolution)),
    names: namesByAddress(resolutions),
    warnings,
  };
}

/** A target that has a written name, or one made of an address, network or host name. */
function pickTargets(
  texts: readonly string[],
  { targets, scanning }: Pick<Config, "targets" | "scanning">,
  warnings: string[],
): TargetConfig[] {
  const byName = new Map(targets.map((target) => [target.name, target]));
  return [...new Set(texts)].map((text) => {
    const known = byName.get(text);
    if (known !== undefined) return known;
    const read = attempt(text, byName.size > 0);
    if ("masked" in read && read.masked) {
      const label = formatNetwork(read.network);
      warnings.push(`${show(read.text)} has host bits set: ${label} is scanned`);
    }
    const protocols: readonly Protocol[] = scanning.udpScan ? PROTOCOLS : ["tcp"];
    return {
      name: read.text,
      texts: [read.text],
      networks: "network" in read ? [{ text: read.text, network: read.network }] : [],
      hostNames: "hostName" in read ? [read.hostName] : [],
      protocols,
      schedules: [{
        portRange: scanning.portRange,
        ports: { tcp: scanning.ports, udp: scanning.ports },
        interval: scanning.interval,
      }],
      expected: NO_PORTS,
      allowed: NO_PORTS,
      hasPolicy: false,
      nmap: scanning.nmap,
      timeout: scanning.timeout,
      labels: {},
    };
  });
}

function attempt(text: string, hasNames: boolean): ReturnType<typeof readTarget> {
  try {
    return readTarget(text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    const orName = hasNames ? "; no target of the configuration has this name" : "";
    throw new RequestError(`TARGET: ${error.message}${orName}`, { cause: error });
  }
}

interface Context {
  readonly config: Pick<Config, "scanning">;
  readonly readServices: () => ServiceFrequencies;
}

/** The target with one protocol and one schedule: all ports that any of its own looks at, or those that are asked for. */
function asRequested(
  target: TargetConfig,
  { ports, protocol }: {
    readonly ports: WrittenPortRange | undefined;
    readonly protocol: Protocol;
  },
  { config: { scanning }, readServices }: Context,
): TargetConfig {
  const { name, texts, networks, hostNames, expected, allowed, hasPolicy, nmap, timeout, labels } =
    target;
  const asked = ports === undefined
    ? ownPorts(target, protocol, scanning)
    : { portRange: ports.portRange, ports: portsAsked(ports, protocol, readServices) };
  const schedule = {
    portRange: asked.portRange,
    ports: { ...NO_PORTS, [protocol]: asked.ports },
    interval: scanning.interval,
  };
  return {
    ...{ name, texts, networks, hostNames, expected, allowed, hasPolicy, nmap, timeout, labels },
    protocols: [protocol],
    schedules: [schedule],
  };
}

interface AskedPorts {
  readonly portRange: string;
  readonly ports: PortSet;
}

function portsAsked(
  { ports }: WrittenPortRange,
  protocol: Protocol,
  readServices: () => ServiceFrequencies,
): PortSet {
  if (ports instanceof PortSet) return ports;
  if (ports === KNOWN_PORTS) throw new RequestError("Cannot scan known ports: write ports");
  try {
    return readServices().top(protocol, ports.top);
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    throw new RequestError(error.message, { cause: error });
  }
}

/** All that the schedules of a target look at with a protocol; of a protocol it is not scanned with, the usual ports. */
function ownPorts(
  { schedules, expected }: TargetConfig,
  protocol: Protocol,
  scanning: Config["scanning"],
): AskedPorts {
  const looked = schedules.map(({ ports }) =>
    ports === KNOWN_PORTS ? expected[protocol] : ports[protocol]
  );
  const ports = looked.reduce((a, b) => a.union(b), PortSet.EMPTY);
  if (ports.size === 0) return { portRange: scanning.portRange, ports: scanning.ports };
  const same = schedules[looked.findIndex((one) => one.equals(ports))]?.portRange;
  return { portRange: same === undefined || same === KNOWN_PORTS ? `${ports}` : same, ports };
}

async function resolveNames(
  names: ReadonlySet<string>,
  resolve: WantTargetsDeps["resolve"],
): Promise<Map<string, Resolution>> {
  const found = new Map<string, Resolution>();
  const left = [...names];
  const work = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      found.set(name, await resolve(name));
    }
  };
  await Promise.all(Array.from({ length: NAMES_AT_ONCE }, work));
  // In the order in which they were asked for, whoever answered first.
  return new Map([...names].map((name) => [name, found.get(name)!]));
}

function addressesOf(resolution: Resolution | undefined): readonly Address[] {
  return resolution?.kind === "resolved" ? resolution.addresses : [];
}

function namesByAddress(resolutions: ReadonlyMap<string, Resolution>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const [name, resolution] of resolutions) {
    for (const { text } of addressesOf(resolution)) {
      names.set(text, [...(names.get(text) ?? []), name]);
    }
  }
  return names;
}

function unresolvedOf(
  { hostNames, protocols, schedules }: TargetConfig,
  resolutions: ReadonlyMap<string, Resolution>,
): Unresolved[] {
  return hostNames.flatMap((target) => {
    const resolution = resolutions.get(target);
    if (resolution?.kind !== "unresolved") return [];
    return protocols.flatMap((protocol) =>
      schedules.flatMap(({ portRange, ports }) => {
        if (ports === KNOWN_PORTS || ports[protocol].size === 0) return [];
        const { message } = resolution;
        return [{ target, protocol, portRange, ports: ports[protocol], message }];
      })
    );
  });
}

function doubtOf(name: string, resolution: Resolution): string[] {
  if (resolution.kind !== "resolved" || resolution.unanswered.length === 0) return [];
  const families = resolution.unanswered.map((family: Family) => `IPv${family}`).join(" and ");
  return [
    `Cannot find out the ${families} addresses of ${show(name)}: no name server answers; ` +
    "the others are scanned",
  ];
}

function refuseTooMany(targets: readonly TargetConfig[]): void {
  const networks = targets.flatMap((target) => target.networks.map(({ network }) => network));
  const size = totalSize(networks);
  if (size > MAX_ADDRESSES) {
    throw new RequestError(
      `Cannot scan ${size} addresses at once: write targets of ${MAX_ADDRESSES} at most together`,
    );
  }
}

/** What was asked for by name and may not be looked at at all is a mistake; parts of it are left out. */
function refuseExcluded(
  targets: readonly TargetConfig[],
  { scanning }: Pick<Config, "scanning">,
): void {
  const never = neverScanned(scanning.exclude);
  for (const { name, networks } of targets) {
    if (networks.length === 0 || !networks.every(({ network }) => never.covers(network))) continue;
    throw new RequestError(`Cannot scan ${show(name)}: it is excluded (scanning.exclude)`);
  }
}
