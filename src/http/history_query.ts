import { parseAddress } from "../domain/address.ts";
import type { HostQuery } from "../state/host_view.ts";
import type { ChangeQuery } from "../state/saved_state.ts";
import { type Parameters, readParameter, refuseOthers } from "./parameters.ts";

/** Most entries of one answer. */
export const MAX_LIMIT = 10_000;
/** Entries of an answer when no `limit` is given. */
export const DEFAULT_LIMIT = 100;

/** RFC 3339, section 5.6; seconds of 60 are left out, for a clock of ours never shows them. */
const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d{1,9})?)([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
/** As far as a date can be written with a year of four digits, and too short for milliseconds. */
const UNIX_SECONDS = /^\d{1,11}(?:\.\d{1,9})?$/;

/**
 * Validates the parameters of `/v1/changes`: `since`, `limit` and `ip`.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseChangeQuery(parameters: Parameters): ChangeQuery {
  refuseOthers(parameters, ["since", "limit", "ip"]);
  const since = readParameter(parameters, "since", readTime);
  const address = readParameter(parameters, "ip", readAddress);
  return {
    ...(since !== undefined && { since }),
    ...(address !== undefined && { address }),
    limit: readParameter(parameters, "limit", readLimit) ?? DEFAULT_LIMIT,
  };
}

/**
 * Validates the parameters of `/v1/hosts`: `open`, `limit` and `after`.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseHostQuery(parameters: Parameters): HostQuery {
  refuseOthers(parameters, ["open", "limit", "after"]);
  return {
    open: readParameter(parameters, "open", readTruth),
    limit: readParameter(parameters, "limit", readLimit) ?? DEFAULT_LIMIT,
    after: readParameter(parameters, "after", readAddress),
  };
}

/**
 * Canonical text of an address in any form that `parseAddress` takes.
 *
 * @throws {SyntaxError} that says what is allowed.
 */
export function readAddress(text: string): string {
  return parseAddress(text).text;
}

/** Unix milliseconds. */
function readTime(text: string): number {
  if (UNIX_SECONDS.test(text)) return Math.round(Number(text) * 1000);
  const [, date, hours, minutes, seconds, zone] = DATE_TIME.exec(text) ?? [];
  const time = Date.parse(`${date}T${hours}:${minutes}:${seconds}${zone?.toUpperCase()}`);
  // The platform takes the 30th of February for the 1st of March.
  const isDate = date !== undefined && dayOf(Date.parse(`${date}T00:00:00Z`)) === date;
  if (!isDate || Number.isNaN(time)) {
    throw new SyntaxError(
      "Cannot read a time here: write unix seconds, or RFC 3339 such as 2026-01-31T12:00:00Z (a + as %2B)",
    );
  }
  return time;
}

function dayOf(time: number): string | undefined {
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().slice(0, 10);
}

function readLimit(text: string): number {
  const limit = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new RangeError(`Cannot use this limit: write a whole number from 1 to ${MAX_LIMIT}`);
  }
  return limit;
}

function readTruth(text: string): boolean {
  if (text === "true" || text === "false") return text === "true";
  throw new SyntaxError("Cannot use it: write true or false");
}
