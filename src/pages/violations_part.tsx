import type { ViolationRow } from "../overview/overview.ts";
import type { ListPage } from "./list_page.ts";
import { Pager } from "./pager.tsx";
import { Nothing, Table } from "./panel.tsx";
import type { StatusQuery } from "./status_query.ts";
import { HostLink, Name } from "./words.tsx";

const KINDS = {
  unexpected: { class: "unexpected", text: "open, but not allowed" },
  missing: { class: "missing", text: "expected, but not open" },
} as const;

/** Ports that deviate from what the policy says. */
export function ViolationsPart({ shown, query }: {
  shown: ListPage<ViolationRow>;
  query: StatusQuery;
}) {
  if (shown.rows.length === 0 && query.violations.search === "") {
    return <Nothing>No port is known to violate the policy.</Nothing>;
  }
  return (
    <>
      {shown.rows.length > 0 && (
        <Table caption="Ports that violate the policy" heads={["Port", "Violation", "Target"]}>
          <tbody>
            {shown.rows.map(({ name, ip, port, protocol, kind }) => (
              <tr data-key={`${name} ${ip} ${port} ${protocol}`}>
                <th scope="row">
                  <HostLink ip={ip} /> <span class="mono">{port}/{protocol}</span>
                </th>
                <td>
                  <span class={`mark ${KINDS[kind].class}`}>{KINDS[kind].text}</span>
                </td>
                <td>
                  <Name text={name} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <Pager query={query} list="violations" of="violations" shown={shown} />
    </>
  );
}
