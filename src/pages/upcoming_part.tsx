import type { UpcomingView } from "../overview/overview.ts";
import { Nothing, Table } from "./panel.tsx";
import { When } from "./when.tsx";
import { Name, Scanned } from "./words.tsx";

/** Milliseconds that a scan may be late before that is mentioned. */
const LATE_MS = 5000;

/** What is scanned next. */
export function UpcomingPart({ upcoming, now }: {
  upcoming: readonly UpcomingView[];
  now: number;
}) {
  if (upcoming.length === 0) return <Nothing>No scan is planned.</Nothing>;
  return (
    <Table caption="Scans that come next" heads={["Due", "Target", "Ports"]}>
      <tbody>
        {upcoming.map(({ network, name, portRange, protocol, dueAt }) => (
          <tr data-key={`${network} ${portRange} ${protocol} ${dueAt === undefined}`}>
            <td>
              {dueAt === undefined ? "waiting" : (
                <>
                  <When time={dueAt} now={now} />{" "}
                  {dueAt < now - LATE_MS && <span class="mark warning">late</span>}
                </>
              )}
            </td>
            <th scope="row">
              <Target network={network} name={name} />
            </th>
            <td>
              <Scanned portRange={portRange} protocol={protocol} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** The name, and the network unless that is what the name says. */
function Target({ network, name }: Pick<UpcomingView, "network" | "name">) {
  if (name === network || network === `${name}/32` || network === `${name}/128`) {
    return <Name text={name ?? network} />;
  }
  return (
    <>
      {name === undefined ? "requested" : <Name text={name} />}
      <span class="note mono">{network}</span>
    </>
  );
}
