import type { TargetConfig } from "../config/config.ts";
import { scheduledPorts } from "./target_index.ts";
import type { TargetUnits } from "./target_units.ts";
import type { Scheduled } from "./unit_book.ts";
import type { UnitTotals } from "./unit_totals.ts";

/** One schedule of a target for one protocol. */
export interface TargetSchedule extends Scheduled {
  /** Seconds from start to start. */
  readonly interval: number;
}

/** Milliseconds beyond two intervals that a scan may take without being called late. */
const SLACK = 60_000;

/** The schedules of a target, each with every protocol, the main one first. */
export function schedulesOf(target: TargetConfig): TargetSchedule[] {
  return target.schedules.flatMap(({ portRange, interval }, index) =>
    target.protocols.map((protocol) => ({
      protocol,
      portRange,
      ports: scheduledPorts(target, index, protocol),
      interval,
    }))
  );
}

/**
 * Whether a unit was not completely scanned for more than two intervals, or never was; `now` is unix
 * milliseconds. Nothing is stale where nothing is scanned.
 */
export function isStale(
  { complete, completeSince }: Pick<UnitTotals, "complete" | "completeSince">,
  { units, scheduling, now }: {
    readonly units: Pick<TargetUnits, "count">;
    readonly scheduling: Pick<TargetSchedule, "interval">;
    readonly now: number;
  },
): boolean {
  return complete < units.count ||
    (units.count > 0 && now - completeSince > 2000 * scheduling.interval + SLACK);
}
