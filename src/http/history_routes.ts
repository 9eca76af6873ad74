import type { HostDetail, HostPage, HostQuery, HostSummary } from "../state/host_view.ts";
import type { ChangeQuery, SavedChange } from "../state/saved_state.ts";
import { parseFields } from "./api_parameters.ts";
import { timeText } from "./api_time.ts";
import { HOST_PATH, parseChangeQuery, parseHostQuery } from "./history_query.ts";
import { jsonError } from "./json_error.ts";
import { addressParameters, refuseOthers } from "./parameters.ts";
import { refusing } from "./refusing.ts";

/** What is known, as the routes ask for it. */
export interface HistoryRouteOptions {
  readonly hosts: (query: HostQuery) => HostPage;
  /** Undefined when nothing is known of `address`, which is canonical text. */
  readonly host: (address: string) => HostDetail | undefined;
  /** Newest first. */
  readonly changes: (query: ChangeQuery) => readonly SavedChange[];
}

/** `/v1/changes`: what changed, newest first. */
export function changesRoute({ changes }: Pick<HistoryRouteOptions, "changes">) {
  return refusing(function listChanges(c) {
    const found = changes(parseChangeQuery(addressParameters(c)));
    return c.json({ status: "success", changes: found.map(changeJson) });
  });
}

/** `/v1/hosts`: what is known of every address, in parts. */
export function hostsRoute({ hosts }: Pick<HistoryRouteOptions, "hosts">) {
  return refusing(function listHosts(c) {
    const { hosts: found, next } = hosts(parseHostQuery(addressParameters(c)));
    return c.json({
      status: "success",
      hosts: found.map(summaryJson),
      ...(next !== undefined && { next }),
    });
  });
}

/** `/v1/hosts/{ip}`: all that is known of one address, however it is written. */
export function hostRoute({ host }: Pick<HistoryRouteOptions, "host">) {
  return refusing(function showHost(c) {
    refuseOthers(addressParameters(c), []);
    const { ip: address } = parseFields({ ip: c.req.param("ip") }, HOST_PATH);
    const found = host(address);
    if (found === undefined) {
      return jsonError(c, 404, { message: `Nothing is known of ${address}` });
    }
    return c.json({ status: "success", host: detailJson(found) });
  });
}

function changeJson({ time, address, port, protocol, from, to, target }: SavedChange) {
  return { time: timeText(time), ip: address, port, protocol, from, to, target };
}

function summaryJson({ ip, openPorts, firstSeen, lastSeen }: HostSummary) {
  return {
    ip,
    open_ports: openPorts,
    ...(firstSeen !== undefined && { first_seen: timeText(firstSeen) }),
    ...(lastSeen !== undefined && { last_seen: timeText(lastSeen) }),
  };
}

function detailJson(host: HostDetail) {
  const ports = host.ports.map(({ port, protocol, state, firstSeen, lastSeen, lastChange }) => ({
    port,
    protocol,
    state,
    first_seen: timeText(firstSeen),
    last_seen: timeText(lastSeen),
    last_change: timeText(lastChange),
  }));
  return { ...summaryJson(host), ports };
}
