import type { ChangeRow } from "../overview/overview.ts";
import { Nothing, Table } from "./panel.tsx";
import { When } from "./when.tsx";
import { HostLink, TargetName } from "./words.tsx";

/** Ports that opened and closed lately; `ofHost` leaves out whose they are. */
export function ChangesPart({ changes, now, ofHost = false }: {
  changes: readonly ChangeRow[];
  now: number;
  ofHost?: boolean;
}) {
  if (changes.length === 0) return <Nothing>No port was seen to open or close yet.</Nothing>;
  const heads = ofHost ? ["Port", "Change", "When"] : ["Port", "Change", "When", "Target"];
  return (
    <Table caption="Ports that opened or closed, newest first" heads={heads}>
      <tbody>
        {changes.map(({ time, ip, port, protocol, to, name }) => (
          <tr data-key={`${time} ${ip} ${port} ${protocol} ${to}`}>
            <th scope="row">
              {!ofHost && (
                <>
                  <HostLink ip={ip} />
                  {" "}
                </>
              )}
              <span class="mono">{port}/{protocol}</span>
            </th>
            <td>
              <Turn to={to} />
            </td>
            <td>
              <When time={time} now={now} />
            </td>
            {!ofHost && (
              <td>
                <TargetName name={name} />
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

function Turn({ to }: { to: ChangeRow["to"] }) {
  return to === "open"
    ? (
      <span class="turn opened">
        <span aria-hidden="true">▲</span> opened
      </span>
    )
    : (
      <span class="turn closed">
        <span aria-hidden="true">▽</span> closed
      </span>
    );
}
