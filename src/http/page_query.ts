import * as z from "zod";
import type { StatusQuery } from "../pages/status_query.ts";
import { TARGET_TROUBLES, type TargetTrouble } from "../overview/overview.ts";
import { parsedText, parseFields, parseParameters } from "./api_parameters.ts";
import { HOST_PATH } from "./history_query.ts";
import { type Parameters, refuseOthers } from "./parameters.ts";

/** Most characters of a search, and the last page of a list that can be asked for. */
const MAX_SEARCH_LENGTH = 200;
const MAX_PAGE = 1_000_000;

const SEARCH = parsedText(readSearch).optional();
const PAGE = parsedText(readPage).optional();
const TROUBLE = parsedText(readTrouble).optional();

/** Parameters of the status page: a search and a page for each list. */
const STATUS_PARAMETERS = z.strictObject({
  violations: SEARCH,
  violations_page: PAGE,
  hosts: SEARCH,
  hosts_page: PAGE,
  targets: SEARCH,
  targets_page: PAGE,
  targets_state: TROUBLE,
});

/** A page whose changes are asked for; `ip` is canonical text. */
export type EventsQuery =
  | { readonly page: "status"; readonly query: StatusQuery }
  | { readonly page: "host"; readonly ip: string };

/**
 * Validates the parameters of the status page: `hosts` and `hosts_page`, and so on for each list, and `targets_state`.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseStatusQuery(parameters: Parameters): StatusQuery {
  const read = parseParameters(parameters, STATUS_PARAMETERS);
  return {
    violations: { search: read.violations ?? "", page: read.violations_page ?? 1 },
    hosts: { search: read.hosts ?? "", page: read.hosts_page ?? 1 },
    targets: {
      search: read.targets ?? "",
      page: read.targets_page ?? 1,
      trouble: read.targets_state,
    },
  };
}

/**
 * Validates the parameters of the events: `page`, which is `status` or `host`, and those of that page,
 * which for a host is `ip`.
 *
 * @throws {ParameterError} for the first one that cannot be used.
 */
export function parseEventsQuery(parameters: Parameters): EventsQuery {
  const { page: names = [], ...others } = Object.fromEntries(parameters);
  refuseOthers(new Map([["page", names]]), ["page"]);
  const { page = "status" } = parseFields({ page: names[0] }, PAGE_NAME);
  const rest = new Map(Object.entries(others));
  if (page === "status") return { page, query: parseStatusQuery(rest) };
  return { page, ip: parseParameters(rest, HOST_PATH).ip };
}

/**
 * Canonical text of the address in the path of a host's page.
 *
 * @throws {ParameterError} when it is none, or when there are parameters.
 */
export function parseHostPage(ip: string, parameters: Parameters): string {
  refuseOthers(parameters, []);
  return parseFields({ ip }, HOST_PATH).ip;
}

const PAGE_NAME = z.strictObject({
  page: z.enum(["status", "host"], "Cannot use it: write status or host").optional(),
});

function readSearch(text: string): string {
  if (text.length > MAX_SEARCH_LENGTH) {
    throw new RangeError(`Cannot search this: write at most ${MAX_SEARCH_LENGTH} characters`);
  }
  if (/\p{Cc}/u.test(text)) throw new SyntaxError("Cannot search for control characters");
  return text.trim();
}

/** Nothing is what a form sends when nothing is chosen. */
function readTrouble(text: string): TargetTrouble | undefined {
  const trouble = TARGET_TROUBLES.find((each) => each === text);
  if (trouble === undefined && text !== "") {
    throw new RangeError("Cannot use it: write failing, stale or violating");
  }
  return trouble;
}

function readPage(text: string): number {
  const page = /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 0;
  if (page < 1 || page > MAX_PAGE) {
    throw new RangeError(`Cannot use this page: write a whole number from 1 to ${MAX_PAGE}`);
  }
  return page;
}
