import { type ListName, statusParameters, type StatusQuery } from "./status_query.ts";

/** A form that searches one list and leaves the others as they are. */
export function SearchForm({ query, list, label, hint }: {
  query: StatusQuery;
  list: ListName;
  label: string;
  hint: string;
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
      <button type="submit">Search</button>
    </form>
  );
}

function hiddenInput([name, value]: readonly [string, string]) {
  return <input type="hidden" name={name} value={value} />;
}
