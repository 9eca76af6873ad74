import process from "node:process";
import type { Config } from "./config/config.ts";
import { effectiveConfigYaml } from "./config/effective_config.ts";
import { parseAddress } from "./domain/address.ts";
import { TargetSources } from "./discovery/target_sources.ts";
import { unitId } from "./domain/scan.ts";
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
import type { Metric } from "./prometheus/metric.ts";
import { Registry } from "./prometheus/registry.ts";
import { ScanRequests } from "./requests/scan_requests.ts";
import { BlockedTargets } from "./rights/blocked_targets.ts";
import { NmapRights } from "./rights/nmap_rights.ts";
import { ScheduledTask } from "./queue/scheduled_task.ts";
import { type Task, TaskQueue } from "./queue/task_queue.ts";
import { WorkerPool } from "./scan/worker_pool.ts";
import type { Plan } from "./schedule/plan.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { AgeClock } from "./state/age_clock.ts";
import { PortState } from "./state/port_state.ts";
import type { SavedRound, StateStore } from "./state/saved_state.ts";
import { ScanRecords } from "./state/scan_records.ts";
import { historyOf } from "./storage/history.ts";
import { StateKeeper } from "./storage/state_keeper.ts";
import { TaskManager } from "./tasks/task_manager.ts";
import { DueUnits } from "./wanted/due_units.ts";
import { WantedScans } from "./wanted/wanted_scans.ts";

/** Milliseconds between two looks for what is too old to be kept, and most changes deleted in one step. */
const PRUNE_MS = 60_000;
const PRUNE_STEP = 1000;
/** Milliseconds between two looks at how far long scans are, for the log. */
const PROGRESS_MS = 5000;
/** Most scan keys outside the configuration (contract, section 4). */
const REQUESTED_LIMIT = 1000;

