import type { Config } from "../config/config.ts";
import type { Address } from "../domain/address.ts";
import { NO_NETWORK } from "../domain/network.ts";
import { NetworkIndex } from "../domain/network_index.ts";
import type { NetworkSet } from "../domain/network_set.ts";
import { PortSet } from "../domain/ports.ts";
import { type Protocol, type ScanUnit, unitId } from "../domain/scan.ts";
import { ScheduledTask } from "../queue/scheduled_task.ts";
import type { Task } from "../queue/task_queue.ts";
import { sizeClass } from "../scan/batch_size.ts";
import { isLarge, Plan, type PlannedTarget, planTargets, unitOf } from "../schedule/plan.ts";
import type { ScanOptions } from "../schedule/scan_rule.ts";
import type { DueUnit } from "../schedule/schedule.ts";
import type { PortState } from "../state/port_state.ts";
import type { ScanRecord, ScanRecords } from "../state/scan_records.ts";

/** What the scans that are wanted depend on. */
export interface WantedScansOptions {
  /** The configuration in use. */
  readonly config: () => Pick<Config, "scanning">;
  /** The targets of the moment, from the configuration and from lists. */
  readonly targets: () => Config["targets"];
  /** What nobody scans, now. */
  readonly exclude: () => NetworkSet;
  readonly state: Pick<PortState, "retain">;
  readonly records: Pick<ScanRecords, "open" | "values" | "requested" | "dropUnwanted">;
}

/**
 * What somebody wants scanned now, by the plan of the configuration or by a request outside of it; what
 * nobody wants is let go of in the records and in the state.
 */
export class WantedScans {
  readonly #options: WantedScansOptions;
  #plan: Plan;

  constructor(options: WantedScansOptions) {
    this.#options = options;
    this.#plan = this.#newPlan();
  }

  /** What is scanned again and again. */
  get plan(): Plan {
    return this.#plan;
  }

  /** Plans the configuration and the targets of the moment; gives the ids of targets that are gone. */
  replan(): string[] {
    const before = this.#plan;
    this.#plan = this.#newPlan();
    const ids = this.#plan.ids();
    return [...before.ids()].filter((id) => !ids.has(id));
  }

  /** Makes the records of what is planned, so that its counters exist; those of large targets come as they are begun. */
  openRecords(): void {
    for (const target of this.#plan.targets) {
      if (isLarge(target)) continue;
      for (let index = 0; index < target.unitCount; index++) {
        this.#options.records.open(target.unitAt(index), { configured: true });
      }
    }
  }

  /** The record of a unit, made if there is none, under the key that the plan has for it. */
  recordOf(unit: ScanUnit): ScanRecord {
    const target = this.#plan.targetOf(unit);
    return target === undefined
      ? this.#options.records.open(unit, { configured: false })
      : this.#options.records.open(unitOf(target, unit), { configured: true });
  }

  /** How requests are split, and how nmap is run for a unit of theirs: as for the target that it lies in. */
  optionsOf(unit?: ScanUnit): ScanOptions {
    const { scanning } = this.#options.config();
    const { nmap, timeout } = unit === undefined ? scanning : this.#plan.optionsOf(unit, scanning);
    return { maxCidrSize: scanning.maxCidrSize, nmap, timeout };
  }

  /** Units whose turn was taken by an earlier process that did not end it. */
  unfinished(): DueUnit[] {
    const unfinished: DueUnit[] = [];
    for (const record of this.#options.records.values()) {
      const due = record.pending ? this.dueNow(record) : undefined;
      if (due !== undefined) unfinished.push(due);
    }
    return unfinished;
  }

  /** A unit of the plan as one that is due; undefined when the plan does not have it. */
  dueNow(unit: Pick<ScanUnit, "key" | "network" | "ports">): DueUnit | undefined {
    const target = this.#plan.targetOf(unit);
    if (target === undefined) return undefined;
    const planned = unitOf(target, unit);
    return { id: unitId(planned), unit: planned, target, missedTurns: 0 };
  }

  /** Whether the configuration names what a task was planned for; a request needs no plan. */
  isWanted(task: Task): boolean {
    return task.target === undefined || this.#plan.successorOf(task.target) !== undefined ||
      this.#plan.targetOf(task.unit) !== undefined;
  }

  /** Gives a function that makes of a waiting task one with the options of the configuration in use. */
  renewal(): (task: Task) => Task {
    const sizes = new Map<PlannedTarget, number>();
    const sizeOf = (target: PlannedTarget) => {
      const size = sizes.get(target) ?? sizeClass(target.unitAt(0));
      sizes.set(target, size);
      return size;
    };
    return (task) => this.#renewed(task, sizeOf);
  }

  /** Drops the records of what is planned no more, but for those of `names` without an address; gives their ids. */
  dropUnwantedRecords(names: ReadonlySet<string>): string[] {
    return this.#options.records.dropUnwanted((record) =>
      record.network === NO_NETWORK
        ? names.has(record.key.target)
        : this.#plan.targetOf(record) !== undefined
    );
  }

  /** Of the addresses that `concerned` picks, keeps the ports that somebody asks for. */
  retain(concerned: (address: Address) => boolean = () => true): void {
    const { records, state, exclude } = this.#options;
    const asked = new NetworkIndex<{ protocol: Protocol; ports: PortSet }>();
    for (const { key: { protocol }, network, ports } of records.requested()) {
      asked.add(network, { protocol, ports });
    }
    state.retain(concerned, (address, protocol) => {
      if (exclude().has(address)) return PortSet.EMPTY;
      let ports = this.#plan.portsAt(address, protocol);
      for (const part of asked.containing(address)) {
        if (part.protocol === protocol) ports = ports.union(part.ports);
      }
      return ports;
    });
  }

  /** Lets go of what only records that have left asked for. */
  forget(dropped: readonly ScanRecord[]): void {
    const networks = new NetworkIndex<true>();
    for (const { unit } of dropped) networks.add(unit.network, true);
    this.retain((address) => !networks.containing(address)[Symbol.iterator]().next().done);
  }

  #newPlan(): Plan {
    const { config, targets } = this.#options;
    return new Plan(planTargets({ scanning: config().scanning, targets: targets() }));
  }

  #renewed(task: Task, sizeOf: (target: PlannedTarget) => number): Task {
    const target = task.target && this.#plan.successorOf(task.target);
    if (task instanceof ScheduledTask && target !== undefined) {
      return task.renewed(target, sizeOf(target));
    }
    const planned = this.#plan.targetOf(task.unit);
    const { nmap, timeout } = this.optionsOf(task.unit);
    const named = planned === undefined ? task.unit : unitOf(planned, task.unit);
    const unit = { ...named, nmap, timeout: task.timeout ?? timeout };
    return { ...task, unit, target: planned, sizeClass: sizeClass(unit) };
  }
}
