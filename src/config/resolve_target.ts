import { formatNetwork } from "../domain/network.ts";
import { PortSet } from "../domain/ports.ts";
import { rateShare } from "../domain/rate_share.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { PortsByProtocol, ScanningConfig, TargetConfig, TargetNetwork } from "./config.ts";
import { aboveShare, contradictions, ignoredOptions } from "./contradictions.ts";
import type { Path } from "./dropped.ts";
import { pickNmap, resolveNmap } from "./nmap_options.ts";
import type { WrittenPolicyPorts } from "./port_texts.ts";
import type { Report } from "./report.ts";
import { type ReadServices, resolveSchedules } from "./resolve_schedules.ts";
import { show } from "./show.ts";
import { type SharedOptions, SingleTarget } from "./single_target.ts";
import type { ReadNetwork, ReadTarget } from "./target_text.ts";
import { MAX_NAME_LENGTH, type WrittenTarget } from "./targets.ts";

/** What a target is resolved with. */
export interface TargetContext {
  readonly scanning: ScanningConfig;
  readonly readServices: ReadServices;
  readonly report: Report;
  /** Where the target is. */
  readonly path: Path;
  /** What a discovered target is labelled with. */
  readonly labels?: TargetConfig["labels"];
}

/** No ports. */
export const NO_PORTS: PortsByProtocol = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };

const NO_LABELS = {};

/** One target with everything it inherits; reports what contradicts itself or cannot be meant. */
export function resolveTarget(written: WrittenTarget, context: TargetContext): TargetConfig {
  const { labels = NO_LABELS } = context;
  const alone = labels === NO_LABELS ? plainTarget(written) : undefined;
  if (alone !== undefined && "network" in alone) {
    if (alone.masked) warnOfHostBits(alone, context.path, context);
    return new SingleTarget(alone, sharedOptions(context));
  }
  const read = readTexts(written.target, context);
  const target = {
    name: written.name ?? defaultName(read.texts, context),
    ...read,
    ...resolveOptions(written, context),
    labels,
  };
  if (target.hasPolicy) checkPolicy(target, context);
  return target;
}

/** The one text of a target that nothing else is written of. */
export function plainTarget(written: WrittenTarget): ReadTarget | undefined {
  const { target } = written;
  if (Object.keys(written).length > 1 || Array.isArray(target)) return undefined;
  return target as ReadTarget | undefined;
}

/** Options of targets that have none of their own, made once for all of a configuration. */
const shared = new WeakMap<ScanningConfig, SharedOptions>();

function sharedOptions(context: TargetContext): SharedOptions {
  const { scanning } = context;
  const known = shared.get(scanning);
  if (known !== undefined) return known;
  const options = { ...resolveOptions({}, context), labels: NO_LABELS };
  shared.set(scanning, options);
  return options;
}

function resolveOptions(
  written: WrittenTarget,
  context: TargetContext,
): Omit<SharedOptions, "labels"> {
  const protocols = protocolsOf(written.protocol, context.scanning);
  return {
    protocols,
    schedules: resolveSchedules(written, protocols, context),
    expected: byProtocol(written.expected_ports, protocols),
    allowed: byProtocol(written.allowed_ports, protocols),
    hasPolicy: written.expected_ports !== undefined || written.allowed_ports !== undefined,
    ...resolveScanning(written.scanning, context),
  };
}

const TCP: readonly Protocol[] = ["tcp"];
const UDP: readonly Protocol[] = ["udp"];

function protocolsOf(
  written: WrittenTarget["protocol"],
  { udpScan }: ScanningConfig,
): readonly Protocol[] {
  const choice = written ?? (udpScan ? "both" : "tcp");
  return choice === "both" ? PROTOCOLS : choice === "tcp" ? TCP : UDP;
}

