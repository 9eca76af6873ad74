import type { TargetTrouble } from "../overview/overview.ts";

/** The lists of the status page that can be searched, by the name of their request parameter. */
const LISTS = ["violations", "hosts", "targets"] as const;

/** Which list. */
export type ListName = typeof LISTS[number];

/** What is wanted of a list. */
export interface ListState {
  /** The empty text finds everything. */
  readonly search: string;
  /** From 1 on. */
  readonly page: number;
  /** Of targets alone: only those that have it. */
  readonly trouble?: TargetTrouble | undefined;
}

/** What is wanted of the status page. */
export type StatusQuery = Readonly<Record<ListName, ListState>>;

/** Rows of a page of a list. */
export const PAGE_ROWS = 25;

/** The request parameters of a query, without those that say nothing; equal for equal queries. */
export function statusParameters(query: StatusQuery): [name: string, value: string][] {
  const parameters: [string, string][] = [];
  for (const list of LISTS) {
    const { search, page, trouble } = query[list];
    if (search !== "") parameters.push([list, search]);
    if (trouble !== undefined) parameters.push([`${list}_state`, trouble]);
    if (page > 1) parameters.push([`${list}_page`, String(page)]);
  }
  return parameters;
}

/** Path, query and place of the status page with one of its lists as `state` wants it. */
export function listHref(query: StatusQuery, list: ListName, state: ListState): string {
  const parameters = new URLSearchParams(statusParameters({ ...query, [list]: state }));
  return `/${parameters.size > 0 ? "?" : ""}${parameters}#${list}`;
}

/** Path, query and place of the status page with those targets alone that have a trouble. */
export function troubleHref(trouble: TargetTrouble): string {
  return `/?targets_state=${trouble}#targets`;
}
