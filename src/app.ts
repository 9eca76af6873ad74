import process from "node:process";
import type { Config } from "./config/config.ts";
import { effectiveConfigYaml } from "./config/effective_config.ts";
import { type Address, parseAddress } from "./domain/address.ts";
import { TargetSources, type UnresolvedName } from "./discovery/target_sources.ts";
import { type Network, networkSize, NO_NETWORK } from "./domain/network.ts";
import { NetworkIndex } from "./domain/network_index.ts";
import { PortSet } from "./domain/ports.ts";
import { KNOWN_PORTS, type Protocol, type ScanUnit, unitId } from "./domain/scan.ts";
import type { Access } from "./http/access.ts";
import type { ConnectionInfo } from "./http/connection.ts";
import type { Health } from "./http/health.ts";
import { createPages, type Pages } from "./http/page_routes.ts";
import { RateLimiter } from "./http/rate_limiter.ts";
import type { ReloadResult } from "./http/reload_route.ts";
import { type RequestPolicy, requestPolicy } from "./http/request_policy.ts";
import { createRoutes } from "./http/routes.ts";
import type { Logger } from "./log/logger.ts";
import { ProgressLog } from "./log/progress_log.ts";
import { ScanLog } from "./log/scan_log.ts";
import { TaskLog } from "./log/task_log.ts";
import { exporterMetrics, httpRequestCounter } from "./metrics/exporter_metrics.ts";
import { policyMetrics } from "./metrics/policy_metrics.ts";
import { portMetrics } from "./metrics/port_metrics.ts";
import { processMetrics } from "./metrics/process_metrics.ts";
import { scanMetrics } from "./metrics/scan_metrics.ts";
import { targetMetrics } from "./metrics/target_metrics.ts";
import { probeNmap } from "./nmap/capability.ts";
import { NmapProcesses } from "./nmap/process.ts";
import { scanKinds } from "./nmap/scan_kinds.ts";
import { createNmapScanner } from "./nmap/scanner.ts";
import { LiveOverview } from "./overview/live_overview.ts";
import { TargetView } from "./policy/target_view.ts";
import { Registry } from "./prometheus/registry.ts";
import { ScanRequests } from "./requests/scan_requests.ts";
import { BlockedTargets } from "./rights/blocked_targets.ts";
import { NmapRights } from "./rights/nmap_rights.ts";
import { ScheduledTask } from "./queue/scheduled_task.ts";
import { type Task, TaskQueue } from "./queue/task_queue.ts";
import { sizeClass } from "./scan/batch_size.ts";
import { WorkerPool } from "./scan/worker_pool.ts";
import { isLarge, Plan, type PlannedTarget, planTargets, unitOf } from "./schedule/plan.ts";
import type { DueUnit } from "./schedule/schedule.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { PortState } from "./state/port_state.ts";
import type { SavedRound, StateStore } from "./state/saved_state.ts";
import { type ScanRecord, ScanRecords, type UnitSummary } from "./state/scan_records.ts";
import { historyOf } from "./storage/history.ts";
import { StateKeeper } from "./storage/state_keeper.ts";
import { TaskManager } from "./tasks/task_manager.ts";

/** Milliseconds between two looks for what is too old to be kept, and most changes deleted in one step. */
const PRUNE_MS = 60_000;
const PRUNE_STEP = 1000;
/** Milliseconds between two looks at how far long scans are, for the log. */
const PROGRESS_MS = 5000;
/** Most scan keys outside the configuration (contract, section 4). */
const REQUESTED_LIMIT = 1000;

/** What the program is made from. */
export interface AppOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly telemetryPath: string;
  /** PATH that nmap is looked up in. */
  readonly path: string | undefined;
  readonly build: { readonly version: string; readonly revision: string; readonly runtime: string };
  /** Absolute; where relative paths of lists begin. */
  readonly workingDirectory: string;
  /** Where state is kept. */
  readonly store: StateStore;
  /** What is wrong outside of this, with the state file or the listener, one line each for people. */
  readonly troubles: () => readonly string[];
  /** Who may ask, now; undefined makes everything public. */
  readonly access: () => Access | undefined;
  /** Reads the configuration again; the caller ends up in `App.reload`. */
  readonly requestReload: () => Promise<ReloadResult>;
  /** How reading the configuration last went. */
  readonly lastReload: () => LastReload;
}

