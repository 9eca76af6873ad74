import { parseConfig } from "../../src/config/parse_config.ts";
import { parseNetwork } from "../../src/domain/network.ts";
import { PortSet } from "../../src/domain/ports.ts";
import type { Protocol } from "../../src/domain/scan.ts";
import { exporterMetrics, httpRequestCounter } from "../../src/metrics/exporter_metrics.ts";
import { policyMetrics } from "../../src/metrics/policy_metrics.ts";
import { portMetrics } from "../../src/metrics/port_metrics.ts";
import { processMetrics } from "../../src/metrics/process_metrics.ts";
import { scanMetrics } from "../../src/metrics/scan_metrics.ts";
import { type LabelledTarget, targetMetrics } from "../../src/metrics/target_metrics.ts";
import { PortPolicy } from "../../src/policy/port_policy.ts";
import type { Metric } from "../../src/prometheus/metric.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { planTargets } from "../../src/schedule/plan.ts";
import type { Look } from "../../src/state/look.ts";
import { PortState } from "../../src/state/port_state.ts";
import { ScanRecords, type UnitSummary } from "../../src/state/scan_records.ts";

/** 2026-08-01T00:00:00Z and a half, in unix milliseconds. */
export const NOW = 1785542400500;

/** As many series as there are ports. */
export const NO_LIMITS = { perHost: () => Infinity, total: () => Infinity };

/** Everything that the families read. */
export interface World {
  readonly state: PortState;
  readonly records: ScanRecords;
  readonly policy: PortPolicy;
  nmap: { version: string; technique: string } | undefined;
  seriesPerHost: number;
  /** Targets with their labels. */
  labelled: readonly LabelledTarget[];
  /** The families in the order in which they are made. */
  readonly families: readonly Metric[];
  readonly registry: Registry;
}

/** A world in which nothing has happened yet to these targets, TCP and UDP. */
export function makeWorld(
  { targets, durationMetrics = true }: { targets: readonly string[]; durationMetrics?: boolean },
): World {
  const { config } = parseConfig(
    `scanning: { port_range: "22,80", udp_scan: true }\ntargets: ${JSON.stringify(targets)}\n`,
    "config.yaml",
  );
  const wallClock = () => NOW;
  const state = new PortState({ wallClock, now: wallClock, closedRetention: 1000 });
  const records = new ScanRecords({
    wallClock,
    now: wallClock,
    requestedLimit: 10,
    requestedRetention: () => 1000,
    onDropped: () => {},
  });
  for (const target of planTargets(config)) {
    for (let i = 0; i < target.unitCount; i++) {
      records.open(target.unitAt(i), { configured: true });
    }
  }
  const requests = httpRequestCounter();
  requests.init({ route: "/metrics", method: "GET", code: "200" });
  const policy = new PortPolicy({ state, lookedForSince: () => undefined });
  const world: World = {
    state,
    records,
    policy,
    nmap: undefined,
    seriesPerHost: Infinity,
    labelled: [],
    families: [
      ...exporterMetrics({
        version: "1.2.3",
        revision: "0123abc",
        runtime: "deno 2.9.6",
        queueSize: () => 3,
        queueCapacity: () => 1000,
        workersBusy: () => 1,
        workers: () => 10,
        scheduleLag: () => 0.5,
        requestedDropped: () => 0,
        nmap: () => world.nmap,
        lastReload: () => ({ successful: true, succeededAt: NOW / 1000 - 60 }),
      }),
      requests,
      ...portMetrics(state, { perHost: () => world.seriesPerHost, total: () => Infinity }),
      ...policyMetrics(policy),
      ...targetMetrics({
        targets: () => world.labelled,
        failingLists: () => 1,
        unresolvedNames: () => 2,
      }),
      ...scanMetrics(records, { durationMetrics: () => durationMetrics }),
      ...processMetrics({
        residentMemory: () => 100_000_000,
        cpuSeconds: () => 12.5,
        startTime: NOW / 1000 - 60,
      }),
    ],
    registry: new Registry(),
  };
  for (const family of world.families) world.registry.register(family);
  return world;
}

/** A look at the ports 22 and 80 of an address that answered. */
export function look(
  address: string,
  protocol: Protocol,
  open: readonly number[],
  takenAt = 0,
): Look {
  return { address, protocol, covered: PortSet.of([22, 80]), open, alive: true, takenAt };
}

/** How a unit of one address ended, complete unless told otherwise. */
export function summary(changes: Partial<UnitSummary> = {}): UnitSummary {
  return {
    end: "complete",
    failure: undefined,
    startedAt: 0,
    duration: 1.25,
    up: 1,
    down: 0,
    timedOut: 0,
    incomplete: 0,
    lookedAtAll: true,
    resumeAt: 0,
    ...changes,
  };
}

/** A small world in which everything has happened once. */
export function makeSmallWorld(options: { durationMetrics?: boolean } = {}): World {
  const world = makeWorld({ targets: ["127.0.0.1", "2001:db8::1/127"], ...options });
  const { state, records } = world;
  world.nmap = { version: "7.93", technique: "syn" };
  const record = (target: string, protocol: Protocol) => {
    for (const [, record] of records.all()) {
      if (record.key.target === target && record.key.protocol === protocol) return record;
    }
    throw new RangeError(`Cannot find a record of ${target}`);
  };
  state.apply([look("127.0.0.1", "tcp", [22, 80])], "everything");
  state.apply([look("127.0.0.1", "tcp", [22], 1)], "everything");
  state.apply([look("127.0.0.1", "udp", [])], "everything");
  state.apply([look("2001:db8::1", "tcp", [80])], "everything");
  state.apply([{ ...look("2001:db8::", "tcp", []), alive: false }], "everything");
  state.apply([look("192.0.2.9", "tcp", [22, 80])], "everything");
  state.apply([look("192.0.2.9", "udp", [22])], "everything");
  world.seriesPerHost = 2;
  world.labelled = [{ name: "web", labels: { team: 'a "b"', env: "test" } }];
  world.policy.replace([{
    name: "web",
    networks: [parseNetwork("2001:db8::/127").network, parseNetwork("198.51.100.1").network],
    unresolved: 0,
    expected: { tcp: PortSet.of([22]), udp: PortSet.EMPTY },
    allowed: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
  }]);
  records.finish(record("127.0.0.1/32", "tcp"), summary());
  records.finish(record("127.0.0.1/32", "tcp"), summary({ duration: 4000 }));
  records.target("127.0.0.1/32").openToClosed = 1;
  records.target("127.0.0.1/32").unconfirmed = 2;
  const failure = (type: "timeout" | "permission" | "killed") => ({
    type,
    message: "for a reason",
  });
  records.finish(
    record("127.0.0.1/32", "udp"),
    summary({ end: "failed", failure: failure("permission"), up: 0, incomplete: 1 }),
  );
  const ipv6 = record("2001:db8::/127", "tcp");
  records.finish(ipv6, summary({ up: 1, down: 1 }));
  records.finish(ipv6, summary({ end: "partial", failure: failure("killed"), incomplete: 1 }));
  records.finish(ipv6, summary({ end: "failed", failure: failure("timeout"), timedOut: 2 }));
  ipv6.skipped = 1;
  return world;
}
