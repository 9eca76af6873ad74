import type { FailureType, ScanFailure } from "../domain/scan.ts";
import { oneLine } from "./one_line.ts";
import type { NmapDocument } from "./output.ts";

/** How an nmap process ended and what it left behind. */
export interface ProcessEnd {
  readonly code: number;
  readonly signal: string | null;
  /** Whether the process was sent a signal by this program. */
  readonly endedByUs: boolean;
  readonly stderr: string;
  readonly document: NmapDocument;
  /** Why its output is no whole document; undefined when it is. */
  readonly malformed: string | undefined;
  /** Number of addresses it was asked for. */
  readonly asked: number;
}

/** What to do about a missing privilege. */
export const GRANT_ADVICE =
  "run as root or grant CAP_NET_RAW, for instance AmbientCapabilities=CAP_NET_RAW in the systemd unit";

const RAW_SOCKETS =
  /requires root privileges|couldn't open a raw socket|dnet: failed to open device/i;
const PERMISSION = new RegExp(
  `${RAW_SOCKETS.source}|don't have permission|operation not permitted|permission denied`,
  "i",
);
const UNRESOLVED = /failed to resolve/i;
const NO_ROUTE =
  /failed to determine route|no route to host|network is unreachable|host is unreachable/i;
const SEND_ERROR = /^sendto in \S+ sendto\(.*\) => (.+)$/m;
// Said in passing, or to fill the screen: never the reason.
const ASIDE =
  /^(?:sendto in|offending packet|warning\b|quitting!|see the output of nmap|starting nmap|omitting future|host discovery disabled|\s*$)/i;

/**
 * Why packets could not be sent from this machine, if nmap said so: it goes on and reports the
 * ports as filtered, a silence that is no evidence.
 */
export function localSendError(stderr: string): string | undefined {
  return SEND_ERROR.exec(stderr)?.[1];
}

/** The line of `stderr` that says which privilege is missing, if there is one. */
export function permissionLine(stderr: string): string | undefined {
  return linesOf(stderr).find((line) => PERMISSION.test(line) && !SEND_ERROR.test(line));
}

/**
 * Why a process is not complete; undefined exactly when it is: exit code 0, well-formed,
 * `exit="success"` and every address accounted for. What it could not send only shows in its reports.
 */
export function classify(end: ProcessEnd): ScanFailure | undefined {
  const flaw = flawOf(end);
  if (end.code === 0 && end.signal === null && flaw === undefined) return undefined;
  if (end.endedByUs && end.malformed !== undefined) return failure("bad_output", end.malformed);
  const { finished } = end.document;
  const said = linesOf(`${finished?.errormsg ?? ""}\n${end.stderr}`)
    .filter((line) => !SEND_ERROR.test(line));
  const lastWords = said.findLast((line) => !ASIDE.test(line));
  if (end.signal !== null) {
    const words = lastWords === undefined ? "" : ` (${lastWords})`;
    return failure("killed", `Cannot finish the scan: ${end.signal} ended nmap${words}`);
  }
  const line = (pattern: RegExp) => said.find((text) => pattern.test(text));
  const permission = line(PERMISSION);
  if (permission !== undefined) {
    return failure(
      "permission",
      RAW_SOCKETS.test(permission)
        ? `Cannot open raw sockets (${permission}): ${GRANT_ADVICE}`
        : `Cannot scan: ${permission} (if it is about raw sockets, ${GRANT_ADVICE})`,
    );
  }
  const unresolved = line(UNRESOLVED);
  if (unresolved !== undefined) return failure("unresolved", `Cannot scan: ${unresolved}`);
  const noRoute = line(NO_ROUTE);
  if (noRoute !== undefined) return failure("no_route", `Cannot scan: ${noRoute}`);
  if (end.code === 0 && (finished?.exit ?? "success") === "success") {
    return failure("bad_output", flaw!);
  }
  const how = end.code === 0 ? "nmap says that it failed" : `nmap exited with code ${end.code}`;
  return failure("other", `Cannot scan: ${lastWords ?? how}`);
}

function flawOf({ document, malformed, asked }: ProcessEnd): string | undefined {
  if (malformed !== undefined) return malformed;
  const { finished, total, strangers, skippedTargets } = document;
  if (finished?.exit !== "success") return "Cannot use nmap's output: it does not say success";
  if (total !== asked) {
    const skipped = skippedTargets.length === 0 ? "" : `, skipped: ${skippedTargets.join(" ")}`;
    return `Cannot use nmap's output: ${
      total ?? "no"
    } addresses of ${asked} are accounted for${skipped}`;
  }
  if (strangers > 0) return `Cannot use nmap's output: ${strangers} hosts were not asked for`;
  return undefined;
}

function linesOf(text: string): string[] {
  return text.split(/[\r\n]+/).map((line) => line.trim()).filter((line) => line !== "");
}

function failure(type: FailureType, message: string): ScanFailure {
  return { type, message: oneLine(message) };
}
