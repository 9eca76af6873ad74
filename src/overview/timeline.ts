import type { HostPort } from "../state/host_view.ts";
import type { SavedChange } from "../state/saved_state.ts";

/** A stretch of time in which a port was open, unix milliseconds; the end of one that lasts is undefined. */
export interface OpenStretch {
  readonly from: number;
  readonly to: number | undefined;
}

/**
 * When a port was open, oldest first, from its `changes` (oldest first) and from what its state says
 * where they do not reach: they begin with the first change and may have been cut off since. Nothing
 * before `horizon` is concluded from a closing whose opening is not among them, but that the port was
 * open. A closing that nobody saw is never made up: where one must have been, the stretch before it
 * is left out.
 */
export function openStretches(
  { state, firstSeen, lastSeen, lastChange }: Omit<HostPort, "port" | "protocol">,
  changes: readonly Pick<SavedChange, "time" | "to">[],
  { horizon = -Infinity }: { readonly horizon?: number } = {},
): OpenStretch[] {
  const stretches: OpenStretch[] = [];
  let openSince: number | undefined;
  let closedAt: number | undefined;
  for (const { time, to } of changes) {
    if (to === "open") {
      openSince = time;
      continue;
    }
    // Its first look is no change: it was open from when it was first seen.
    const since = openSince ?? (closedAt === undefined ? Math.max(firstSeen, horizon) : undefined);
    if (since !== undefined && since <= time) stretches.push({ from: since, to: time });
    openSince = undefined;
    closedAt = time;
  }
  if (state === "open") {
    const from = openSince ?? Math.max(lastChange, closedAt ?? -Infinity);
    stretches.push({ from, to: undefined });
  } else if (openSince !== undefined) {
    stretches.push({ from: openSince, to: Math.max(openSince, lastChange) });
  } else if (closedAt === undefined) {
    stretches.push({ from: firstSeen, to: Math.max(firstSeen, lastChange) });
  } else if (lastSeen > closedAt && lastChange >= lastSeen) {
    stretches.push({ from: lastSeen, to: lastChange });
  }
  return stretches;
}
