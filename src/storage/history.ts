import type { PortChange } from "../state/port_state.ts";
import type { SavedChange } from "../state/saved_state.ts";

/** Changes as entries of the history, seen by a scan of `target`. */
export function historyOf(changes: readonly PortChange[], target: string): SavedChange[] {
  return changes.map(({ type, time, address, protocol, port }) => {
    const [from, to] = type === "closed_to_open"
      ? ["closed", "open"] as const
      : ["open", "closed"] as const;
    return { time, address, protocol, port, from, to, target };
  });
}