/** How reading the configuration last went. */
export interface LastReload {
  readonly successful: boolean;
  /** Unix seconds of the last time that it went well. */
  readonly succeededAt: number;
}

/** The wired program: everything between a configuration and the function that answers requests. */
export class App {
  /** Answers one HTTP request; `info` is what the listener knows of its connection. */
  readonly fetch: (request: Request, info?: ConnectionInfo) => Response | Promise<Response>;

  #config: Config;
  readonly #log: Logger;
  readonly #processes: NmapProcesses;
  readonly #rights: NmapRights;
  #plan: Plan;
  #policy: RequestPolicy;
  readonly #sources: TargetSources;
  readonly #state: PortState;
  readonly #view: TargetView;
  readonly #records: ScanRecords;
  readonly #queue: TaskQueue;
  readonly #pool: WorkerPool;
  readonly #scheduler: Scheduler;
  readonly #requests: ScanRequests;
  readonly #tasks: TaskManager;
  readonly #pages: Pages;
  readonly #rateLimiter: RateLimiter;
  readonly #store: StateStore;
  readonly #keeper: StateKeeper;
  readonly #troubles: () => readonly string[];
  readonly #scanLog: ScanLog;
  readonly #progressLog: ProgressLog;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #blocked: BlockedTargets;
  /** Ids of units whose host name is being asked for. */
  readonly #rechecking = new Set<string>();
  #closing = false;

