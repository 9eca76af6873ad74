import process from "node:process";
import type { Config } from "./config/config.ts";
import { networkContains } from "./domain/network.ts";
import { PortSet } from "./domain/ports.ts";
import { type ScanKey, unitId } from "./domain/scan.ts";
import type { Health } from "./http/health.ts";
import type { ScanRequestResult } from "./http/query_route.ts";
import { RateLimiter } from "./http/rate_limiter.ts";
import { createRoutes } from "./http/routes.ts";
import type { ScanQuery } from "./http/scan_query.ts";
import type { Logger } from "./log/logger.ts";
import { ScanLog } from "./log/scan_log.ts";
import { exporterMetrics, httpRequestCounter } from "./metrics/exporter_metrics.ts";
import { portMetrics } from "./metrics/port_metrics.ts";
import { processMetrics } from "./metrics/process_metrics.ts";
import { scanMetrics } from "./metrics/scan_metrics.ts";
import { type NmapCapability, probeNmap } from "./nmap/capability.ts";
import { NmapMonitor } from "./nmap/monitor.ts";
import { NmapProcesses } from "./nmap/process.ts";
import { createNmapScanner } from "./nmap/scanner.ts";
import { Registry } from "./prometheus/registry.ts";
import { type Task, TaskQueue } from "./queue/task_queue.ts";
import { sizeClass } from "./scan/batch_size.ts";
import { WorkerPool } from "./scan/worker_pool.ts";
import { type PlannedTarget, planTargets, splitNetwork } from "./schedule/plan.ts";
import { Scheduler } from "./schedule/scheduler.ts";
import { PortState } from "./state/port_state.ts";
import { type ScanRecord, ScanRecords } from "./state/scan_records.ts";

/** Milliseconds that a closed port, and what a request asked for, stays on the page: 7 days. */
const CLOSED_PORT_RETENTION = 7 * 24 * 60 * 60 * 1000;
/** Most scan keys outside the configuration (contract, section 4). */
const REQUESTED_LIMIT = 1000;
/** Targets of at most so many units have their counters from the start (contract, section 4). */
const MAX_EAGER_UNITS = 256;

/** What the program is made from. */
export interface AppOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly telemetryPath: string;
  /** PATH that nmap is looked up in. */
  readonly path: string | undefined;
  readonly build: { readonly version: string; readonly revision: string; readonly runtime: string };
}

/** The wired program: everything between a configuration and the function that answers requests. */
export class App {
  /** Answers one HTTP request. */
  readonly fetch: (request: Request) => Response | Promise<Response>;

  readonly #config: Config;
  readonly #log: Logger;
  readonly #processes: NmapProcesses;
  readonly #monitor: NmapMonitor;
  readonly #targets: readonly PlannedTarget[];
  readonly #state: PortState;
  readonly #records: ScanRecords;
  readonly #queue: TaskQueue;
  readonly #pool: WorkerPool;
  readonly #scheduler: Scheduler;
  /** Targets that cannot be scanned until nmap can do more than now. */
  readonly #blocked = new Set<PlannedTarget>();
  #closing = false;

