import * as z from "zod";
import { parseAddress } from "../domain/address.ts";
import type { HostQuery } from "../state/host_view.ts";
import type { ChangeQuery } from "../state/saved_state.ts";
import { limitParameter, parsedText, parseParameters, truthParameter } from "./api_parameters.ts";
import type { Parameters } from "./parameters.ts";

/** Entries of an answer when no `limit` is given. */
const DEFAULT_LIMIT = 100;

/** RFC 3339, section 5.6; seconds of 60 are left out, for a clock of ours never shows them. */
const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d(?:\.\d{1,9})?)([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
/** As far as a date can be written with a year of four digits, and too short for milliseconds. */
const UNIX_SECONDS = /^\d{1,11}(?:\.\d{1,9})?$/;

/** Parameters of `/v1/changes`. */
export const CHANGE_PARAMETERS = z.strictObject({
  since: parsedText(readTime, {
    description: "Changes at this time and later: RFC 3339, or unix seconds",
    examples: ["2026-01-31T12:00:00Z", "1769860800"],
  }).optional(),
  limit: limitParameter(DEFAULT_LIMIT),
  ip: parsedText(readAddress, {
    description: "Changes of this IPv4 or IPv6 address only",
    examples: ["192.0.2.1"],
  }).optional(),
});

/** Parameters of `/v1/hosts`. */
export const HOST_PARAMETERS = z.strictObject({
  open: truthParameter().meta({
    description: "Only hosts with (true), or without (false), an open port",
  }).optional(),
  limit: limitParameter(DEFAULT_LIMIT),
  after: parsedText(readAddress, {
    description: "Hosts whose address is above this one: what `next` of the last answer said",
    examples: ["192.0.2.1"],
  }).optional(),
});

/** Parameters in the path of `/v1/hosts/{ip}`. */
export const HOST_PATH = z.strictObject({
  ip: parsedText(readAddress, {
    description: "An IPv4 or IPv6 address, in any form",
    examples: ["192.0.2.1", "2001:db8::1"],
  }),
});

/**
 * Validates the parameters of `/v1/changes`: `since`, `limit` and `ip`.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseChangeQuery(parameters: Parameters): ChangeQuery {
  const { since, limit = DEFAULT_LIMIT, ip } = parseParameters(parameters, CHANGE_PARAMETERS);
  return {
    ...(since !== undefined && { since }),
    ...(ip !== undefined && { address: ip }),
    limit,
  };
}

/**
 * Validates the parameters of `/v1/hosts`: `open`, `limit` and `after`.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseHostQuery(parameters: Parameters): HostQuery {
  const { open, limit = DEFAULT_LIMIT, after } = parseParameters(parameters, HOST_PARAMETERS);
  return { open, limit, after };
}

/**
 * Canonical text of an address in any form that `parseAddress` takes.
 *
 * @throws {SyntaxError} that says what is allowed.
 */
function readAddress(text: string): string {
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
