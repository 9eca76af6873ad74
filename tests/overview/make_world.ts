import type { Config, TargetConfig } from "../../src/config/config.ts";
import { type Address, parseAddress } from "../../src/domain/address.ts";
import { neverScanned } from "../../src/domain/network_set.ts";
import { LiveOverview } from "../../src/overview/live_overview.ts";
import type { RunningUnit, WaitingUnit } from "../../src/overview/scan_views.ts";
import { TargetView } from "../../src/policy/target_view.ts";
import { Plan, planTargets } from "../../src/schedule/plan.ts";
import { Scheduler } from "../../src/schedule/scheduler.ts";
import { PortState } from "../../src/state/port_state.ts";
import type { StateStore } from "../../src/state/saved_state.ts";
import { ScanRecords } from "../../src/state/scan_records.ts";
import { MemoryStore } from "../../src/storage/memory_store.ts";

/** Unix milliseconds by which the wall clock of a made world is ahead of its monotonic clock. */
export const WALL = 1_700_000_000_000;

/** The parts of the program that pages read, wired as the program wires them; nothing is scanned. */
export class World {
  /** Milliseconds on the monotonic clock. */
  readonly clock: { now: number };
  readonly state: PortState;
  readonly records: ScanRecords;
  readonly view: TargetView;
  readonly store: StateStore;
  readonly overview: LiveOverview;
  readonly names = new Map<string, readonly Address[]>();
  running: readonly RunningUnit[] = [];
  waiting: readonly WaitingUnit[] = [];
  /** Milliseconds by which the wall clock was set forward. */
  wallAhead = 0;
  #config: Config;
  #plan: Plan;
  readonly #scheduler: Scheduler;
  #room = 0;

  constructor(config: Config, { store = new MemoryStore(), now }: {
    readonly store?: StateStore;
    /** A clock that moves on its own. */
    readonly now?: () => number;
  } = {}) {
    const clock = this.clock = { now: 1000 };
    const monotonic = now ?? (() => clock.now);
    const clocks = { now: monotonic, wallClock: () => WALL + monotonic() + this.wallAhead };
    this.#config = config;
    this.store = store;
    this.state = new PortState({ ...clocks, closedRetention: 1e12 });
    this.records = new ScanRecords({
      ...clocks,
      requestedLimit: 1000,
      requestedRetention: () => 1e12,
      onDropped: () => {},
    });
    this.view = new TargetView(this.state);
    this.#plan = new Plan(planTargets(config));
    this.#scheduler = new Scheduler({
      targets: this.#plan.targets,
      positions: new Map(),
      unfinished: [],
      now: monotonic,
      room: () => this.#room,
      isActive: () => false,
      offer: () => void this.#room--,
      skipped: () => {},
      filled: () => {},
    });
    this.overview = new LiveOverview({
      version: "1.2.3",
      startedAt: WALL,
      health: () => ({
        status: "ok",
        reasons: [],
        queueSize: 3,
        queueCapacity: 100,
        workersBusy: 1,
        workers: 10,
      }),
      nmap: () => ({ version: "7.95", technique: "connect" }),
      state: this.state,
      records: this.records,
      policy: this.view.policy,
      targets: () => this.#config.targets,
      addressesOf: (hostName) => this.names.get(hostName) ?? [],
      plan: () => this.#plan,
      schedule: this.#scheduler,
      exclude: () => neverScanned(this.#config.scanning.exclude),
      maxCidrSize: () => this.#config.scanning.maxCidrSize,
      changes: (query) => store.changes(query),
      running: () => this.running,
      waiting: (limit) => this.waiting.slice(0, limit),
      ...clocks,
    });
    this.#show();
  }

  get plan(): Plan {
    return this.#plan;
  }

  get targets(): readonly TargetConfig[] {
    return this.#config.targets;
  }

  /** Puts other targets in place, as a reload does. */
  replace(targets: readonly TargetConfig[]): void {
    this.#config = { ...this.#config, targets };
    this.#plan = new Plan(planTargets(this.#config));
    this.#scheduler.replace(this.#plan.targets);
    this.#show();
  }

  /** Takes so many units from the schedule, which has to have them due. */
  take(units: number): void {
    this.#room = units;
    this.#scheduler.start();
    this.#scheduler.stop();
  }

  /** Gives a host name its addresses. */
  resolve(hostName: string, ...addresses: string[]): void {
    this.names.set(hostName, addresses.map(parseAddress));
  }

  #show(): void {
    this.view.replace(this.#config.targets, {
      portsPerHost: this.#config.scanning.maxOpenPortsPerHost,
      hasAddress: (hostName) => (this.names.get(hostName) ?? []).length > 0,
    });
    for (const record of this.records.values()) this.view.noteTried(record);
  }
}