function readTexts(written: WrittenTarget["target"], { path, report }: TargetContext) {
  const several = Array.isArray(written);
  const items: readonly (ReadTarget | undefined)[] = several ? written : [written as ReadTarget];
  const texts: string[] = [];
  const networks: TargetNetwork[] = [];
  const hostNames = new Set<string>();
  const seen = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    if (item === undefined) continue;
    const place = several ? [...path, "target", index] : path;
    const label = "hostName" in item ? item.hostName : formatNetwork(item.network);
    if ("masked" in item && item.masked) warnOfHostBits(item, place, { report });
    const first = seen.get(label);
    if (first !== undefined) {
      report.warn(place, `${label} is already target[${first}]: it is scanned once`);
      continue;
    }
    seen.set(label, index);
    texts.push(item.text);
    if ("hostName" in item) hostNames.add(item.hostName);
    else networks.push({ text: item.text, network: item.network });
  }
  return { texts, networks, hostNames: [...hostNames] };
}

function warnOfHostBits(
  { text, network }: ReadNetwork,
  place: Path,
  { report }: Pick<TargetContext, "report">,
): void {
  report.warn(place, `${show(text)} has host bits set: ${formatNetwork(network)} is used`);
}

function defaultName(texts: readonly string[], { path, report }: TargetContext): string {
  const name = texts.join(",");
  if (texts.length > 1 && name.length > MAX_NAME_LENGTH && !report.refused([...path, "name"])) {
    report.fail(
      path,
      `needs a name: its targets together have more than ${MAX_NAME_LENGTH} characters (write name)`,
    );
  }
  return name;
}

/** Without a suffix a port is of the target's one protocol, and of TCP where it has both. */
function byProtocol(
  written: WrittenPolicyPorts | undefined,
  protocols: readonly Protocol[],
): PortsByProtocol {
  if (written === undefined) return NO_PORTS;
  const { plain, ...ports } = written;
  const own = protocols[0]!;
  return { ...ports, [own]: ports[own].union(plain) };
}

function resolveScanning(
  written: WrittenTarget["scanning"],
  { scanning, path, report }: TargetContext,
): Pick<TargetConfig, "nmap" | "timeout"> {
  if (written === undefined) return { nmap: scanning.nmap, timeout: scanning.timeout };
  const own = pickNmap(written);
  const inherited = scanning.writtenNmap;
  const wrong = [...contradictions(own, inherited), ...aboveShare(own, scanning, report)];
  for (const { key, message } of wrong) {
    report.fail([...path, "scanning", key], message);
  }
  for (const { key, message } of ignoredOptions(own, inherited)) {
    report.warn([...path, "scanning", key], message);
  }
  const { rate } = rateShare(scanning.maxTotalRate, scanning.workerCount);
  return {
    nmap: Object.keys(own).length === 0
      ? scanning.nmap
      : resolveNmap({ ...inherited, ...own }, rate),
    timeout: written.timeout ?? scanning.timeout,
  };
}

function checkPolicy(
  { protocols, schedules, expected, allowed }: TargetConfig,
  { path, report }: TargetContext,
): void {
  // Sweeps of what is known look at every expected port.
  const known = schedules.some(({ ports }) => ports === "known");
  for (const protocol of PROTOCOLS) {
    const twice = expected[protocol].intersect(allowed[protocol]);
    if (twice.size > 0) {
      report.warn(
        [...path, "allowed_ports"],
        `${
          portsText(twice, protocol)
        } must be open and may be open: is in expected_ports too (write it once)`,
      );
    }
    const scanned = protocols.includes(protocol);
    if (scanned && known) continue;
    let missed = expected[protocol];
    for (const { ports } of scanned ? schedules : []) {
      if (ports !== "known") missed = missed.subtract(ports[protocol]);
    }
    if (missed.size > 0) {
      report.warn(
        [...path, "expected_ports"],
        `${portsText(missed, protocol)} is expected and never scanned: ` +
          (scanned
            ? "it is in no port_range of the target (add it to one)"
            : `protocol leaves ${protocol} out (write protocol: both)`),
      );
    }
  }
}

function portsText(ports: PortSet, protocol: Protocol): string {
  const text = ports.toString();
  return `${text.length > 60 ? `${text.slice(0, 60)}…` : text}/${protocol}`;
}
