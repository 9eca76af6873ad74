import { PortSet } from "../../src/domain/ports.ts";
import {
  type ScanJob,
  type ScanOutcome,
  type ScanProgress,
  unitId,
} from "../../src/domain/scan.ts";
import type { Priority } from "../../src/domain/priority.ts";
import { type TaskOrigin, TaskQueue } from "../../src/queue/task_queue.ts";
import { sizeClass } from "../../src/scan/batch_size.ts";
import { WorkerPool } from "../../src/scan/worker_pool.ts";
import { type PortChange, PortState } from "../../src/state/port_state.ts";
import type { UnitSummary } from "../../src/state/scan_records.ts";
import { portsOf } from "../state/ports_of.ts";
import { makeHost, makeOutcome, makeRecords, makeUnit, type UnitParts } from "./builders.ts";

/** A network that exists in memory only: open ports by address, TCP and UDP alike; an address without an entry is silent. */
export class FakeNetwork {
  readonly hosts = new Map<string, Set<number>>();
  /** Nothing answers, as when the scanner's own cable is out. */
  cut = false;

  constructor(hosts: Readonly<Record<string, readonly number[]>> = {}) {
    for (const [address, open] of Object.entries(hosts)) this.hosts.set(address, new Set(open));
  }

  /** What a complete process that was given this job reports, from `startedAt` to `endedAt`. */
  scan(job: ScanJob, { startedAt, endedAt }: { startedAt: number; endedAt: number }): ScanOutcome {
    const hosts = job.addresses.map((address) => {
      const open = this.cut ? undefined : this.hosts.get(address);
      const seen = open === undefined ? [] : [...job.ports].filter((port) => open.has(port));
      return makeHost(address, {
        open: job.protocol === "tcp" ? seen : [],
        openUdp: job.protocol === "udp" ? seen : [],
        alive: open !== undefined,
      });
    });
    const ports = job.protocol === "tcp" ? `${job.ports}` : "";
    const udp = job.protocol === "udp" ? `${job.ports}` : "";
    return makeOutcome(hosts, { startedAt, endedAt, ports, udp });
  }
}

/** An outcome in which nothing was reported. */
export function failedOutcome(
  failure: NonNullable<ScanOutcome["failure"]>,
  { startedAt = 0, endedAt = 0 } = {},
): ScanOutcome {
  const covered = { tcp: PortSet.EMPTY, udp: PortSet.EMPTY };
  return { failure, hosts: [], covered, startedAt, endedAt };
}

/** What a process is told besides its job. */
export interface Process {
  readonly job: ScanJob;
  /** What the network says to it at this moment. */
  look(): ScanOutcome;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: ScanProgress) => void) | undefined;
}

/** How a rig is built. */
export interface RigOptions {
  readonly network?: FakeNetwork;
  readonly workers?: number;
  /** Packets per second of all processes together; 0, no limit, by default. */
  readonly totalRate?: number;
  readonly confirmChanges?: boolean;
  readonly capacity?: number;
  /** A clock that processes do not move; by default each takes one second of the rig's own. */
  readonly now?: () => number;
  /** What becomes of a process, in place of what the network says. */
  readonly process?: (process: Process) => ScanOutcome | Promise<ScanOutcome>;
  /** Called for every port whose state changed, when it did. */
  readonly changed?: (change: PortChange) => void;
}

