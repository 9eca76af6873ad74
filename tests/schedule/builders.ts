import type { Config, ScanningConfig, TargetConfig } from "../../src/config/config.ts";
import { parseNetwork } from "../../src/domain/network.ts";
import { parsePorts, PortSet } from "../../src/domain/ports.ts";
import { type PlannedTarget, planTargets } from "../../src/schedule/plan.ts";
import { DEFAULTS } from "../../src/config/resolve.ts";

/** A configuration with these targets; TCP ports 1 to 100, once a minute unless told otherwise. */
export function makeConfig(
  targets: readonly string[],
  { ports = "1-100", ...scanning }: Partial<Omit<ScanningConfig, "ports">> & { ports?: string } =
    {},
): Config {
  const resolved: ScanningConfig = {
    ...DEFAULTS.scanning,
    interval: 60,
    portRange: ports,
    ports: parsePorts(ports),
    ...scanning,
  };
  return {
    ...DEFAULTS,
    server: { address: "127.0.0.1", port: 0 },
    scanning: resolved,
    state: {
      path: "",
      pathWritten: true,
      closedPortRetention: 604_800,
      historyRetention: 7_776_000,
    },
    targets: targets.map((text) => plainTarget(text, resolved)),
  };
}

/** A target that has nothing of its own. */
export function plainTarget(text: string, scanning: ScanningConfig): TargetConfig {
  const { portRange, ports, interval, nmap, timeout, udpScan } = scanning;
  const none = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };
  return {
    name: text,
    texts: [text],
    networks: [{ text, network: parseNetwork(text).network }],
    hostNames: [],
    protocols: udpScan ? ["tcp", "udp"] : ["tcp"],
    schedules: [{
      portRange,
      interval,
      ports: { tcp: ports, udp: udpScan ? ports : PortSet.EMPTY },
    }],
    expected: none,
    allowed: none,
    hasPolicy: false,
    nmap,
    timeout,
    labels: {},
  };
}

/** One planned target; its interval in seconds. */
export function makeTarget(
  target: string,
  scanning: Parameters<typeof makeConfig>[1] = {},
): PlannedTarget {
  const [planned] = planTargets(makeConfig([target], scanning));
  return planned!;
}
