import type { Config, ScanningConfig } from "../../src/config/config.ts";
import { parseNetwork } from "../../src/domain/network.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import { type PlannedTarget, planTargets } from "../../src/schedule/plan.ts";
import { DEFAULTS } from "../scan/builders.ts";

/** A configuration with these targets; TCP ports 1 to 100, once a minute unless told otherwise. */
export function makeConfig(
  targets: readonly string[],
  { ports = "1-100", ...scanning }: Partial<Omit<ScanningConfig, "ports">> & { ports?: string } =
    {},
): Config {
  return {
    server: { address: "127.0.0.1", port: 0 },
    auth: undefined,
    scanning: {
      interval: 60,
      portRange: ports,
      ports: parsePorts(ports),
      maxCidrSize: 24,
      timeout: 3600,
      durationMetrics: false,
      udpScan: false,
      rateLimit: 30,
      taskQueueSize: 1000,
      workerCount: 10,
      maxTotalRate: 0,
      confirmChanges: true,
      nmap: DEFAULTS,
      ...scanning,
    },
    state: {
      path: "",
      pathWritten: true,
      closedPortRetention: 604_800,
      historyRetention: 7_776_000,
    },
    targets: targets.map((text) => ({ text, network: parseNetwork(text).network })),
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
