import { PortState } from "../../src/state/port_state.ts";

/** An empty state whose two clocks are one that can be set. */
export function makeState(): { clock: { now: number }; state: PortState } {
  const clock = { now: 0 };
  const now = () => clock.now;
  return { clock, state: new PortState({ wallClock: now, now, closedRetention: Infinity }) };
}
