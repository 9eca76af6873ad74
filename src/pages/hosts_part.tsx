import type { HostRow, OpenPortView } from "../overview/overview.ts";
import type { ListPage } from "./list_page.ts";
import { countText } from "./numbers.ts";
import { Pager } from "./pager.tsx";
import { Nothing, Table } from "./panel.tsx";
import type { StatusQuery } from "./status_query.ts";
import { When } from "./when.tsx";
import { HostLink, TargetName } from "./words.tsx";

/** Ports of a host that are shown in its row. */
const PORTS_SHOWN = 20;

/** What is open where. */
export function HostsPart({ shown, query, now }: {
  shown: ListPage<HostRow>;
  query: StatusQuery;
  now: number;
}) {
  if (shown.rows.length === 0 && query.hosts.search === "") {
    return <Nothing>No open port is known.</Nothing>;
  }
  const heads = ["Host", { number: "Open" }, "Ports", "Target", "Last answer"];
  return (
    <>
      {shown.rows.length > 0 && (
        <Table caption="Hosts with open ports" heads={heads}>
          <tbody>
            {shown.rows.map(({ ip, name, openPorts, ports, lastSeen }) => (
              <tr data-key={ip}>
                <th scope="row">
                  <HostLink ip={ip} />
                </th>
                <td class="number">{countText(openPorts)}</td>
                <td>
                  <Ports ports={ports} total={openPorts} />
                </td>
                <td>
                  <TargetName name={name} />
                </td>
                <td>
                  <When time={lastSeen} now={now} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
      <Pager query={query} list="hosts" of="hosts" shown={shown} />
    </>
  );
}

function Ports({ ports, total }: { ports: readonly OpenPortView[]; total: number }) {
  const shown = ports.slice(0, PORTS_SHOWN);
  const rest = total - shown.length;
  return (
    <ul class="ports">
      {shown.map(({ port, protocol, verdict }) => (
        verdict === "unexpected"
          ? <li class="mark unexpected">{port}/{protocol} unexpected</li>
          : <li>{port}/{protocol}</li>
      ))}
      {rest > 0 && <li class="muted">and {countText(rest)} more</li>}
    </ul>
  );
}