  constructor({ config, log, telemetryPath, path, build }: AppOptions) {
    const wallClock = Date.now;
    const now = () => performance.timeOrigin + performance.now();
    const scanLog = new ScanLog(log);
    this.#config = config;
    this.#log = log;
    this.#processes = new NmapProcesses({ path });
    this.#monitor = new NmapMonitor({
      probe: (signal) => probeNmap(this.#processes, { signal }),
      onChange: (...answers) => this.#nmapChanged(...answers),
    });
    this.#targets = planTargets(config);
    this.#state = new PortState({ wallClock, closedRetention: CLOSED_PORT_RETENTION });
    this.#records = new ScanRecords({
      wallClock,
      requestedLimit: REQUESTED_LIMIT,
      requestedRetention: CLOSED_PORT_RETENTION,
      onDropped: (records) => this.#forget(records),
    });
    this.#queue = new TaskQueue(config.scanning.taskQueueSize);
    this.#pool = new WorkerPool({
      workers: config.scanning.workerCount,
      queue: this.#queue,
      records: this.#records,
      recordOf: (task) => this.#recordOf(task),
      scanner: createNmapScanner({
        processes: this.#processes,
        technique: () => this.#monitor.technique,
        now,
      }),
      state: this.#state,
      confirmChanges: config.scanning.confirmChanges,
      now,
      wallClock,
      random: Math.random,
      events: {
        changed: (key, changes) => {
          const target = this.#records.target(key.target);
          for (const { type } of changes) {
            if (type === "closed_to_open") target.closedToOpen++;
            else target.openToClosed++;
          }
          scanLog.changed(key, changes);
        },
        unconfirmed: (key, ports, doubt) => {
          this.#records.target(key.target).unconfirmed += ports;
          scanLog.unconfirmed(key, ports, doubt);
        },
        secondLookFailed: (key, doubt, message) => scanLog.secondLookFailed(key, doubt, message),
        processEnded: (key, job, outcome) => scanLog.processEnded(key, job, outcome),
      },
      onTaken: () => this.#scheduler.fill(),
      onEnd: (task, record, summary) => {
        scanLog.ended(record.key, summary);
        this.#unitEnded(task, summary.failure?.type);
      },
    });
    this.#scheduler = new Scheduler({
      targets: this.#targets,
      now,
      room: () => this.#queue.scheduleRoom,
      isActive: (id) => this.#isActive(id),
      offer: ({ unit, id, target }) => {
        this.#records.open(unit, { configured: true });
        const task = { unit, id, origin: "schedule", target, sizeClass: sizeClass(unit) } as const;
        this.#queue.offer(task);
        this.#pool.wake();
      },
      skipped: (unit, turns) => {
        this.#records.open(unit, { configured: true }).skipped += turns;
        scanLog.skipped(unit.key, turns);
      },
    });
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
        nmap: () => this.#nmapInfo(),
      }),
      requests,
      ...portMetrics(this.#state),
      ...scanMetrics(this.#records, config.scanning),
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

    this.fetch = createRoutes({
      version: build.version,
      telemetryPath,
      auth: config.auth,
      render: (format) => registry.render(format),
      health: () => this.#health(),
      notReady: () => this.#notReady(),
      requestScan: (query) => this.#requestScan(query),
      rateLimiter: new RateLimiter({ perMinute: config.scanning.rateLimit, now }),
      requests,
      log,
    }).fetch;
  }

  /** Asks nmap what it can do, then begins to scan; resolves when scanning has begun. */
  async start(): Promise<void> {
    await this.#monitor.refresh();
    if (this.#closing) return;
    this.#pool.start();
    this.#scheduler.start();
  }

  /** Stops taking work and ends what runs; what finished is kept. Resolves when every nmap has ended. */
  async stop(): Promise<void> {
    this.#closing = true;
    this.#scheduler.stop();
    this.#monitor.stop();
    await this.#pool.stop();
  }

  /** Kills every nmap without waiting, for the exit paths that cannot wait. */
  killAll(): void {
    this.#processes.killAll("SIGKILL");
  }

  #isActive(id: string): boolean {
    return this.#queue.has(id) || this.#pool.isRunning(id);
  }

  #openRecords(): void {
    for (const target of this.#targets) {
      if (target.unitCount > MAX_EAGER_UNITS) continue;
      for (let index = 0; index < target.unitCount; index++) {
        this.#records.open(target.unitAt(index), { configured: true });
      }
    }
  }

  #recordOf({ unit, target }: Task): ScanRecord {
    return this.#records.open(unit, { configured: target !== undefined });
  }

  #requestScan(query: ScanQuery): ScanRequestResult {
    if (this.#closing) return { status: "closing" };
    const { count, at } = splitNetwork(query.network, query, this.#config.scanning);
    const { capacity, requestRoom } = this.#queue;
    if (count > capacity) return { status: "too_many", units: count, capacity };
    const tasks = Array.from({ length: count }, (_, index): Task => {
      const unit = at(index);
      const id = unitId(unit);
      return { unit, id, origin: "request", target: undefined, sizeClass: sizeClass(unit) };
    });
    const idle = tasks.filter(({ id }) => !this.#isActive(id));
    const active = tasks.length - idle.length;
    if (idle.length > requestRoom) return { status: "full", units: idle.length, room: requestRoom };
    // One that the schedule queued already is moved ahead.
    for (const task of tasks) if (!this.#pool.isRunning(task.id)) this.#queue.offer(task);
    if (idle.length === 0) return { status: "skipped", active };
    this.#pool.wake();
    const queued = idle.map((task): ScanKey => this.#recordOf(task).key);
    return { status: "queued", queued, active };
  }

  #unitEnded({ target }: Task, failure: string | undefined): void {
    const blocked = failure === "nmap_missing" || failure === "permission";
    if (target === undefined) this.#records.prune((id) => this.#isActive(id));
    else if (blocked) this.#blocked.add(target);
    else this.#blocked.delete(target);
    if (!blocked) return;
    const worksByConnect = ({ protocol }: PlannedTarget) =>
      protocol === "tcp" && this.#technique === "connect";
    void this.#monitor.refresh().then(() => this.#retryBlocked(worksByConnect));
  }

  /** Scans at once what failed for a reason that is gone. */
  #retryBlocked(works: (target: PlannedTarget) => boolean): void {
    if (!this.#monitor.capability?.available) return;
    const retry = new Set([...this.#blocked].filter(works));
    for (const target of retry) this.#blocked.delete(target);
    if (retry.size > 0) this.#scheduler.hasten((target) => retry.has(target));
  }

  /** Takes from the page what only records that have left asked for. */
  #forget(dropped: readonly ScanRecord[]): void {
    const remaining = [...this.#records.all()].map(([, record]) => record);
    this.#state.retain(
      (address) => dropped.some(({ unit }) => networkContains(unit.network, address)),
      (address, protocol) => {
        const wanted = [
          ...remaining.map(({ key, unit }) => ({ ...unit, ...key })),
          ...this.#targets,
        ]
          .filter((part) => part.protocol === protocol && networkContains(part.network, address))
          .map((part) => "ports" in part ? part.ports : this.#config.scanning.ports);
        return wanted.reduce((all, ports) => all.union(ports), PortSet.EMPTY);
      },
    );
  }

  #nmapChanged(now: NmapCapability, before: NmapCapability | undefined): void {
    const { nmap: { technique }, udpScan } = this.#config.scanning;
    if (!now.available) {
      this.#log.error("Cannot run nmap: scans fail until it is there", { reason: now.reason });
      return;
    }
    const { version, rawSockets, reason } = now;
    this.#log.info("Found nmap", { version, scan_technique: this.#technique });
    if (!rawSockets && (technique !== "connect" || udpScan)) {
      const effect = technique === "auto"
        ? "TCP ports are scanned with connect()"
        : technique === "syn"
        ? "SYN scans fail"
        : "TCP scans work";
      this.#log.warn(
        "Cannot open raw sockets: run as root, or grant CAP_NET_RAW (systemd: AmbientCapabilities=CAP_NET_RAW)",
        { effect: udpScan ? `${effect}, UDP scans fail` : effect, reason },
      );
    }
    const gained = before !== undefined &&
      (!before.available || (rawSockets && !before.rawSockets));
    if (gained) this.#retryBlocked(() => true);
  }

  get #technique(): string {
    const { technique } = this.#config.scanning.nmap;
    return technique === "auto" ? this.#monitor.technique : technique;
  }

  #nmapInfo(): { version: string; technique: string } | undefined {
    const { capability } = this.#monitor;
    if (!capability?.available) return undefined;
    return { version: capability.version, technique: this.#technique };
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
    const { capability } = this.#monitor;
    if (capability === undefined) return [];
    if (!capability.available) return [capability.reason];
    const { nmap: { technique }, udpScan } = this.#config.scanning;
    if (capability.rawSockets || (technique !== "syn" && !udpScan)) return [];
    return [`Scans that need raw sockets fail: grant CAP_NET_RAW (${capability.reason})`];
  }

  #notReady(): string | undefined {
    if (this.#closing) return "shutting down";
    const { capability } = this.#monitor;
    if (capability === undefined) return "nmap has not answered yet";
    return capability.available ? undefined : capability.reason;
  }
}