  constructor(options: AppOptions) {
    const { config, log, build, store } = options;
    const wallClock = Date.now;
    const now = () => performance.timeOrigin + performance.now();
    const wallOffset = () => wallClock() - now();
    const scanLog = this.#scanLog = new ScanLog(log);
    this.#progressLog = new ProgressLog(log);
    this.#config = config;
    this.#log = log;
    this.#store = store;
    this.#troubles = options.troubles;
    this.#processes = new NmapProcesses({ path: options.path });
    this.#rights = new NmapRights({
      probe: (signal) => probeNmap(this.#processes, { signal }),
      log,
      defaults: () => this.#config.scanning.nmap,
      onGained: () => this.#blocked.retryAll(),
    });
    this.#blocked = new BlockedTargets({
      rights: this.#rights,
      targets: () => this.#plan.targets,
      hasten: (ids) => this.#scheduler.hasten(({ id }) => ids.has(id)),
    });
    const saved = store.load();
    this.#sources = new TargetSources({
      config,
      workingDirectory: options.workingDirectory,
      userAgent: `openport-exporter/${build.version}`,
      learnt: saved.learnt,
      now,
      save: (batch) => store.save(batch),
      onChange: () => this.#targetsChanged(),
      onUnresolved: (name) => this.#nameUnresolved(name),
      onProblem: (message) => log.error("Targets cannot be found out", { problem: message }),
      onRecovered: (message) => log.info("Targets can be found out again", { source: message }),
      onWarning: (message) => log.warn(message),
    });
    this.#plan = this.#newPlan();
    this.#rights.kinds = scanKinds(scansOf(this.#plan, config));
    this.#policy = requestPolicy(config);
    const closedRetention = config.state.closedPortRetention * 1000;
    this.#state = new PortState({ wallClock, now, closedRetention });
    this.#records = new ScanRecords({
      wallClock,
      now,
      requestedLimit: REQUESTED_LIMIT,
      requestedRetention: () => this.#state.closedRetention,
      onDropped: (records) => this.#forget(records),
    });
    this.#state.restore(saved.hosts);
    this.#records.restore(saved);
    const rounds = [...saved.rounds];
    this.#view = new TargetView(this.#state);
    this.#showTargets();

    this.#queue = new TaskQueue(config.scanning.taskQueueSize);
    this.#requests = new ScanRequests({
      queue: this.#queue,
      pool: () => this.#pool,
      state: this.#state,
      scanning: () => this.#config.scanning,
      exclude: () => this.#policy.exclude,
      isActive: (id) => this.#isActive(id),
      isClosing: () => this.#closing,
      keyOf: (unit) => this.#recordOf(unit).key,
      onReplaced: (id, instead) => {
        this.#tasks.unitGone(id, { reason: "all of it is excluded now", instead });
      },
    });
    this.#tasks = new TaskManager({
      runner: this.#requests,
      now,
      wallClock,
      randomId: () => crypto.randomUUID(),
      random: Math.random,
      events: new TaskLog(log),
    });
    this.#rateLimiter = new RateLimiter({ perMinute: config.scanning.rateLimit, now });
    this.#pool = new WorkerPool({
      workers: config.scanning.workerCount,
      totalRate: config.scanning.maxTotalRate,
      queue: this.#queue,
      records: this.#records,
      recordOf: (task) => this.#recordOf(task.unit),
      knownIn: (unit) => this.#view.knownIn(unit),
      scanner: createNmapScanner({
        processes: this.#processes,
        technique: () => this.#rights.techniqueOf({ technique: "auto" }),
        isExcluded: (address) => this.#isExcluded(address),
        now,
      }),
      state: this.#state,
      confirmChanges: () => this.#config.scanning.confirmChanges,
      now,
      wallClock,
      random: Math.random,
      events: {
        applied: (record, changes) => {
          const target = this.#records.target(record.key.target);
          this.#records.touch(record);
          for (const { type } of changes) {
            if (type === "closed_to_open") target.closedToOpen++;
            else target.openToClosed++;
          }
          scanLog.changed(record.key, changes);
          this.#keeper.save(historyOf(changes, target.target));
        },
        unconfirmed: (record, ports, doubt) => {
          this.#records.touch(record);
          this.#records.target(record.key.target).unconfirmed += ports;
          scanLog.unconfirmed(record.key, ports, doubt);
        },
        secondLookFailed: (key, doubt, message) => scanLog.secondLookFailed(key, doubt, message),
        processEnded: (key, job, outcome) => scanLog.processEnded(key, job, outcome),
      },
      onTaken: (task) => {
        this.#blocked.began(task.id, task.unit.nmap);
        this.#taken(task);
        this.#tasks.unitBegan(task.id);
        this.#scheduler.fill();
      },
      onEnd: (task, record, summary) => {
        scanLog.ended(record.key, summary);
        this.#view.noteTried(record);
        this.#blocked.ended(task.id, { target: task.target, failure: summary.failure });
        if (task.target === undefined) this.#records.prune((id) => this.#isActive(id));
        if (this.#records.get(task.id) !== record) this.#resumeReturned(task);
        this.#requests.ended(task);
        this.#tasks.unitEnded(task.id, summary);
        this.#keeper.save();
      },
    });
    this.#scheduler = new Scheduler({
      targets: this.#plan.targets,
      positions: positionsOf(rounds, wallOffset()),
      unfinished: this.#unfinished(),
      now,
      room: () => this.#queue.scheduleRoom,
      isActive: (id) => this.#isActive(id),
      offer: (due) => this.#offer(due),
      skipped: (unit, turns) => {
        const record = this.#recordOf(unit);
        this.#records.touch(record);
        record.skipped += turns;
        this.#requests.noteScheduled(unitId(unit));
        scanLog.skipped(unit.key, turns);
      },
      filled: () => this.#keeper.save(),
    });
    this.#keeper = new StateKeeper({
      store,
      state: this.#state,
      records: this.#records,
      takeMoved: () => this.#scheduler.takeMoved(),
      wallOffset,
    });
    const ids = this.#plan.ids();
    this.#keeper.forgetRounds(rounds.map(({ id }) => id).filter((id) => !ids.has(id)));
    this.#retainWanted();
    this.#openRecords();

    const requests = httpRequestCounter();
    const registry = new Registry();
    const families = [
      ...exporterMetrics({
        ...build,
        queueSize: () => this.#queue.size,
        queueCapacity: () => this.#queue.capacity,
        workersBusy: () => this.#pool.busy,
        workers: () => this.#pool.workers,
        scheduleLag: () => this.#scheduler.lagSeconds,
        requestedDropped: () => this.#records.droppedTotal,
        nmap: () => this.#rights.info,
        lastReload: options.lastReload,
      }),
      requests,
      ...portMetrics(this.#state, {
        perHost: () => this.#config.scanning.maxOpenPortsPerHost,
        total: () => this.#config.metrics.portSeriesLimit,
      }),
      ...policyMetrics(this.#view.policy),
      ...targetMetrics({
        targets: () => this.#sources.targets,
        failingLists: () => this.#sources.failingLists,
        unresolvedNames: () => this.#sources.unresolvedNames,
      }),
      ...scanMetrics(this.#records, {
        durationMetrics: () => this.#config.scanning.durationMetrics,
      }),
      ...processMetrics({
        residentMemory: () => Deno.memoryUsage().rss,
        cpuSeconds: () => {
          const { user, system } = process.cpuUsage();
          return (user + system) / 1e6;
        },
        startTime: performance.timeOrigin / 1000,
      }),
    ];
    for (const family of families) registry.register(family);

    const overview = new LiveOverview({
      version: build.version,
      startedAt: Math.round(performance.timeOrigin),
      health: () => this.#health(),
      nmap: () => this.#rights.info,
      state: this.#state,
      records: this.#records,
      policy: this.#view.policy,
      targets: () => this.#sources.targets,
      addressesOf: (hostName) => this.#sources.addressesOf(hostName),
      plan: () => this.#plan,
      schedule: this.#scheduler,
      exclude: () => this.#policy.exclude,
      maxCidrSize: () => this.#config.scanning.maxCidrSize,
      changes: (query) => store.changes(query),
      waiting: (limit) =>
        this.#queue.inOrder().take(limit).map(({ unit: { key }, target }) => ({ key, target }))
          .toArray(),
      running: () =>
        this.#pool.running().map(({ task: { unit: { key }, target }, ...rest }) => ({
          ...{ key, target },
          ...rest,
        })),
      wallClock,
      now,
    });
    this.#pages = createPages({
      overview,
      version: build.version,
      telemetryPath: options.telemetryPath,
      now: wallClock,
      onProblem: (error) => log.error("Cannot renew a page", { error: String(error) }),
    });
    this.fetch = createRoutes({
      version: build.version,
      telemetryPath: options.telemetryPath,
      access: options.access,
      openExposition: (format, encoding) => registry.open(format, encoding),
      health: () => this.#health(),
      notReady: () => this.#notReady(),
      policy: () => this.#policy,
      requestScan: (query) => this.#requests.query(query),
      rateLimiter: this.#rateLimiter,
      reload: options.requestReload,
      effectiveConfig: () => effectiveConfigYaml(this.#config),
      hosts: (query) => this.#state.list(query),
      host: (address) => this.#state.describe(address),
      changes: (query) => store.changes(query),
      openPorts: (query) => this.#view.openPorts.find(query),
      tasks: this.#tasks,
      apiSecurity: () => options.access()?.schemes ?? [],
      pages: this.#pages.routes,
      requests,
      log,
    }).fetch;
  }

  /** Asks nmap what it can do, then begins to scan; resolves when scanning has begun. */
  async start(): Promise<void> {
    await this.#rights.refresh();
    if (this.#closing) return;
    this.#timers.push(
      setInterval(() => this.#prune(), PRUNE_MS),
      setInterval(() => this.#logProgress(), PROGRESS_MS),
    );
    await this.#sources.start();
    if (this.#closing) return;
    this.#pool.start();
    this.#scheduler.start();
  }

  /** What of this configuration a running program cannot take over, each with what to do. */
  restartNeeded({ state }: Config): string[] {
    return state.path === this.#config.state.path
      ? []
      : ["state.path: Cannot change while the program runs: restart it"];
  }

  /**
   * Puts another configuration in place, whole: targets that are gone leave the page and the queue at
   * once, new ones are scanned, and what stays keeps its turn.
   */
  reload(config: Config): void {
    const { scanning, state } = config;
    this.#config = config;
    this.#policy = requestPolicy(config);
    this.#sources.replace(config);
    this.#state.closedRetention = state.closedPortRetention * 1000;
    this.#rateLimiter.setPerMinute(scanning.rateLimit);
    this.#queue.capacity = scanning.taskQueueSize;
    this.#pool.resize({ workers: scanning.workerCount, totalRate: scanning.maxTotalRate });
    this.#replan();
  }

  /** What there is to scan, as of now. */
  #newPlan(): Plan {
    return new Plan(planTargets({ ...this.#config, targets: this.#sources.targets }));
  }

  #showTargets(): void {
    const { maxOpenPortsPerHost } = this.#config.scanning;
    this.#view.replace(this.#sources.targets, {
      portsPerHost: maxOpenPortsPerHost,
      hasAddress: (hostName) => this.#sources.addressesOf(hostName).length > 0,
    });
    // What a failed scan left unknown is unknown after a restart, and to a new policy, as well.
    for (const record of this.#records.values()) this.#view.noteTried(record);
    this.#forgetTried();
  }

  #forgetTried(): void {
    const current = new Set<unknown>(this.#records.values());
    this.#view.keepTried((unit) => current.has(unit));
  }

  /** Goes on with targets that were found out, or are gone. */
  #targetsChanged(): void {
    this.#log.info("Targets changed", { targets: this.#sources.targets.length });
    this.#replan();
  }

  /** Puts another plan in the place of the one that is followed. */
  #replan(): void {
    const before = this.#plan;
    this.#plan = this.#newPlan();
    this.#rights.kinds = scanKinds(scansOf(this.#plan, this.#config));
    this.#showTargets();
    this.#retainWanted();
    this.#openRecords();
    const sizeOf = sizeClassOfTargets();
    this.#queue.renew((task) => this.#renewed(task, sizeOf));
    const ids = this.#plan.ids();
    this.#blocked.keep(ids);
    this.#keeper.forgetRounds([...before.ids()].filter((id) => !ids.has(id)));
    this.#scheduler.replace(this.#plan.targets);
    this.#blocked.retryOthers();
    this.#keeper.save();
  }

  /** Has pages that are open ask again, because somebody may not be let in any more. */
  accessChanged(): void {
    this.#pages.renew();
  }

  /** Stops taking work and ends what runs; what finished is kept. Resolves when every nmap has ended. */
  async stop(): Promise<void> {
    this.#closing = true;
    this.#timers.forEach(clearInterval);
    this.#tasks.stop();
    this.#pages.close();
    this.#scheduler.stop();
    await Promise.all([this.#rights.stop(), this.#pool.stop(), this.#sources.stop()]);
    this.#keeper.save();
    this.#store.close();
  }

  /** Kills every nmap without waiting, for the exit paths that cannot wait. */
  killAll(): void {
    this.#processes.killAll("SIGKILL");
  }

  #isActive(id: string): boolean {
    return this.#queue.has(id) || this.#pool.isRunning(id) || this.#rechecking.has(id);
  }

  /** Queues a due unit; one that is an address of a host name only after the name was asked for again. */
  #offer(due: DueUnit): void {
    const task = this.#scheduledTask(due);
    if (!this.#sources.isNamed(due.unit.network)) {
      this.#queue.offer(task);
      this.#pool.wake();
      return;
    }
    this.#rechecking.add(due.id);
    void this.#sources.recheck(due.unit.network).then((verdict) => {
      this.#rechecking.delete(due.id);
      // What became of the plan meanwhile has dealt with the target.
      if (this.#closing || this.#plan.targetOf(due.unit) === undefined) return;
      if (verdict === "same") {
        // While the name was asked for, options may have changed, and the queue may have filled up.
        const renewed = this.#renewed(task, sizeClassOfTargets());
        if (this.#queue.offer(renewed) === "full") this.#scheduler.resume(due);
        this.#pool.wake();
      } else if (verdict !== "gone") this.#failUnresolved(due.unit, verdict.unresolved);
    });
  }

  /** A name without any known address: a scan that failed, under the name in the place of an address. */
  #nameUnresolved({ target, hostName, message }: UnresolvedName): void {
    for (const protocol of target.protocols) {
      for (const { portRange, ports } of target.schedules) {
        const key = { target: hostName, portRange, protocol };
        const unit = {
          key,
          network: NO_NETWORK,
          ports: ports === KNOWN_PORTS ? target.expected[protocol] : ports[protocol],
        };
        this.#failUnresolved({ ...unit, nmap: target.nmap, timeout: target.timeout }, message);
      }
    }
  }

  /** Counts a scan that failed because a host name does not resolve; what is known stays as it is. */
  #failUnresolved(unit: ScanUnit, message: string): void {
    const record = this.#records.open(unit, { configured: true });
    const startedAt = performance.timeOrigin + performance.now();
    const summary = unresolvedSummary(message, { startedAt, network: unit.network });
    this.#view.noteTried(record);
    this.#records.finish(record, summary);
    this.#scanLog.ended(record.key, summary);
    this.#keeper.save();
  }

  /** The task of a due unit; of a large target, nothing else is made of it before it is begun. */
  #scheduledTask({ unit, id, target, place }: DueUnit): Task {
    if (isLarge(target) && place !== undefined) {
      return new ScheduledTask({ id, target, ...place }, sizeClass(unit));
    }
    this.#records.notePending(this.#recordOf(unit));
    return { unit, id, origin: "schedule", target, sizeClass: sizeClass(unit) };
  }

  /** From here on a unit of a large target is remembered by its record. */
  #taken(task: Task): void {
    if (task.target === undefined) return;
    this.#records.notePending(this.#recordOf(task.unit));
    if (task instanceof ScheduledTask) this.#scheduler.begun(task.target.id, task.after);
  }

  #openRecords(): void {
    for (const target of this.#plan.targets) {
      if (isLarge(target)) continue;
      for (let index = 0; index < target.unitCount; index++) {
        this.#records.open(target.unitAt(index), { configured: true });
      }
    }
  }

  #recordOf(unit: ScanUnit): ScanRecord {
    const target = this.#plan.targetOf(unit);
    return target === undefined
      ? this.#records.open(unit, { configured: false })
      : this.#records.open(unitOf(target, unit), { configured: true });
  }

  /** Units whose turn was taken by an earlier process that did not end it. */
  #unfinished(): DueUnit[] {
    const unfinished: DueUnit[] = [];
    for (const record of this.#records.values()) {
      const target = record.pending ? this.#plan.targetOf(record) : undefined;
      if (target === undefined) continue;
      const unit = unitOf(target, record);
      unfinished.push({ id: unitId(unit), unit, target, missedTurns: 0 });
    }
    return unfinished;
  }

  /** Lets go of everything that the configuration does not ask for any more. */
  #retainWanted(): void {
    const names = new Set(this.#sources.targets.flatMap(({ hostNames }) => hostNames));
    const dropped = this.#records.dropUnwanted((record) =>
      record.network === NO_NETWORK
        ? names.has(record.key.target)
        : this.#plan.targetOf(record) !== undefined
    );
    const gone = new Set(dropped);
    this.#pool.abandon(dropped);
    const removed = this.#queue.remove((task) => gone.has(task.id) || !this.#isPlanned(task));
    for (const task of removed) {
      if (this.#requests.isOfTask(task.id)) this.#requests.keep(task);
      else this.#requests.ended(task);
    }
    this.#requests.cutExcluded();
    this.#retain(() => true);
  }

  /** Whether the configuration names what a task was planned for; a request needs no plan. */
  #isPlanned(task: Task): boolean {
    return task.target === undefined || this.#plan.successorOf(task.target) !== undefined ||
      this.#plan.targetOf(task.unit) !== undefined;
  }

  /** A waiting task with the options of the configuration in use. */
  #renewed(task: Task, sizeOf: (target: PlannedTarget) => number): Task {
    const { scanning } = this.#config;
    const target = task.target && this.#plan.successorOf(task.target);
    if (task instanceof ScheduledTask && target !== undefined) {
      return task.renewed(target, sizeOf(target));
    }
    const planned = this.#plan.targetOf(task.unit);
    const { nmap, timeout } = scanning;
    const options = planned === undefined
      ? { ...task.unit, nmap, timeout }
      : unitOf(planned, task.unit);
    const unit = { ...options, timeout: task.timeout ?? options.timeout };
    return { ...task, unit, target: planned, sizeClass: sizeClass(unit) };
  }

  #prune(): void {
    const before = Date.now() - this.#config.state.historyRetention * 1000;
    this.#store.pruneChanges(before, PRUNE_STEP);
    this.#state.forgetClosed();
    this.#records.prune((id) => this.#isActive(id));
    this.#forgetTried();
    this.#keeper.save();
  }

  #logProgress(): void {
    const scans = this.#pool.running().map(({ task: { id, unit }, ...rest }) => ({
      id,
      key: unit.key,
      ...rest,
    }));
    this.#progressLog.look(scans, performance.timeOrigin + performance.now());
  }

  /** Scans a unit whose target left the configuration and came back before its scan was over. */
  #resumeReturned({ id, unit }: Task): void {
    const target = this.#plan.targetOf(unit);
    if (target === undefined) return;
    this.#scheduler.resume({ id, unit: unitOf(target, unit), target, missedTurns: 0 });
  }

  /** Takes from the page what only records that have left asked for. */
  #forget(dropped: readonly ScanRecord[]): void {
    const networks = new NetworkIndex<true>();
    for (const { unit } of dropped) networks.add(unit.network, true);
    this.#retain((address) => !networks.containing(address)[Symbol.iterator]().next().done);
  }

  /** Of the addresses that `concerned` picks, keeps the ports that somebody asks for. */
  #retain(concerned: (address: Address) => boolean): void {
    const asked = new NetworkIndex<{ protocol: Protocol; ports: PortSet }>();
    for (const { key: { protocol }, network, ports } of this.#records.requested()) {
      asked.add(network, { protocol, ports });
    }
    this.#state.retain(concerned, (address, protocol) => {
      if (this.#policy.exclude.has(address)) return PortSet.EMPTY;
      let ports = this.#plan.portsAt(address, protocol);
      for (const part of asked.containing(address)) {
        if (part.protocol === protocol) ports = ports.union(part.ports);
      }
      return ports;
    });
  }

  #isExcluded(address: string): boolean {
    return this.#policy.exclude.has(parseAddress(address));
  }

  #health(): Health {
    const reasons = this.#degradedReasons();
    return {
      status: this.#closing ? "shutting down" : reasons.length > 0 ? "degraded" : "ok",
      reasons,
      queueSize: this.#queue.size,
      queueCapacity: this.#queue.capacity,
      workersBusy: this.#pool.busy,
      workers: this.#pool.workers,
    };
  }

  #degradedReasons(): string[] {
    return [...this.#rights.troubles(), ...this.#troubles(), ...this.#sources.problems()];
  }

  #notReady(): string | undefined {
    return this.#closing ? "shutting down" : this.#rights.notReady;
  }
}

