import FakeTimers from "@sinonjs/fake-timers";
import {
  formatNetwork,
  parseNetwork,
  subnetworkAt,
  subnetworkCount,
} from "../../src/domain/network.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import type { FailureType, Protocol } from "../../src/domain/scan.ts";
import type { Priority } from "../../src/domain/priority.ts";
import type { TaskRequest } from "../../src/tasks/scan_task.ts";
import { TaskManager } from "../../src/tasks/task_manager.ts";
import type {
  SubmittedUnit,
  SubmitUnitsResult,
  UnitOutcome,
  UnitProgress,
  UnitRunner,
  WantedScan,
} from "../../src/tasks/unit_runner.ts";

/** A runner that scans nothing until it is told what came of it. */
export class FakeRunner implements UnitRunner {
  capacity = 100;
  /** Prefix length of the units. */
  prefix = 32;
  closing = false;
  /** Networks that are excluded, as texts. */
  readonly excluded = new Set<string>();
  readonly waiting = new Map<string, Priority>();
  readonly running = new Map<string, UnitProgress | undefined>();
  /** What was submitted, and what was given up. */
  readonly submitted: string[][] = [];
  readonly withdrawn: string[] = [];
  /** Open tuples of every scan that is asked about. */
  open = 1;

  submit(wanted: readonly WantedScan[], priority: Priority): SubmitUnitsResult {
    if (this.closing) return { status: "closing" };
    const units = wanted.flatMap((scan) => this.#split(scan));
    const idle = units.filter(({ id }) => !this.waiting.has(id) && !this.running.has(id));
    if (units.length > this.capacity) {
      return { status: "too_many", units: units.length, capacity: this.capacity };
    }
    const room = this.capacity - this.waiting.size;
    if (idle.length > room) return { status: "full", units: idle.length, room };
    for (const { id, running } of units) if (!running) this.waiting.set(id, priority);
    this.submitted.push(units.map(({ id }) => id));
    return { status: "queued", units };
  }

  withdraw(ids: readonly string[]): void {
    for (const id of ids) {
      this.withdrawn.push(id);
      this.waiting.delete(id);
    }
  }

  progressOf(id: string): UnitProgress | undefined {
    return this.running.get(id);
  }

  openTuples(scans: readonly WantedScan[]): number {
    return this.open * scans.length;
  }

  #split(scan: WantedScan): SubmittedUnit[] {
    return Array.from({ length: subnetworkCount(scan.network, this.prefix) }, (_, index) => {
      const network = subnetworkAt(scan.network, this.prefix, index);
      const id = `${formatNetwork(network)} ${scan.protocol} ${scan.ports}`;
      return { id, scan: { ...scan, network }, running: this.running.has(id) };
    }).filter(({ scan }) => !this.excluded.has(formatNetwork(scan.network)));
  }
}

/** A request for one address, with what is set. */
export function makeRequest(
  targets: string | readonly string[] = "127.0.0.1",
  { ports = "22", ...overrides }: Partial<Omit<TaskRequest, "networks" | "ports">> & {
    ports?: string;
  } = {},
): TaskRequest {
  return {
    networks: [targets].flat().map((text) => parseNetwork(text).network),
    ports: parsePorts(ports),
    portRange: ports,
    protocols: ["tcp"] as readonly Protocol[],
    priority: "normal",
    dedupeKey: undefined,
    timeout: undefined,
    retries: 0,
    ...overrides,
  };
}

/** How a unit ended well, with hosts up and down. */
export function complete(up = 1, down = 0): UnitOutcome {
  return { end: "complete", failure: undefined, up, down };
}

/** How a unit failed; nothing of it was found out unless `up` says otherwise. */
export function failed(type: FailureType = "killed", up = 0): UnitOutcome {
  const failure = { type, message: `It was ${type}` };
  return { end: up > 0 ? "partial" : "failed", failure, up, down: 0 };
}

/** How a unit ended that the program itself ended. */
export const STOPPED: UnitOutcome = { end: "stopped", failure: undefined, up: 0, down: 0 };

/** A manager on a fake clock with a fake runner. */
export function makeManager() {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"], now: 1_000_000 });
  const runner = new FakeRunner();
  let ids = 0;
  const heard: string[] = [];
  const manager = new TaskManager({
    runner,
    now: () => clock.now,
    wallClock: () => 5_000_000 + clock.now,
    randomId: () => `task-${++ids}`,
    // The longest that it can get.
    random: () => 1 - Number.EPSILON,
    events: {
      accepted: ({ id }) => heard.push(`${id} accepted`),
      ended: ({ id, state }) => heard.push(`${id} ${state}`),
    },
  });
  return {
    heard,
    clock,
    runner,
    manager,
    /** Submits and expects to be taken. */
    submit(...request: Parameters<typeof makeRequest>): string {
      const result = manager.submit(makeRequest(...request));
      if (result.status !== "accepted") throw new Error(result.status);
      return result.id;
    },
    /** Lets a worker take a unit. */
    begin(id: string, progress?: UnitProgress): void {
      runner.waiting.delete(id);
      runner.running.set(id, progress);
      manager.unitBegan(id);
    },
    /** Ends a unit, which a worker took before. */
    end(id: string, outcome: UnitOutcome = complete()): void {
      runner.running.delete(id);
      manager.unitEnded(id, outcome);
    },
    [Symbol.dispose]: () => clock.uninstall(),
  };
}
