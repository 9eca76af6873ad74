import { type Layer, NO_LAYERS } from "./coverage.ts";

/** A port that was open and is closed now; times in unix milliseconds. */
export interface ClosedPort {
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly closedAt: number;
}

/** What is known of the ports of one address and protocol. */
export interface KnownPorts {
  /** Disjoint; together they are everything ever covered. */
  layers: readonly Layer[];
  /** Open ports, ascending; the two arrays after it run beside it, in unix milliseconds. */
  open: readonly number[];
  firstSeen: readonly number[];
  lastChange: readonly number[];
  closed: Map<number, ClosedPort> | undefined;
}

// Shared, because most addresses have no open ports and memory counts.
const NONE: readonly number[] = [];

/** Ports of which nothing but their coverage is known. */
export function noPorts(layers: readonly Layer[] = NO_LAYERS): KnownPorts {
  return { layers, open: NONE, firstSeen: NONE, lastChange: NONE, closed: undefined };
}

/** Adds open ports, given with when they were first seen, and puts all in order again. */
export function addOpen(
  state: KnownPorts,
  opened: ReadonlyMap<number, number>,
  changedAt: number,
): void {
  const all = state.open.map((port, index) =>
    [port, state.firstSeen[index]!, state.lastChange[index]!] as const
  );
  for (const [port, firstSeen] of opened) all.push([port, firstSeen, changedAt]);
  all.sort((a, b) => a[0] - b[0]);
  setOpen(state, all);
}

/** Makes these the open ports: `[port, firstSeen, lastChange]` each, ascending. */
export function setOpen(
  state: KnownPorts,
  ports: readonly (readonly [port: number, firstSeen: number, lastChange: number])[],
): void {
  if (ports.length === 0) {
    state.open = state.firstSeen = state.lastChange = NONE;
    return;
  }
  state.open = ports.map(([port]) => port);
  state.firstSeen = ports.map(([, firstSeen]) => firstSeen);
  // Until a port changes again the two times are the same.
  const same = ports.every(([, firstSeen, lastChange]) => firstSeen === lastChange);
  state.lastChange = same ? state.firstSeen : ports.map(([, , lastChange]) => lastChange);
}

/** Keeps the open ports that `keep` picks. */
export function keepOpen(state: KnownPorts, keep: (port: number, index: number) => boolean): void {
  const { open, firstSeen, lastChange } = state;
  const kept = open.flatMap((port, index) =>
    keep(port, index) ? [[port, firstSeen[index]!, lastChange[index]!] as const] : []
  );
  if (kept.length < open.length) setOpen(state, kept);
}

/** Whether `port` is open. */
export function isOpen({ open }: KnownPorts, port: number): boolean {
  let low = 0;
  let high = open.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = open[middle]!;
    if (found < port) low = middle + 1;
    else if (found > port) high = middle - 1;
    else return true;
  }
  return false;
}
