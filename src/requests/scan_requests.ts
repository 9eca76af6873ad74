import { type Network, subnetworkCount } from "../domain/network.ts";
import type { NetworkSet } from "../domain/network_set.ts";
import type { PortSet } from "../domain/ports.ts";
import type { Priority } from "../domain/priority.ts";
import { type ScanKey, type ScanUnit, unitId } from "../domain/scan.ts";
import { hostsIn } from "../policy/hosts_in.ts";
import type { Task, TaskQueue } from "../queue/task_queue.ts";
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
    "isRunning" | "running" | "wake" | "cancel" | "abandon" | "progressOf" | "targetOf"
  >;
  readonly state: Pick<PortState, "blocks">;
  /** How requests are split, and how nmap is run for a unit of theirs, now. */
  readonly scanning: (unit?: ScanUnit) => ScanOptions;
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
  /** Units that run and were cancelled. */
  readonly #cancelled = new Set<string>();

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
    queue.withdraw(unwanted, ({ target }) => target === undefined);
    const ending = [...unwanted].filter((id) =>
      pool().isRunning(id) && pool().targetOf(id) === undefined
    );
    for (const id of ending) this.#cancelled.add(id);
    pool().cancel(ending);
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
    if (this.#cancelled.has(id)) this.#claim(id, ["schedule"]);
    else this.#claims.get(id)?.add("schedule");
  }

  /** Whether a task waits for the unit with this id. */
  isOfTask(id: string): boolean {
    return this.#claims.get(id)?.has("task") ?? false;
  }

  /** Notes that a unit ended, or left the queue for good; who asked for it while it was being cancelled gets it all the same. */
  ended(task: Task): void {
    const claims = this.#claims.get(task.id);
    // A task asks again itself.
    claims?.delete("task");
    if (this.#cancelled.delete(task.id) && claims !== undefined && claims.size > 0) this.keep(task);
    else this.#claims.delete(task.id);
  }

  /** Queues a unit that left the plan or the queue for those who want it, as far as it may be scanned now. */
  keep({ id, unit: { key, network, ports }, priority, timeout }: Task): void {
    const { queue, pool, exclude, scanning, keyOf, onReplaced } = this.#options;
    const claims = this.#claims.get(id) ?? new Set<Claim>();
    this.#claims.delete(id);
    const what = { ...key, ports, timeout };
    const parts = Array.from(exclude().outside(network), (network) => ({ ...what, network }))
      .flatMap((scan) => tasksOf(scan, scanning, priority));
    for (const part of parts) {
      if (!pool().isRunning(part.id)) queue.putBack(part);
      keyOf(part.unit);
      this.#claim(part.id, claims);
    }
    if (claims.has("task")) onReplaced(id, parts.map((part) => this.#submitted(part)));
  }

  /** Takes out of requests what may not be scanned any more, be it under way, and leaves the rest. */
  cutExcluded(): void {
    const { queue, pool, exclude } = this.#options;
    const isCut = ({ target, unit }: Task) =>
      target === undefined && exclude().overlaps(unit.network);
    const running = pool().running().map(({ task }) => task).filter(isCut);
    for (const task of [...queue.remove(isCut), ...running]) this.keep(task);
    pool().abandon(running.map(({ id }) => id));
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
    const all = left.flatMap((scan) => tasksOf(scan, scanning, priority));
    const idle = all.filter(({ id }) => !isActive(id));
    if (idle.length > room) return { status: "full", units: idle.length, room } as const;
    const waited = new Set(idle);
    for (const task of all) {
      // One that waits already may be moved ahead.
      if (!pool().isRunning(task.id)) queue.offer(task);
      this.#claim(task.id, [claim]);
    }
    if (idle.length > 0) pool().wake();
    const active = all.filter((task) => !waited.has(task));
    return { status: "queued", all, idle, active } as const;
  }

  #claim(id: string, claims: Iterable<Claim>): void {
    this.#claims.set(id, new Set([...this.#claims.get(id) ?? [], ...claims]));
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
  scanning: ScanRequestsOptions["scanning"],
  priority: Priority = "normal",
): Task[] {
  const { count, at } = splitNetwork(network, what, scanning());
  return Array.from({ length: count }, (_, index) => {
    const split = at(index);
    const options = scanning(split);
    const unit = { ...split, nmap: options.nmap, timeout: timeout ?? options.timeout };
    const asked = { origin: "request", priority, target: undefined, timeout } as const;
    return { unit, id: unitId(unit), ...asked, sizeClass: sizeClass(unit) };
  });
}
