import { type ListPage, pageCount } from "./list_page.ts";
import { countText } from "./numbers.ts";
import { listHref, type ListName, PAGE_ROWS, type StatusQuery } from "./status_query.ts";
import { TROUBLE_WORDS } from "./trouble_words.ts";
import { shortened } from "./words.tsx";

/** Characters of a search that are repeated. */
const SEARCH_LENGTH = 60;

/** Which rows of a list these are, and links to the others; says what was searched and how to stop. */
export function Pager({ query, list, of, shown: { page, total, atLeast, rows } }: {
  query: StatusQuery;
  list: ListName;
  /** What the list holds, such as `hosts`. */
  of: string;
  shown: ListPage<unknown>;
}) {
  const { search, trouble } = query[list];
  const first = (page - 1) * PAGE_ROWS + 1;
  const last = first + rows.length - 1;
  const pages = pageCount(total);
  const hasMore = atLeast ? rows.length === PAGE_ROWS : page < pages;
  const to = (page: number) => listHref(query, list, { ...query[list], page });
  const all = `${atLeast ? "at least " : ""}${countText(total)}`;
  return (
    <div class="pager">
      <p>
        {rows.length === 0 ? `No ${of}` : `${rowsText(first, last)} of ${all} ${of}`}
        {trouble !== undefined && ` ${TROUBLE_WORDS[trouble].of}`}
        {search !== "" && (
          <>
            {" found for “"}
            <bdi>{shortened(search, SEARCH_LENGTH)}</bdi>”
          </>
        )}
        {(search !== "" || trouble !== undefined) && (
          <>
            {" "}
            <a href={listHref(query, list, { search: "", page: 1 })}>
              Show all<span class="hidden">{` ${of}`}</span>
            </a>
          </>
        )}
      </p>
      {(page > 1 || hasMore) && (
        <nav aria-label={`Pages of ${of}`}>
          {page > 2 && <a data-key="first" href={to(1)}>First</a>}
          {page > 1 && <a data-key="previous" href={to(page - 1)} rel="prev">Previous</a>}
          <span data-key="page">
            Page {countText(page)}
            {!atLeast && ` of ${countText(pages)}`}
          </span>
          {hasMore && <a data-key="next" href={to(page + 1)} rel="next">Next</a>}
          {!atLeast && page < pages - 1 && <a data-key="last" href={to(pages)}>Last</a>}
        </nav>
      )}
    </div>
  );
}

function rowsText(first: number, last: number): string {
  return first === last ? countText(first) : `${countText(first)}–${countText(last)}`;
}
