import { type Network, subnetworkCount } from "../domain/network.ts";
import type { NetworkSet } from "../domain/network_set.ts";
import type { PortSet } from "../domain/ports.ts";
import { type ScanKey, type ScanUnit, unitId } from "../domain/scan.ts";
import { hostsIn } from "../policy/hosts_in.ts";
import type { Priority, Task, TaskQueue } from "../queue/task_queue.ts";
import { sizeClass } from "../scan/batch_size.ts";
import type { WorkerPool } from "../scan/worker_pool.ts";
import { unitPrefix } from "../schedule/overlaps.ts";
import { splitNetwork } from "../schedule/plan.ts";
import type { ScanOptions, ScanWhat } from "../schedule/scan_rule.ts";
import type { PortState } from "../state/port_state.ts";
import type { SubmittedUnit, SubmitUnitsResult, WantedScan } from "../tasks/unit_runner.ts";

/** Who wants a unit scanned, beside a schedule that has it in its plan. */
type Claim = "query" | "task" | "schedule";

/** What `query` is asked for. */
export interface QueriedScan extends ScanWhat {
  readonly network: Network;
}

/** What came of a query: all of it is queued, or nothing. */
export type QueryResult =
  | { readonly status: "queued"; readonly queued: readonly ScanKey[]; readonly active: number }
  | { readonly status: "skipped"; readonly active: number }
  | { readonly status: "too_many"; readonly units: number; readonly capacity: number }
  | { readonly status: "full"; readonly units: number; readonly room: number }
  | { readonly status: "closing" };

/** What requests need from the rest of the program. */
export interface ScanRequestsOptions {
  readonly queue: TaskQueue;
  readonly pool: () => Pick<
    WorkerPool,
    "isRunning" | "wake" | "cancel" | "progressOf" | "targetOf"
  >;
  readonly state: Pick<PortState, "blocks">;
  /** How requests are split and nmap is run, now. */
  readonly scanning: () => ScanOptions;
  /** What nobody scans, now. */
  readonly exclude: () => NetworkSet;
  /** Whether a unit waits or runs, whoever wanted it. */
  readonly isActive: (id: string) => boolean;
  readonly isClosing: () => boolean;
  /** The labels that a unit is counted under, from now on. */
  readonly keyOf: (unit: ScanUnit) => ScanKey;
  /** Called when a unit of a task leaves the queue because a part of it may not be scanned any more. */
  readonly onReplaced: (id: string, instead: readonly SubmittedUnit[]) => void;
}

/**
 * What people ask to have scanned beside the schedule: splits it into units, queues those that neither
 * wait nor run, and knows who wants each, so that nothing is ended that somebody else waits for.
 */
export class ScanRequests {
  readonly #options: ScanRequestsOptions;
  readonly #claims = new Map<string, Set<Claim>>();

  constructor(options: ScanRequestsOptions) {
    this.#options = options;
  }