/** A pool with everything around it. */
export function makeRig(options: RigOptions = {}) {
  const { network = new FakeNetwork(), workers = 1, confirmChanges = true, capacity = 1000 } =
    options;
  const process = options.process ?? (({ look }: Process) => look());
  const clock = { now: 1_000_000 };
  const now = options.now ?? (() => clock.now);
  const log: string[] = [];
  const ends: { target: string; protocol: string; summary: UnitSummary }[] = [];
  const jobs: ScanJob[] = [];
  const outcomes: ScanOutcome[] = [];
  const taken: string[] = [];
  const active = { now: 0, most: 0 };
  const state = new PortState({ wallClock: now, now, closedRetention: Infinity });
  const records = makeRecords({ wallClock: now });
  const queue = new TaskQueue(capacity);
  const pool = new WorkerPool({
    workers,
    totalRate: options.totalRate ?? 0,
    queue,
    records,
    state,
    confirmChanges: () => confirmChanges,
    now,
    wallClock: now,
    random: () => 0.5,
    knownIn: () => undefined,
    recordOf: ({ unit }) => records.open(unit, { configured: true }),
    scanner: async (job, signal, onProgress) => {
      jobs.push(job);
      active.most = Math.max(active.most, ++active.now);
      // No two processes begin at the same moment, so that their ages can be told apart.
      clock.now++;
      const startedAt = now();
      const look = () => network.scan(job, { startedAt, endedAt: now() });
      await Promise.resolve();
      const stopped = { type: "stopped", message: "stopped" } as const;
      const outcome = signal.aborted
        ? failedOutcome(stopped, { startedAt, endedAt: now() })
        : await process({ job, look, signal, onProgress });
      clock.now += 1000;
      active.now--;
      return { ...outcome, startedAt, endedAt: now() };
    },
    events: {
      applied: ({ key }, changes) => {
        for (const change of changes) {
          const { address, port, type } = change;
          options.changed?.(change);
          log.push(`${address} ${port} ${type}`);
          const target = records.target(key.target);
          if (type === "closed_to_open") target.closedToOpen++;
          else target.openToClosed++;
        }
      },
      unconfirmed: (_key, ports, { address }) => log.push(`${address} ${ports} unconfirmed`),
      secondLookFailed: (_key, { address, ports }) => log.push(`${address} ${ports} in doubt`),
      processEnded: (_key, _job, outcome) => outcomes.push(outcome),
    },
    onTaken: ({ unit: { key } }) => taken.push(key.target),
    onEnd: ({ unit: { key } }, _record, summary) => {
      ends.push({ target: key.target, protocol: key.protocol, summary });
      for (const waiter of waiters.splice(0)) waiter();
    },
  });
  const waiters: (() => void)[] = [];

  function queueUp(
    target: string,
    parts: UnitParts & { origin?: TaskOrigin; priority?: Priority } = {},
  ) {
    const { origin = "schedule", priority = "normal", ...rest } = parts;
    const unit = makeUnit(target, rest);
    const id = unitId(unit);
    records.open(unit, { configured: true });
    const answer = queue.offer({
      unit,
      id,
      origin,
      priority,
      target: undefined,
      sizeClass: sizeClass(unit),
    });
    pool.wake();
    return { unit, id, answer };
  }

  /** Resolves when so many units have ended since the rig was made. */
  async function untilEnded(count: number): Promise<void> {
    while (ends.length < count) await new Promise<void>((resolve) => waiters.push(resolve));
  }

  return {
    network,
    clock,
    log,
    ends,
    jobs,
    /** How the processes ended, in the order in which they did. */
    outcomes,
    /** Targets of the units taken from the queue. */
    taken,
    active,
    state,
    records,
    queue,
    pool,
    queueUp,
    untilEnded,
    /** Scans units, all queued at once, and resolves with how each ended: its end and error type. */
    async round(...targets: (string | readonly [target: string, parts: UnitParts])[]) {
      const before = ends.length;
      for (const target of targets) {
        if (typeof target === "string") queueUp(target);
        else queueUp(...target);
      }
      pool.start();
      await untilEnded(before + targets.length);
      return ends.slice(before).map(({ target, summary: { end, failure } }) =>
        `${target} ${end}${failure === undefined ? "" : ` ${failure.type}`}`
      );
    },
    record: (target: string, parts: UnitParts = {}) =>
      records.get(unitId(makeUnit(target, parts)))!,
    /** Open and closed ports, `10.0.0.1:22=1`. */
    page: () =>
      portsOf(state).map(([address, { port, open }]) => `${address}:${port}=${open ? 1 : 0}`)
        .join(" "),
  };
}

/** Lets everything run that is due now. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
}
