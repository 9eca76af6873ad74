import { formatNetwork } from "../domain/network.ts";
import type { ScanKey } from "../domain/scan.ts";
import type { PlannedTarget } from "../schedule/plan.ts";
import type { ComingTarget } from "../schedule/schedule.ts";
import type { RunningView, UpcomingView } from "./overview.ts";

/** A scan unit that waits for a worker. */
export interface WaitingUnit {
  readonly key: ScanKey;
  /** What it was planned as; undefined for a request. */
  readonly target?: PlannedTarget | undefined;
}

/** A scan unit that a worker has taken. */
export interface RunningUnit extends WaitingUnit {
  /** Milliseconds on the monotonic clock. */
  readonly startedAt: number;
  readonly addresses: number;
  /** 0 to 1. */
  readonly fraction: number;
  /** Seconds; undefined while nobody can tell. */
  readonly remaining: number | undefined;
}

/** What scans are shown with. */
export interface ScanViewContext {
  /** Milliseconds on the monotonic clock, and what to add to get unix milliseconds. */
  readonly now: number;
  readonly wallOffset: number;
  readonly nameOf: (planned: PlannedTarget) => string | undefined;
}

/** What is being scanned, in order of its start. */
export function runningViews(
  running: readonly RunningUnit[],
  { now, wallOffset, nameOf }: ScanViewContext,
): RunningView[] {
  return running.toSorted((a, b) => a.startedAt - b.startedAt).map((unit): RunningView => ({
    network: unit.key.target,
    portRange: unit.key.portRange,
    protocol: unit.key.protocol,
    name: unit.target && nameOf(unit.target),
    startedAt: Math.round(unit.startedAt + wallOffset),
    addresses: unit.addresses,
    fraction: Math.min(1, Math.max(0, unit.fraction)),
    endsAt: unit.remaining === undefined
      ? undefined
      : Math.round(now + unit.remaining * 1000 + wallOffset),
  }));
}

/** What waits for a worker and what will be due, in the order in which they are given. */
export function upcomingViews(
  { waiting, coming }: {
    readonly waiting: readonly WaitingUnit[];
    readonly coming: readonly ComingTarget[];
  },
  { wallOffset, nameOf }: Pick<ScanViewContext, "wallOffset" | "nameOf">,
): UpcomingView[] {
  const views = waiting.map(({ key, target }): UpcomingView => ({
    network: key.target,
    name: target && (nameOf(target) ?? key.target),
    portRange: key.portRange,
    protocol: key.protocol,
    dueAt: undefined,
  }));
  for (const { target, dueAt } of coming) {
    const network = formatNetwork(target.network);
    views.push({
      network,
      name: nameOf(target) ?? network,
      portRange: target.portRange,
      protocol: target.protocol,
      dueAt: Math.round(dueAt + wallOffset),
    });
  }
  return views;
}