  /** Queues a scan for `/query`. */
  query(query: QueriedScan): QueryResult {
    const result = this.#enqueue([{ ...query, timeout: undefined }], "normal", "query");
    if (result.status !== "queued") return result;
    const { idle, active } = result;
    if (idle.length === 0) return { status: "skipped", active: active.length };
    const queued = idle.map(({ unit }) => this.#options.keyOf(unit));
    return { status: "queued", queued, active: active.length };
  }

  /** Queues scans for a task; see `UnitRunner`. */
  submit(wanted: readonly WantedScan[], priority: Priority): SubmitUnitsResult {
    const result = this.#enqueue(wanted, priority, "task");
    if (result.status !== "queued") return result;
    for (const { unit } of result.idle) this.#options.keyOf(unit);
    return { status: "queued", units: result.all.map((task) => this.#submitted(task)) };
  }

  /** Takes units that no task wants any more out of the queue, or ends them, unless somebody else wants them. */
  withdraw(ids: readonly string[]): void {
    const { queue, pool } = this.#options;
    const unwanted = new Set<string>();
    for (const id of ids) {
      const claims = this.#claims.get(id);
      claims?.delete("task");
      if (claims?.size === 0) this.#claims.delete(id);
      if (!this.#claims.has(id)) unwanted.add(id);
    }
    queue.remove(({ id, target }) => unwanted.has(id) && target === undefined);
    pool().cancel(
      [...unwanted].filter((id) => pool().isRunning(id) && pool().targetOf(id) === undefined),
    );
  }

  /** How far a unit is; undefined for one that does not run. */
  progressOf(id: string): ReturnType<WorkerPool["progressOf"]> {
    return this.#options.pool().progressOf(id);
  }

  /** Number of (address, protocol, port) that are open now in all that is named. */
  openTuples(
    scans: readonly { network: Network; ports: PortSet; protocol: ScanWhat["protocol"] }[],
  ): number {
    let count = 0;
    for (const { network, ports, protocol } of scans) {
      for (const host of hostsIn(this.#options.state.blocks, network)) {
        for (const port of host[protocol]?.open ?? []) if (ports.has(port)) count++;
      }
    }
    return count;
  }

  /** Notes that the schedule's turn of a unit came while it waited or ran for a request. */
  noteScheduled(id: string): void {
    this.#claims.get(id)?.add("schedule");
  }

  /** Whether a task waits for the unit with this id. */
  isOfTask(id: string): boolean {
    return this.#claims.get(id)?.has("task") ?? false;
  }

  /** Notes that a unit ended, or left the queue for good. */
  ended(id: string): void {
    this.#claims.delete(id);
  }

  /** Queues a unit that left the plan for the task that waits for it. */
  keep({ unit: { key, network, ports }, priority, timeout }: Task): void {
    const what = { ...key, network, ports, timeout };
    for (const task of tasksOf(what, this.#options.scanning(), priority)) {
      this.#options.queue.putBack(task);
      this.#options.keyOf(task.unit);
    }
  }

  /** Takes out of waiting requests what may not be scanned any more, and leaves the rest. */
  cutExcluded(): void {
    const { queue, exclude, scanning } = this.#options;
    const cut = queue.remove(({ target, unit }) =>
      target === undefined && exclude().overlaps(unit.network)
    );
    for (const { unit, id, priority, timeout } of cut) {
      const claims = this.#claims.get(id);
      this.#claims.delete(id);
      const what = { ...unit.key, ports: unit.ports, timeout };
      const rest = [...exclude().outside(unit.network)].flatMap((network) =>
        tasksOf({ ...what, network }, scanning(), priority)
      );
      for (const task of rest) {
        queue.putBack(task);
        if (claims !== undefined) this.#claims.set(task.id, new Set(claims));
      }
      if (claims?.has("task")) {
        this.#options.onReplaced(id, rest.map((task) => this.#submitted(task)));
      }
    }
  }

  #enqueue(wanted: readonly WantedScan[], priority: Priority, claim: Claim) {
    const { queue, pool, exclude, scanning, isActive, isClosing } = this.#options;
    if (isClosing()) return { status: "closing" } as const;
    const left = wanted.flatMap((scan) =>
      exclude().overlaps(scan.network)
        ? Array.from(exclude().outside(scan.network), (network) => ({ ...scan, network }))
        : [scan]
    );
    const { maxCidrSize } = scanning();
    const units = left.reduce(
      (sum, { network }) => sum + subnetworkCount(network, unitPrefix(network, maxCidrSize)),
      0,
    );
    const { capacity, requestRoom: room } = queue;
    if (units > capacity) return { status: "too_many", units, capacity } as const;
    const all = left.flatMap((scan) => tasksOf(scan, scanning(), priority));
    const idle = all.filter(({ id }) => !isActive(id));
    if (idle.length > room) return { status: "full", units: idle.length, room } as const;
    const waited = new Set(idle);
    for (const task of all) {
      // One that waits already may be moved ahead.
      if (!pool().isRunning(task.id)) queue.offer(task);
      const claims = this.#claims.get(task.id);
      if (claims === undefined) this.#claims.set(task.id, new Set([claim]));
      else claims.add(claim);
    }
    if (idle.length > 0) pool().wake();
    const active = all.filter((task) => !waited.has(task));
    return { status: "queued", all, idle, active } as const;
  }

  #submitted({ id, unit: { network, ports, key }, timeout }: Task): SubmittedUnit {
    const { portRange, protocol } = key;
    const running = this.#options.pool().isRunning(id);
    return { id, scan: { network, ports, portRange, protocol, timeout }, running };
  }
}

/** The units of a network, as tasks. */
function tasksOf(
  { network, timeout, ...what }: WantedScan,
  options: ScanOptions,
  priority: Priority = "normal",
): Task[] {
  const { count, at } = splitNetwork(network, what, {
    ...options,
    timeout: timeout ?? options.timeout,
  });
  return Array.from({ length: count }, (_, index) => {
    const unit = at(index);
    const asked = { origin: "request", priority, target: undefined, timeout } as const;
    return { unit, id: unitId(unit), ...asked, sizeClass: sizeClass(unit) };
  });
}
