import type { TargetSources, UnresolvedName } from "../discovery/target_sources.ts";
import { type Network, networkSize, NO_NETWORK } from "../domain/network.ts";
import { KNOWN_PORTS, type ScanUnit } from "../domain/scan.ts";
import { ScheduledTask } from "../queue/scheduled_task.ts";
import type { Task, TaskQueue } from "../queue/task_queue.ts";
import { sizeClass } from "../scan/batch_size.ts";
import { isLarge } from "../schedule/plan.ts";
import type { DueUnit } from "../schedule/schedule.ts";
import type { ScanRecord, ScanRecords, UnitSummary } from "../state/scan_records.ts";
import type { WantedScans } from "./wanted_scans.ts";

/** What becomes of due units depends on these. */
export interface DueUnitsOptions {
  readonly wanted: Pick<WantedScans, "plan" | "recordOf" | "renewal">;
  readonly sources: Pick<TargetSources, "isNamed" | "recheck">;
  readonly queue: Pick<TaskQueue, "offer">;
  readonly records: Pick<ScanRecords, "open" | "notePending" | "finish">;
  /** Milliseconds on the clock of the schedule. */
  readonly now: () => number;
  readonly isClosing: () => boolean;
  /** Called when a task was queued. */
  readonly onQueued: () => void;
  /** Called with a unit that found no room: it is due again at once. */
  readonly onNoRoom: (due: DueUnit) => void;
  /** Called for a scan that failed before it began, because its host name does not resolve. */
  readonly onUnresolved: (record: ScanRecord, summary: UnitSummary) => void;
}

/** Makes tasks of the units that are due; those of host names only once the name was asked for again. */
export class DueUnits {
  readonly #options: DueUnitsOptions;
  /** Ids of units whose host name is being asked for. */
  readonly #rechecking = new Set<string>();

  constructor(options: DueUnitsOptions) {
    this.#options = options;
  }

  /** Whether a unit is on its way to the queue. */
  isRechecking(id: string): boolean {
    return this.#rechecking.has(id);
  }

  /** Queues a due unit; one that is an address of a host name only after the name was asked for again. */
  offer(due: DueUnit): void {
    const { wanted, sources, queue, isClosing, onQueued, onNoRoom } = this.#options;
    const task = this.#taskOf(due);
    if (!sources.isNamed(due.unit.network)) {
      queue.offer(task);
      onQueued();
      return;
    }
    this.#rechecking.add(due.id);
    void sources.recheck(due.unit.network).then((verdict) => {
      this.#rechecking.delete(due.id);
      // What became of the plan meanwhile has dealt with the target.
      if (isClosing() || wanted.plan.targetOf(due.unit) === undefined) return;
      if (verdict === "same") {
        // While the name was asked for, options may have changed, and the queue may have filled up.
        if (queue.offer(wanted.renewal()(task)) === "full") onNoRoom(due);
        onQueued();
      } else if (verdict !== "gone") this.#fail(due.unit, verdict.unresolved);
    });
  }

  /** A name without any known address: scans that failed, under the name in the place of an address. */
  failName({ target, hostName, message }: UnresolvedName): void {
    for (const protocol of target.protocols) {
      for (const { portRange, ports } of target.schedules) {
        const key = { target: hostName, portRange, protocol };
        const unit = {
          key,
          network: NO_NETWORK,
          ports: ports === KNOWN_PORTS ? target.expected[protocol] : ports[protocol],
        };
        this.#fail({ ...unit, nmap: target.nmap, timeout: target.timeout }, message);
      }
    }
  }

  /** The task of a due unit; of a large target, nothing else is made of it before it is begun. */
  #taskOf({ unit, id, target, place }: DueUnit): Task {
    const { wanted, records } = this.#options;
    if (isLarge(target) && place !== undefined) {
      return new ScheduledTask({ id, target, ...place }, sizeClass(unit));
    }
    records.notePending(wanted.recordOf(unit));
    return { unit, id, origin: "schedule", target, sizeClass: sizeClass(unit) };
  }

  /** Counts a scan that failed because a host name does not resolve; what is known stays as it is. */
  #fail(unit: ScanUnit, message: string): void {
    const { records, now, onUnresolved } = this.#options;
    const record = records.open(unit, { configured: true });
    const summary = unresolvedSummary(message, { startedAt: now(), network: unit.network });
    records.finish(record, summary);
    onUnresolved(record, summary);
  }
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
