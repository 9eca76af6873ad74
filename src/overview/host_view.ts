import { type Address, parseAddress } from "../domain/address.ts";
import type { Protocol } from "../domain/scan.ts";
import type { PortPolicy } from "../policy/port_policy.ts";
import type { PortState } from "../state/port_state.ts";
import type { ChangeQuery, SavedChange } from "../state/saved_state.ts";
import type { ChangeRow, HostView, PortTimeline } from "./overview.ts";
import { openStretches } from "./timeline.ts";

/** Ports of one host that are shown. */
export const PORTS_SHOWN = 500;
/** Newest changes of one host that its ports' past is made of. */
export const CHANGES_READ = 1000;
/** Those of them that are shown as they are. */
export const CHANGES_SHOWN = 100;

/** What is known of a host is put together from these. */
export interface HostViewOptions {
  readonly state: Pick<PortState, "views">;
  readonly policy: Pick<PortPolicy, "verdictsAt" | "missingAt">;
  readonly changes: (query: ChangeQuery) => readonly SavedChange[];
  /** Names of the targets around an address, the narrowest first. */
  readonly namesAt: (address: Address) => readonly string[];
}

/** All that is known of an address, given as canonical text; undefined when that is nothing. */
export function hostView(
  ip: string,
  { state, policy, changes, namesAt }: HostViewOptions,
): HostView | undefined {
  const summary = state.views.summary(ip);
  if (summary === undefined) return undefined;
  const address = parseAddress(ip);
  const names = namesAt(address);
  const history = changes({ address: ip, limit: CHANGES_READ });
  const { ports, total } = state.views.firstPorts(ip, PORTS_SHOWN);
  const byPort = Map.groupBy(history.toReversed(), portKey);
  const horizon = history.length === CHANGES_READ ? history.at(-1)!.time : -Infinity;
  const verdictOf = policy.verdictsAt(address);
  return {
    ip,
    names,
    firstSeen: summary.firstSeen,
    lastSeen: summary.lastSeen,
    openPorts: summary.openPorts,
    ports: ports.map((known): PortTimeline => ({
      ...known,
      verdict: known.state === "open" ? verdictOf(known.protocol, known.port) : undefined,
      open: openStretches(known, byPort.get(portKey(known)) ?? [], { horizon }),
    })),
    portsLeftOut: total - ports.length,
    missing: missingPorts(policy, address),
    changes: history.slice(0, CHANGES_SHOWN).map((change) => changeRow(change, names[0])),
  };
}

/** A change of the history; `name` is that of the target which it belongs to now. */
export function changeRow(
  { time, address, port, protocol, to }: SavedChange,
  name: string | undefined,
): ChangeRow {
  return { time, ip: address, port, protocol, to, name };
}

/** Each port once, however many targets expect it. */
function missingPorts(policy: Pick<PortPolicy, "missingAt">, address: Address) {
  const missing = new Map<string, { port: number; protocol: Protocol }>();
  for (const { port, protocol } of policy.missingAt(address)) {
    missing.set(portKey({ port, protocol }), { port, protocol });
  }
  return [...missing.values()].sort((a, b) =>
    a.protocol === b.protocol ? a.port - b.port : a.protocol < b.protocol ? -1 : 1
  );
}

function portKey({ port, protocol }: { readonly port: number; readonly protocol: Protocol }) {
  return `${port}/${protocol}`;
}