/** Unix milliseconds; people may set it. */
const wallClock = () => Date.now();
/** Milliseconds on a clock that is never set back; when the program began, it showed unix milliseconds. */
const now = () => performance.timeOrigin + performance.now();
/** Milliseconds to add to `now()` to get what `wallClock()` says. */
const wallOffset = () => wallClock() - now();

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
  #policy: RequestPolicy;
  readonly #sources: TargetSources;
  readonly #state: PortState;
  readonly #view: TargetView;
  readonly #records: ScanRecords;
  readonly #wanted: WantedScans;
  readonly #dueUnits: DueUnits;
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
  readonly #progressLog: ProgressLog;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #blocked: BlockedTargets;
  readonly #ages = new AgeClock({ wallClock, now });
  #closing = false;

  constructor(options: AppOptions) {
    const { config, log, build, store } = options;
    const scanLog = new ScanLog(log);
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
      targets: () => this.#wanted.plan.targets,
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
      onUnresolved: (name) => this.#dueUnits.failName(name),
      onProblem: (message) => log.error("Cannot discover targets", { problem: message }),
      onRecovered: (message) => log.info("Targets can be discovered again", { source: message }),
      onWarning: (message) => log.warn(message),
    });
    this.#policy = requestPolicy(config);
    const closedRetention = config.state.closedPortRetention * 1000;
    this.#state = new PortState({ wallClock, now, closedRetention });
    this.#records = new ScanRecords({
      wallClock,
      now,
      requestedLimit: REQUESTED_LIMIT,
      requestedRetention: () => this.#state.closedRetention,
      onDropped: (records) => this.#wanted.forget(records),
    });
    this.#wanted = new WantedScans({
      config: () => this.#config,
      targets: () => this.#sources.targets,
      exclude: () => this.#policy.exclude,
      state: this.#state,
      records: this.#records,
    });
    this.#rights.kinds = scanKinds(scansOf(this.#wanted.plan, config));
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
      scanning: (unit) => this.#wanted.optionsOf(unit),
      exclude: () => this.#policy.exclude,
      isActive: (id) => this.#isActive(id),
      isClosing: () => this.#closing,
      keyOf: (unit) => this.#wanted.recordOf(unit).key,
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
      recordOf: (task) => this.#wanted.recordOf(task.unit),
      knownIn: (unit) => this.#view.knownIn(unit),
      scanner: createNmapScanner({
        processes: this.#processes,
        technique: () => this.#rights.techniqueOf({ technique: "auto" }),
        version: () => this.#rights.info?.version,
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
        // A target that left the configuration and came back before its scan was over.
        const returned = this.#records.get(task.id) === record
          ? undefined
          : this.#wanted.dueNow(task.unit);
        if (returned !== undefined) this.#scheduler.resume(returned);
        this.#requests.ended(task);
        this.#tasks.unitEnded(task.id, summary);
        this.#keeper.save();
      },
    });
    this.#scheduler = new Scheduler({
      targets: this.#wanted.plan.targets,
      positions: positionsOf(rounds, wallOffset()),
      unfinished: this.#wanted.unfinished(),
      now,
      room: () => this.#queue.scheduleRoom,
      isActive: (id) => this.#isActive(id),
      offer: (due) => this.#dueUnits.offer(due),
      skipped: (unit, turns) => {
        const record = this.#wanted.recordOf(unit);
        this.#records.touch(record);
        record.skipped += turns;
        this.#requests.noteScheduled(unitId(unit));
        scanLog.skipped(unit.key, turns);
      },
      filled: () => this.#keeper.save(),
    });
    this.#dueUnits = new DueUnits({
      wanted: this.#wanted,
      sources: this.#sources,
      queue: this.#queue,
      records: this.#records,
      now,
      isClosing: () => this.#closing,
      onQueued: () => this.#pool.wake(),
      onNoRoom: (due) => this.#scheduler.resume(due),
      onUnresolved: (record, summary) => {
        this.#view.noteTried(record);
        scanLog.ended(record.key, summary);
        this.#keeper.save();
      },
    });
    this.#keeper = new StateKeeper({
      store,
      state: this.#state,
      records: this.#records,
      takeMoved: () => this.#scheduler.takeMoved(),
      wallOffset,
    });
    const ids = this.#wanted.plan.ids();
    this.#keeper.forgetRounds(rounds.map(({ id }) => id).filter((id) => !ids.has(id)));
    this.#retainWanted();
    this.#wanted.openRecords();

    const requests = httpRequestCounter();
    const registry = new Registry();
    for (const family of [requests, ...this.#families(options)]) registry.register(family);
    this.#pages = createPages({
      overview: this.#overview(options),
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
      hosts: (query) => this.#state.views.list(query),
      host: (address) => this.#state.views.describe(address),
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

  /** Everything on the metrics page but the count of requests. */
  #families({ build, lastReload }: Pick<AppOptions, "build" | "lastReload">): Metric[] {
    return [
      ...exporterMetrics({
        ...build,
        queueSize: () => this.#queue.size,
        queueCapacity: () => this.#queue.capacity,
        workersBusy: () => this.#pool.busy,
        workers: () => this.#pool.workers,
        scheduleLag: () => this.#scheduler.lagSeconds,
        requestedDropped: () => this.#records.droppedTotal,
        nmap: () => this.#rights.info,
        lastReload,
      }),
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
  }

  /** What the pages for people show. */
  #overview({ build }: Pick<AppOptions, "build">): LiveOverview {
    return new LiveOverview({
      version: build.version,
      startedAt: Math.round(performance.timeOrigin),
      health: () => this.#health(),
      nmap: () => this.#rights.info,
      state: this.#state,
      records: this.#records,
      policy: this.#view.policy,
      targets: () => this.#sources.targets,
      addressesOf: (hostName) => this.#sources.addressesOf(hostName),
      plan: () => this.#wanted.plan,
      schedule: this.#scheduler,
      exclude: () => this.#policy.exclude,
      maxCidrSize: () => this.#config.scanning.maxCidrSize,
      changes: (query) => this.#store.changes(query),
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

  /** Goes on with targets that were discovered, or are gone. */
  #targetsChanged(): void {
    this.#log.info("Targets changed", { targets: this.#sources.targets.length });
    this.#replan();
  }

  /** Puts another plan in the place of the one that is followed. */
  #replan(): void {
    const gone = this.#wanted.replan();
    const { plan } = this.#wanted;
    this.#rights.kinds = scanKinds(scansOf(plan, this.#config));
    this.#showTargets();
    this.#retainWanted();
    this.#wanted.openRecords();
    this.#queue.renew(this.#wanted.renewal());
    this.#blocked.keep(plan.ids());
    this.#keeper.forgetRounds(gone);
    this.#scheduler.replace(plan.targets);
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
    return this.#queue.has(id) || this.#pool.isRunning(id) || this.#dueUnits.isRechecking(id);
  }

  /** From here on a unit of a large target is remembered by its record. */
  #taken(task: Task): void {
    if (task.target === undefined) return;
    this.#records.notePending(this.#wanted.recordOf(task.unit));
    if (task instanceof ScheduledTask) this.#scheduler.begun(task.target.id, task.after);
  }

  /** Lets go of everything that the configuration does not ask for any more. */
  #retainWanted(): void {
    const names = new Set(this.#sources.targets.flatMap(({ hostNames }) => hostNames));
    const dropped = this.#wanted.dropUnwantedRecords(names);
    const gone = new Set(dropped);
    this.#pool.abandon(dropped);
    const removed = this.#queue.remove((task) => gone.has(task.id) || !this.#wanted.isWanted(task));
    for (const task of removed) {
      if (this.#requests.isOfTask(task.id)) this.#requests.keep(task);
      else this.#requests.ended(task);
    }
    this.#requests.cutExcluded();
    this.#wanted.retain();
  }

  #prune(): void {
    const before = this.#ages.now() - this.#config.state.historyRetention * 1000;
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
    this.#progressLog.look(scans, now());
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

function positionsOf(rounds: readonly SavedRound[], wallOffset: number) {
  return new Map(rounds.map(({ id, dueAt, taken }) => [id, { dueAt: dueAt - wallOffset, taken }]));
}
