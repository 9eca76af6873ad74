import type { Config } from "../config/config.ts";
import type { Network } from "../domain/network.ts";
import { neverScanned } from "../domain/network_set.ts";
import type { PortSet } from "../domain/ports.ts";
import { KNOWN_PORTS, portsId } from "../domain/scan.ts";
import type { WantedNetwork } from "./overlaps.ts";
import { sameRule, type ScanRule } from "./scan_rule.ts";

/** Networks that are scanned with the same ports and protocol, so that their units can be equal. */
interface PortGroup {
  readonly wanted: WantedNetwork[];
  /** Of the network that came last. */
  rule: ScanRule | undefined;
}

/**
 * Every network of every target with each of its protocols and each schedule, grouped by what is equal
 * in protocol and ports; sweeps of known ports are one group. What is excluded is cut out.
 */
export function wantedNetworks(
  { targets, scanning }: Pick<Config, "targets" | "scanning">,
): Iterable<readonly WantedNetwork[]> {
  const { maxCidrSize } = scanning;
  const exclude = neverScanned(scanning.exclude);
  const groups = new PortGroups();
  let order = 0;
  for (const { networks, protocols, schedules, expected, nmap, timeout } of targets) {
    const own = nmap !== scanning.nmap || timeout !== scanning.timeout;
    const options = { maxCidrSize, nmap, timeout };
    for (const { network } of networks) {
      const left = exclude.overlaps(network) ? [...exclude.outside(network)] : [network];
      for (const protocol of protocols) {
        for (const { ports: written, portRange, interval } of schedules) {
          // What is known is found out when it is scanned; what is expected is looked at in any case.
          const ports = written === KNOWN_PORTS ? expected[protocol] : written[protocol];
          const what = { protocol, ports, portRange };
          groups.add(left, { what, interval, options, own }, { order, written: network });
          order++;
        }
      }
    }
  }
  return groups.all();
}

class PortGroups {
  readonly #groups = new Map<string, PortGroup>();
  // Most targets share their ports: the text of a long list is not made and compared for each.
  readonly #known = { tcp: new Map<PortSet, PortGroup>(), udp: new Map<PortSet, PortGroup>() };

  add(
    networks: readonly Network[],
    rule: ScanRule,
    { order, written }: { order: number; written: Network },
  ): void {
    const group = this.#groupOf(rule.what);
    // There may be 100,000 that are alike: they share one.
    if (group.rule === undefined || !sameRule(group.rule, rule)) group.rule = rule;
    for (const network of networks) {
      group.wanted.push({
        network,
        writtenPrefix: written.prefix,
        order,
        textOrder: order,
        rule: group.rule,
      });
    }
  }

  all(): Iterable<readonly WantedNetwork[]> {
    return this.#groups.values().map(({ wanted }) => wanted);
  }

  #groupOf({ protocol, ports, portRange }: ScanRule["what"]): PortGroup {
    const isKnownSweep = portRange === KNOWN_PORTS;
    const known = isKnownSweep ? undefined : this.#known[protocol].get(ports);
    if (known !== undefined) return known;
    const id = `${protocol} ${portsId(portRange, ports)}`;
    const group = this.#groups.get(id) ?? { wanted: [], rule: undefined };
    this.#groups.set(id, group);
    if (!isKnownSweep) this.#known[protocol].set(ports, group);
    return group;
  }
}
