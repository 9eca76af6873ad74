import { MAX_PORT, PortSet } from "../domain/ports.ts";
import type { Protocol } from "../domain/scan.ts";
import type { ServiceFrequencies } from "../domain/service_frequencies.ts";
import type { PortsByProtocol, ScanningConfig, SweepConfig } from "./config.ts";
import type { Path } from "./dropped.ts";
import type { WrittenPortRange } from "./port_texts.ts";
import type { Report } from "./report.ts";
import type { WrittenTarget } from "./targets.ts";

/** Reads how often ports are open. @throws {RangeError} when it is not known here. */
export type ReadServices = () => ServiceFrequencies;

/** Seconds; an interval below it is meant for tests more often than for a network. */
const SHORT_INTERVAL = 60;

/** Warns of an interval below a minute. */
export function warnOfShortInterval(interval: number, path: Path, report: Report): void {
  if (interval >= SHORT_INTERVAL) return;
  report.warn(
    path,
    `${interval} s is short: the same addresses are probed without a pause (${SHORT_INTERVAL} s and more is usual)`,
  );
}

interface Context {
  readonly scanning: ScanningConfig;
  readonly readServices: ReadServices;
  readonly report: Report;
  readonly path: Path;
}

/** The schedules of a target, the main one first. */
export function resolveSchedules(
  written: WrittenTarget,
  protocols: readonly Protocol[],
  context: Context,
): readonly SweepConfig[] {
  const { scanning, path, report } = context;
  if (written.interval !== undefined) {
    warnOfShortInterval(written.interval, [...path, "interval"], report);
  }
  const main = written.port_range === undefined && written.interval === undefined
    ? plainSchedule(scanning, protocols)
    : {
      ...resolvePorts(written.port_range ?? scanning, protocols, [...path, "port_range"], context),
      interval: written.interval ?? scanning.interval,
    };
  if (written.sweeps === undefined || written.sweeps.length === 0) return [main];
  const schedules = [main];
  // What a refused range would have been is not known, and may be no repeat.
  const places: (readonly [Path, string])[] = [[[...path, "port_range"], "the target itself"]];
  for (const [index, sweep] of written.sweeps.entries()) {
    if (sweep?.port_range === undefined || sweep.interval === undefined) continue;
    const place = [...path, "sweeps", index];
    warnOfShortInterval(sweep.interval, [...place, "interval"], report);
    const ports = resolvePorts(sweep.port_range, protocols, [...place, "port_range"], context);
    const first = schedules.findIndex((other) => samePorts(other.ports, ports.ports));
    if (first < 0) {
      places.push([place, `sweeps[${index}]`]);
      schedules.push({ ...ports, interval: sweep.interval });
    } else if (!report.refused(places[first]![0])) {
      report.fail(
        [...place, "port_range"],
        `has the same ports as ${places[first]![1]} (write them once, with the shorter interval)`,
      );
    }
  }
  warnOfUnseenPorts(written, schedules, protocols, context);
  return schedules;
}

/** Main schedules that are like the configuration's own: one object for all targets that have it. */
const plain = new WeakMap<ScanningConfig, Map<string, SweepConfig>>();

function plainSchedule(scanning: ScanningConfig, protocols: readonly Protocol[]): SweepConfig {
  const known = plain.get(scanning) ?? new Map<string, SweepConfig>();
  plain.set(scanning, known);
  const key = protocols.join();
  const schedule = known.get(key) ?? {
    portRange: scanning.portRange,
    ports: forProtocols(protocols, () => scanning.ports),
    interval: scanning.interval,
  };
  known.set(key, schedule);
  return schedule;
}

function resolvePorts(
  { portRange, ports }: WrittenPortRange,
  protocols: readonly Protocol[],
  place: Path,
  { readServices, report }: Context,
): Pick<SweepConfig, "portRange" | "ports"> {
  if (ports === "known") return { portRange, ports };
  if (ports instanceof PortSet) {
    return { portRange, ports: forProtocols(protocols, () => ports) };
  }
  try {
    const services = readServices();
    return {
      portRange,
      ports: forProtocols(protocols, (protocol) => services.top(protocol, ports.top)),
    };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report.fail(place, error.message);
    return { portRange, ports: forProtocols(protocols, () => PortSet.EMPTY) };
  }
}

function forProtocols(
  protocols: readonly Protocol[],
  ports: (protocol: Protocol) => PortSet,
): PortsByProtocol {
  const of = (protocol: Protocol) => protocols.includes(protocol) ? ports(protocol) : PortSet.EMPTY;
  return { tcp: of("tcp"), udp: of("udp") };
}

function samePorts(a: SweepConfig["ports"], b: SweepConfig["ports"]): boolean {
  if (a === "known" || b === "known") return a === b;
  // Two that could not be read are not known to be the same.
  if (a.tcp.size + a.udp.size === 0) return false;
  return a.tcp.equals(b.tcp) && a.udp.equals(b.udp);
}

/** With sweeps of what is known, a port that nothing else looks at is never found to open. */
function warnOfUnseenPorts(
  { sweeps = [] }: WrittenTarget,
  schedules: readonly SweepConfig[],
  protocols: readonly Protocol[],
  { path, report }: Context,
): void {
  const index = sweeps.findIndex((sweep) => sweep?.port_range?.ports === "known");
  if (index < 0) return;
  for (const protocol of protocols) {
    let seen = PortSet.EMPTY;
    for (const { ports } of schedules) if (ports !== "known") seen = seen.union(ports[protocol]);
    if (seen.size === MAX_PORT) continue;
    report.warn(
      [...path, "sweeps", index, "port_range"],
      `known finds no new port, and ${
        MAX_PORT - seen.size
      } ${protocol} ports are in no other schedule ` +
        'of the target: what opens there is never seen (a full one has port_range: "1-65535")',
    );
  }
}
