import type { Child } from "@hono/hono/jsx";
import { TARGET_TROUBLES } from "../overview/overview.ts";
import { type ListName, statusParameters, type StatusQuery } from "./status_query.ts";
import { TROUBLE_WORDS } from "./trouble_words.ts";

/** A form that searches one list and leaves the others as they are; `children` are more to choose from. */
export function SearchForm({ query, list, label, hint, children }: {
  query: StatusQuery;
  list: ListName;
  label: string;
  hint: string;
  children?: Child;
}) {
  const others = statusParameters({ ...query, [list]: { search: "", page: 1 } });
  const { search } = query[list];
  return (
    <form class="search" role="search" aria-label={label} action={`/#${list}`} method="get">
      {others.map(hiddenInput)}
      <label class="hidden" for={`${list}-search`}>{label}</label>
      <input
        type="search"
        id={`${list}-search`}
        name={list}
        value={search}
        placeholder={hint}
        maxlength={200}
        autocomplete="off"
      />
      {children}
      <button type="submit">Search</button>
    </form>
  );
}

/** Which targets are wanted by how they do, in the form that searches them. */
export function TroubleChoice({ query }: { query: StatusQuery }) {
  const { trouble } = query.targets;
  return (
    <select name="targets_state" aria-label="State of targets">
      <option value="">All</option>
      {TARGET_TROUBLES.map((each) => (
        <option value={each} selected={each === trouble}>{TROUBLE_WORDS[each].choice}</option>
      ))}
    </select>
  );
}

function hiddenInput([name, value]: readonly [string, string]) {
  return <input type="hidden" name={name} value={value} />;
}
