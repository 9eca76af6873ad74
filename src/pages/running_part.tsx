import type { RunningView } from "../overview/overview.ts";
import { countOf, percentOf } from "./numbers.ts";
import { Nothing, Table } from "./panel.tsx";
import { When } from "./when.tsx";
import { Name, Scanned } from "./words.tsx";

/** Scans that are shown; there may be a thousand workers. */
const SHOWN = 20;
/** Milliseconds to which an expected end is rounded up, so that a guess does not keep moving. */
const END_STEP_MS = 5000;

/** What is being scanned now, and how far. */
export function RunningPart({ running, now }: { running: readonly RunningView[]; now: number }) {
  if (running.length === 0) return <Nothing>Nothing is being scanned at the moment.</Nothing>;
  return (
    <>
      <Table caption="Scans that are running" heads={["Scan", "Progress", "Expected end"]}>
        <tbody>{running.slice(0, SHOWN).map((scan) => rowOf(scan, now))}</tbody>
      </Table>
      {running.length > SHOWN && (
        <p class="more">and {countOf(running.length - SHOWN, "more scan")}</p>
      )}
    </>
  );
}

function rowOf(scan: RunningView, now: number) {
  const { network, portRange, protocol, name, startedAt, addresses, fraction, endsAt } = scan;
  const percent = percentOf(fraction);
  return (
    <tr data-key={`${network} ${portRange} ${protocol}`}>
      <th scope="row">
        <span class="mono">{network}</span> <Scanned portRange={portRange} protocol={protocol} />
        <span class="note">
          {name === undefined ? "requested" : <Name text={name} />}
          {", "}
          {countOf(addresses, "address", "addresses")}
          {", began "}
          <When time={startedAt} now={now} />
        </span>
      </th>
      <td class="bar">
        <progress max={100} value={percent} aria-label={`Progress of ${network} ${protocol}`} />
        <span class="percent">{percent} %</span>
      </td>
      <td>
        {endsAt === undefined
          ? <span class="muted">not known yet</span>
          : <When time={Math.ceil(endsAt / END_STEP_MS) * END_STEP_MS} now={now} />}
      </td>
    </tr>
  );
}
