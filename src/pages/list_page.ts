import type { Part, TargetQuery } from "../overview/overview.ts";
import { type ListState, PAGE_ROWS } from "./status_query.ts";

/** A page of a list. */
export interface ListPage<T> extends Part<T> {
  /** The page that this is, from 1 on: the last one when one was wanted that is not there. */
  readonly page: number;
}

/** Reads a page of a list; what shrank meanwhile has a last page, not an empty one. */
export function listPage<T>(read: (query: TargetQuery) => Part<T>, state: ListState): ListPage<T> {
  const { search, trouble } = state;
  const at = (page: number) => ({
    ...read({ search, trouble, offset: (page - 1) * PAGE_ROWS, limit: PAGE_ROWS }),
    page,
  });
  const wanted = at(state.page);
  if (wanted.rows.length > 0 || wanted.page === 1) return wanted;
  return at(Math.max(1, Math.min(wanted.page - 1, pageCount(wanted.total))));
}

/** Pages that `total` rows take, at least 1. */
export function pageCount(total: number): number {
  return Math.max(1, Math.ceil(total / PAGE_ROWS));
}