/** What is planned and, as it may be requested, what has no options of its own. */
function* scansOf(plan: Plan, { scanning: { nmap, udpScan } }: Config) {
  yield* plan.targets;
  yield { protocol: "tcp", nmap } as const;
  if (udpScan) yield { protocol: "udp", nmap } as const;
}

/** Size class of the units of a target, found out once for each. */
function sizeClassOfTargets(): (target: PlannedTarget) => number {
  const known = new Map<PlannedTarget, number>();
  return (target) => {
    const size = known.get(target) ?? sizeClass(target.unitAt(0));
    known.set(target, size);
    return size;
  };
}

/** How a unit ended that was not begun because its host name does not resolve. */
function unresolvedSummary(
  message: string,
  { startedAt, network }: { startedAt: number; network: Network },
): UnitSummary {
  return {
    end: "failed",
    failure: { type: "unresolved", message },
    startedAt,
    duration: 0,
    up: 0,
    down: 0,
    timedOut: 0,
    incomplete: Number(networkSize(network)),
    lookedAtAll: false,
    resumeAt: 0,
  };
}

function positionsOf(rounds: readonly SavedRound[], wallOffset: number) {
  return new Map(rounds.map(({ id, dueAt, taken }) => [id, { dueAt: dueAt - wallOffset, taken }]));
}
