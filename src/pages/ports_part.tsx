import type { HostView, PortTimeline } from "../overview/overview.ts";
import { countOf } from "./numbers.ts";
import { Nothing } from "./panel.tsx";
import { Verdict } from "./port_verdict.tsx";
import { type Axis, AXIS_UNITS, axisOf, barsOf, type Stretch } from "./timeline.ts";
import { At, clockText, When } from "./when.tsx";

/** Stretches of time that are written out for a port. */
const STRETCHES_SHOWN = 3;

/** The ports of a host, each with the times in which it was open, drawn and in words. */
export function PortsPart({ host, now }: { host: HostView; now: number }) {
  const { ports, portsLeftOut } = host;
  if (ports.length === 0) return <Nothing>No port of this host was ever seen open.</Nothing>;
  const axis = axisOf(ports.flatMap(({ open }) => open.slice(0, 1)), now);
  const caption = "Ports and when they were open";
  return (
    <>
      <div class="scroll" role="region" aria-label={caption} tabindex={0}>
        <table class="timelines">
          <caption class="hidden">{caption}</caption>
          <thead>
            <tr>
              <th scope="col">Port</th>
              <th scope="col">State</th>
              <th scope="col">Policy</th>
              <th scope="col" class="axis">
                <span class="hidden">Timeline</span>
                <span class="ends">
                  <span>{clockText(axis.from).slice(0, 16)}</span>
                  <span>now</span>
                </span>
              </th>
              <th scope="col">Open</th>
              <th scope="col">Last seen open</th>
            </tr>
          </thead>
          <tbody>{ports.map((port) => rowOf(port, { axis, now }))}</tbody>
        </table>
      </div>
      {portsLeftOut > 0 && <p class="more">and {countOf(portsLeftOut, "more port")}</p>}
    </>
  );
}

function rowOf(
  { port, protocol, state, verdict, lastSeen, open }: PortTimeline,
  { axis, now }: { axis: Axis; now: number },
) {
  return (
    <tr data-key={`${port}/${protocol}`}>
      <th scope="row" class="mono">{port}/{protocol}</th>
      <td>
        <span class={`state ${state}`}>
          <span aria-hidden="true">{state === "open" ? "●" : "○"}</span> {state}
        </span>
      </td>
      <td>{state === "open" ? <Verdict verdict={verdict} /> : <span class="muted">–</span>}</td>
      <td class="axis">
        <Drawing open={open} axis={axis} unexpected={verdict === "unexpected"} />
      </td>
      <td>
        <Stretches open={open} />
      </td>
      <td>
        <When time={lastSeen} now={now} />
      </td>
    </tr>
  );
}

/** The words beside it say the same, so those who cannot see it miss nothing. */
function Drawing({ open, axis, unexpected }: {
  open: readonly Stretch[];
  axis: Axis;
  unexpected: boolean;
}) {
  const path = barsOf(open, axis).map(({ from, to }) => `M${from} 2H${to}V12H${from}Z`).join("");
  return (
    <svg
      class="timeline"
      viewBox={`0 0 ${AXIS_UNITS} 14`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <rect class="time" x="0" y="6" width={AXIS_UNITS} height="2" />
      <path class={unexpected ? "unexpected" : "open"} d={path} />
    </svg>
  );
}

function Stretches({ open }: { open: readonly Stretch[] }) {
  if (open.length === 0) return <span class="muted">not in the history that is kept</span>;
  const left = open.length - STRETCHES_SHOWN;
  return (
    <ul class="stretches">
      {open.slice(-STRETCHES_SHOWN).reverse().map(({ from, to }) => (
        <li>
          {to === undefined ? "since " : ""}
          <At time={from} />
          {to !== undefined && (
            <>
              {" to "}
              <At time={to} />
            </>
          )}
        </li>
      ))}
      {left > 0 && <li class="muted">and {countOf(left, "time")} before</li>}
    </ul>
  );
}
