import { formatNetwork } from "../domain/network.ts";
import { PortSet } from "../domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../domain/scan.ts";
import type { PortsByProtocol, ScanningConfig, TargetConfig, TargetNetwork } from "./config.ts";
import { contradictions, ignoredOptions } from "./contradictions.ts";
import type { Path } from "./dropped.ts";
import { pickNmap, resolveNmap } from "./nmap_options.ts";
import type { WrittenPolicyPorts } from "./port_texts.ts";
import type { Report } from "./report.ts";
import { type ReadServices, resolveSchedules } from "./resolve_schedules.ts";
import { show } from "./show.ts";
import type { ReadTarget } from "./target_text.ts";
import { MAX_NAME_LENGTH, type WrittenTarget } from "./targets.ts";

/** What a target is resolved with. */
export interface TargetContext {
  readonly scanning: ScanningConfig;
  readonly readServices: ReadServices;
  readonly report: Report;
  /** Where the target is. */
  readonly path: Path;
}

/** No ports. */
export const NO_PORTS: PortsByProtocol = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };

const NO_LABELS = {};

/** One target with everything it inherits; reports what contradicts itself or cannot be meant. */
export function resolveTarget(written: WrittenTarget, context: TargetContext): TargetConfig {
  const { scanning } = context;
  const protocols = protocolsOf(written.protocol, scanning);
  const read = readTexts(written.target, context);
  const target = {
    name: written.name ?? defaultName(read.texts, context),
    ...read,
    protocols,
    schedules: resolveSchedules(written, protocols, context),
    expected: byProtocol(written.expected_ports, protocols),
    allowed: byProtocol(written.allowed_ports, protocols),
    hasPolicy: written.expected_ports !== undefined || written.allowed_ports !== undefined,
    ...resolveOptions(written.scanning, context),
    labels: NO_LABELS,
  };
  if (target.hasPolicy) checkPolicy(target, context);
  return target;
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
    if ("masked" in item && item.masked) {
      report.warn(place, `${show(item.text)} has host bits set: ${label} is used`);
    }
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

function resolveOptions(
  written: WrittenTarget["scanning"],
  { scanning, path, report }: TargetContext,
): Pick<TargetConfig, "nmap" | "timeout"> {
  if (written === undefined) return { nmap: scanning.nmap, timeout: scanning.timeout };
  const own = pickNmap(written);
  const inherited = scanning.writtenNmap;
  for (const { key, message } of contradictions(own, inherited)) {
    report.fail([...path, "scanning", key], message);
  }
  for (const { key, message } of ignoredOptions(own, inherited)) {
    report.warn([...path, "scanning", key], message);
  }
  return {
    nmap: Object.keys(own).length === 0 ? scanning.nmap : resolveNmap({ ...inherited, ...own }),
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
