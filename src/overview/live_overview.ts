import type { TargetConfig } from "../config/config.ts";
import { type Address, parseAddress } from "../domain/address.ts";
import type { NetworkSet } from "../domain/network_set.ts";
import type { PortPolicy } from "../policy/port_policy.ts";
import type { Plan, PlannedTarget } from "../schedule/plan.ts";
import type { Scheduler } from "../schedule/scheduler.ts";
import type { PortState } from "../state/port_state.ts";
import type { ChangeQuery, SavedChange } from "../state/saved_state.ts";
import type { ScanRecords } from "../state/scan_records.ts";
import { HostList } from "./host_list.ts";
import { changeRow, hostView } from "./host_view.ts";
import { MissingPorts } from "./missing_ports.ts";
import type { Overview, PartQuery, StatusView, TargetQuery } from "./overview.ts";
import { type RunningUnit, runningViews, upcomingViews, type WaitingUnit } from "./scan_views.ts";
import { TargetIndex } from "./target_index.ts";
import { TargetList } from "./target_list.ts";
import { ViolationList } from "./violation_list.ts";

/** Milliseconds by which the clocks may move against each other before that is shown. */
const CLOCK_SLACK_MS = 50;

/** How the program is, as `/healthz` says it. */
type Health = Pick<
  StatusView,
  "status" | "reasons" | "queueSize" | "queueCapacity" | "workersBusy" | "workers"
>;

/** What the pages are made from. */
export interface LiveOverviewOptions {
  readonly version: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly health: () => Health;
  readonly nmap: () => StatusView["nmap"];
  readonly state: PortState;
  readonly records: ScanRecords;
  readonly policy: PortPolicy;
  /** Another list when one of them changes. */
  readonly targets: () => readonly TargetConfig[];
  /** Last known addresses of a host name. */
  readonly addressesOf: (hostName: string) => readonly Address[];
  /** Another one when anything planned changes. */
  readonly plan: () => Plan;
  readonly schedule: Pick<Scheduler, "coming" | "roundsOf" | "lagSeconds">;
  /** What is never scanned. */
  readonly exclude: () => NetworkSet;
  readonly maxCidrSize: () => number;
  /** Newest first. */
  readonly changes: (query: ChangeQuery) => readonly SavedChange[];
  readonly running: () => readonly RunningUnit[];
  /** The first of what waits for a worker, `limit` at most. */
  readonly waiting: (limit: number) => readonly WaitingUnit[];
  /** Wall clock, unix milliseconds. */
  readonly wallClock: () => number;
  /** Milliseconds on the clock of the schedule and the scans. */
  readonly now: () => number;
}

/** What the pages show, read from the running program. */
export class LiveOverview implements Overview {
  readonly #options: LiveOverviewOptions;
  readonly #hosts: HostList;
  readonly #targets: TargetList;
  readonly #violations: ViolationList;
  #lastOffset = -Infinity;
  #index: { readonly of: readonly TargetConfig[]; readonly index: TargetIndex } | undefined;

  constructor(options: LiveOverviewOptions) {
    const { state, records, policy, targets, plan, schedule, now, addressesOf } = options;
    this.#options = options;
    this.#hosts = new HostList({
      state,
      policy,
      targets,
      addressesOf,
      index: () => this.#named,
    });
    const missing = new MissingPorts({ policy, records, now });
    this.#violations = new ViolationList({ policy, missing });
    this.#targets = new TargetList({
      targets,
      plan,
      rules: () => ({
        exclude: options.exclude(),
        maxCidrSize: options.maxCidrSize(),
        addressesOf,
      }),
      records,
      schedule,
      violationsOf: () => this.#violations.byName(),
      now,
      wallOffset: () => this.#wallOffset,
    });
  }

  status(): StatusView {
    const { version, startedAt, health, nmap, schedule, targets } = this.#options;
    const { status, reasons, queueSize, queueCapacity, workersBusy, workers } = health();
    const { hosts, ports } = this.#hosts.totals();
    const { violations, unknown } = this.#violations.totals();
    const { scanned, failing, failure } = this.#targets.totals();
    return {
      status,
      reasons,
      version,
      startedAt,
      nmap: nmap(),
      queueSize,
      queueCapacity,
      workersBusy,
      workers,
      lag: schedule.lagSeconds,
      targets: targets().length,
      hostsWithOpenPorts: hosts,
      openPorts: ports,
      violations,
      unknownPorts: unknown,
      scans: scanned,
      scansFailing: failing,
      failure,
    };
  }

  running() {
    return runningViews(this.#options.running(), this.#context());
  }

  upcoming(limit: number) {
    const waiting = this.#options.waiting(limit);
    const coming = this.#options.schedule.coming(limit - waiting.length);
    return upcomingViews({ waiting, coming }, this.#context());
  }

  targets(query: TargetQuery) {
    return this.#targets.find(query);
  }

  hosts(query: PartQuery) {
    return this.#hosts.find(query);
  }

  changes({ limit }: { readonly limit: number }) {
    return this.#options.changes({ limit })
      .map((change) => changeRow(change, this.#named.nameAt(parseAddress(change.address))));
  }

  violations(query: PartQuery) {
    return this.#violations.find(query);
  }

  host(ip: string) {
    const { state, policy, changes } = this.#options;
    const namesAt = (address: Address) => this.#named.around(address).map(({ name }) => name);
    return hostView(ip, { state, policy, changes, namesAt });
  }

  get #named(): TargetIndex {
    const targets = this.#options.targets();
    if (this.#index?.of !== targets) this.#index = { of: targets, index: new TargetIndex(targets) };
    return this.#index.index;
  }

  /** Milliseconds to add to the monotonic clock to get unix milliseconds. */
  get #wallOffset(): number {
    const offset = this.#options.wallClock() - this.#options.now();
    // Read one after the other the clocks are never quite the same apart: what stays would seem to change.
    if (Math.abs(offset - this.#lastOffset) > CLOCK_SLACK_MS) this.#lastOffset = offset;
    return this.#lastOffset;
  }

  #context() {
    return {
      now: this.#options.now(),
      wallOffset: this.#wallOffset,
      nameOf: (planned: PlannedTarget) => this.#named.nameOf(planned),
    };
  }
}
