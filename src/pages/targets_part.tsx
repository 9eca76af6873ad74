import { lengthText } from "./assets/ago.js";
import type { ScheduleView, TargetRow } from "../overview/overview.ts";
import type { ListPage } from "./list_page.ts";
import { countOf, countText } from "./numbers.ts";
import { Pager } from "./pager.tsx";
import { Nothing, Table } from "./panel.tsx";
import type { StatusQuery } from "./status_query.ts";
import { When } from "./when.tsx";
import { Name, Scanned, shortened } from "./words.tsx";

/** Addresses of a target, and schedules, that are shown. */
const TEXTS_SHOWN = 3;
const SCHEDULES_SHOWN = 8;

const HEADS = ["Target", "Ports", "Every", "Last scan", "Complete since", "Next", "State"];

/** What is scanned, when it last was and when it is next. */
export function TargetsPart({ shown, query, now }: {
  shown: ListPage<TargetRow>;
  query: StatusQuery;
  now: number;
}) {
  if (
    shown.rows.length === 0 && query.targets.search === "" && query.targets.trouble === undefined
  ) {
    return <Nothing>There are no targets: scans are made on request only.</Nothing>;
  }
  return (
    <>
      {shown.rows.length > 0 && (
        <Table caption="Targets and their scans" heads={HEADS}>
          {shown.rows.map((target) => groupOf(target, now))}
        </Table>
      )}
      <Pager query={query} list="targets" of="targets" shown={shown} />
    </>
  );
}

/** One group of rows, a row for each schedule. */
function groupOf({ name, texts, violations, schedules }: TargetRow, now: number) {
  const shown = schedules.slice(0, SCHEDULES_SHOWN);
  const left = schedules.length - shown.length;
  const rows = Math.max(1, shown.length) + (left > 0 ? 1 : 0);
  const head = (
    <th scope="rowgroup" rowspan={rows}>
      <Name text={name} />
      <Written name={name} texts={texts} />
      {violations > 0 && <span class="mark unexpected">{countOf(violations, "violation")}</span>}
    </th>
  );
  return (
    <tbody data-key={name}>
      {shown.length === 0 && (
        <tr>
          {head}
          <td colspan={HEADS.length - 1} class="muted">not scanned on a schedule</td>
        </tr>
      )}
      {shown.map((schedule, index) => (
        <tr>
          {index === 0 && head}
          <Schedule schedule={schedule} now={now} />
        </tr>
      ))}
      {left > 0 && (
        <tr>
          <td colspan={HEADS.length - 1} class="muted">and {countText(left)} more schedules</td>
        </tr>
      )}
    </tbody>
  );
}

/** The addresses as written, unless they are all that the name says. */
function Written({ name, texts }: { name: string; texts: readonly string[] }) {
  if (texts.length === 1 && texts[0] === name) return undefined;
  const rest = texts.length - TEXTS_SHOWN;
  return (
    <span class="note mono">
      <bdi>{texts.slice(0, TEXTS_SHOWN).map((text) => shortened(text, 50)).join(", ")}</bdi>
      {rest > 0 && ` and ${countText(rest)} more`}
    </span>
  );
}

function Schedule({ schedule, now }: { schedule: ScheduleView; now: number }) {
  const { portRange, protocol, interval, completeSince, lastEndAt } = schedule;
  return (
    <>
      <td>
        <Scanned portRange={portRange} protocol={protocol} />
      </td>
      <td class="nowrap">{lengthText(interval * 1000)}</td>
      <td>
        <When time={lastEndAt} now={now} />
      </td>
      <td>
        <When time={completeSince} now={now} />
      </td>
      <td>
        <Next schedule={schedule} now={now} />
      </td>
      <td>
        <State schedule={schedule} />
      </td>
    </>
  );
}

function Next({ schedule, now }: { schedule: ScheduleView; now: number }) {
  const { isUnderWay, nextAt, units } = schedule;
  if (isUnderWay) return "under way";
  if (nextAt === undefined) {
    return <span class="muted">{units === 0 ? "not planned" : "once its name resolves"}</span>;
  }
  return <When time={nextAt} now={now} />;
}

function State({ schedule }: { schedule: ScheduleView }) {
  const { units, unitsNeverScanned, unitsFailing, failure, isStale } = schedule;
  const parts = units === 1 ? "" : ` ${countText(unitsFailing)} of ${countText(units)} parts`;
  if (unitsFailing > 0) {
    return (
      <span class="mark warning failing">
        failing{parts}
        {failure !== undefined && `: ${shortened(failure, 60)}`}
      </span>
    );
  }
  if (units === 0) return <span class="muted">excluded</span>;
  if (unitsNeverScanned === units) return <span class="muted">not scanned yet</span>;
  if (unitsNeverScanned > 0) {
    return (
      <span class="muted">
        {countText(unitsNeverScanned)} of {countText(units)} parts not scanned yet
      </span>
    );
  }
  if (isStale) return <span class="mark warning">not complete lately</span>;
  return <span class="mark expected">ok</span>;
}
