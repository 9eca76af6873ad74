import type { ScanningConfig } from "../config/config.ts";
import {
  type ScanFailure,
  type ScanJob,
  type ScanKey,
  type Scanner,
  type ScanOutcome,
  type ScanUnit,
  unitId,
} from "../domain/scan.ts";
import { TaskQueue } from "../queue/task_queue.ts";
import { sizeClass } from "../scan/batch_size.ts";
import { WorkerPool } from "../scan/worker_pool.ts";
import { PortState } from "../state/port_state.ts";
import { ScanRecords } from "../state/scan_records.ts";
import { Findings } from "./findings.ts";

/** What a scan in the foreground needs. */
export interface ScanOnceOptions {
  /** No two with equal addresses, ports and protocol. */
  readonly units: readonly ScanUnit[];
  readonly scanning: Pick<ScanningConfig, "workerCount" | "maxTotalRate" | "confirmChanges">;
  readonly scanner: Scanner;
  /** Ends the scan when aborted; what finished is kept. */
  readonly signal: AbortSignal;
  /** Milliseconds on a clock that is never set back. */
  readonly now: () => number;
  /** Unix milliseconds. */
  readonly wallClock: () => number;
  /** Why a unit cannot be scanned here, which is known before it is tried. */
  readonly obstacleOf: (unit: ScanUnit) => ScanFailure | undefined;
  /** One process of the unit with this key ended. */
  readonly onProcessEnd: (key: ScanKey, job: ScanJob, outcome: ScanOutcome) => void;
}

/** What a scan found out. */
export interface ScannedOnce {
  readonly findings: Findings;
  readonly state: PortState;
}

const STOPPED: ScanFailure = { type: "stopped", message: "Not reached: the scan was stopped" };
const OUT_OF_TIME: ScanFailure = {
  type: "timeout",
  message: "Not reached within scanning.timeout: raise it, or scan fewer ports or at a higher rate",
};

/**
 * Scans units once, with the batches, workers and rates of the exporter and a state in memory; resolves
 * when all have ended, or have been ended because of `signal`.
 */
export async function scanOnce(options: ScanOnceOptions): Promise<ScannedOnce> {
  const { units, scanning, scanner, signal, now, wallClock } = options;
  const byKey = new Map(units.map((unit) => [textOf(unit.key), unit]));
  const findings = new Findings(units);
  const state = new PortState({ wallClock, now, closedRetention: Infinity });
  const records = new ScanRecords({
    wallClock,
    now,
    requestedLimit: Infinity,
    requestedRetention: () => Infinity,
    onDropped: () => {},
  });
  const queue = new TaskQueue(Math.max(1, units.length));
  const over = Promise.withResolvers<void>();
  let left = 0;
  const pool = new WorkerPool({
    workers: scanning.workerCount,
    totalRate: scanning.maxTotalRate,
    queue,
    records,
    recordOf: ({ unit }) => records.open(unit, { configured: true }),
    knownIn: () => undefined,
    scanner,
    state,
    confirmChanges: () => scanning.confirmChanges,
    now,
    wallClock,
    random: Math.random,
    events: {
      applied: () => {},
      unconfirmed: () => {},
      secondLookFailed: () => {},
      processEnded: (key, job, outcome) => {
        options.onProcessEnd(key, job, outcome);
        findings.note(byKey.get(textOf(key))!, job, outcome);
      },
    },
    onTaken: () => {},
    onEnd: ({ unit }, _record, { failure }) => {
      if (failure !== undefined) findings.ended(unit, failure);
      // Nothing is stored: what waits for that would be a text for each of 2^24 addresses.
      state.takeUnsaved();
      if (--left === 0) over.resolve();
    },
  });
  for (const unit of units) {
    const obstacle = options.obstacleOf(unit);
    if (obstacle !== undefined) {
      findings.fail(unit, obstacle);
      continue;
    }
    left++;
    const task = { unit, id: unitId(unit), origin: "request", target: undefined } as const;
    queue.offer({ ...task, sizeClass: sizeClass(unit) });
  }
  if (left === 0) over.resolve();
  const stop = () => over.resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (!signal.aborted) pool.start();
  else stop();
  await over.promise;
  signal.removeEventListener("abort", stop);
  await pool.stop();
  findings.close(signal.aborted ? STOPPED : OUT_OF_TIME);
  return { findings, state };
}

function textOf({ target, protocol, portRange }: ScanKey): string {
  return `${target} ${protocol} ${portRange}`;
}
