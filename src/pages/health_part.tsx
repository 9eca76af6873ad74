import { lengthText } from "./assets/ago.js";
import { escapeControls } from "../text/escape_controls.ts";
import type { StatusView } from "../overview/overview.ts";
import { countOf, countText } from "./numbers.ts";
import { troubleHref } from "./status_query.ts";
import { Tile } from "./tile.tsx";
import { When } from "./when.tsx";
import { shortened } from "./words.tsx";

/** Seconds of lateness that are nobody's business: workers come and go. */
const LATE_SECONDS = 60;
/** Reasons that are shown: without name service there is one for each host name. */
const REASONS_SHOWN = 10;
/** Characters that are shown of why a scan failed. */
const FAILURE_LENGTH = 80;

const VERDICTS = {
  "ok": { text: "Healthy", sign: "✓", detail: "The exporter works as it should." },
  "degraded": { text: "Degraded", sign: "!", detail: "" },
  "shutting down": { text: "Shutting down", sign: "■", detail: "No more scans are begun." },
} as const;

/** How the program is, and the numbers that answer most questions. */
export function HealthPart({ status, now }: { status: StatusView; now: number }) {
  const { text, sign, detail } = VERDICTS[status.status];
  return (
    <>
      <div class={`verdict ${status.status === "ok" ? "good" : "bad"}`}>
        <p class="verdict-word">
          <span class="sign" aria-hidden="true">{sign}</span> {text}
        </p>
        {status.reasons.length > 0 ? <Reasons reasons={status.reasons} /> : <p>{detail}</p>}
      </div>
      <dl class="tiles">
        <Tile name="Open ports" value={countText(status.openPorts)}>
          on {countOf(status.hostsWithOpenPorts, "host")}
        </Tile>
        <Tile
          name="Policy violations"
          value={status.violations === 0
            ? "0"
            : <a href="#violations">{countText(status.violations)}</a>}
          alarming={status.violations > 0}
        >
          {status.unknownPorts === 0
            ? "no port is in doubt"
            : `${countOf(status.unknownPorts, "port")} unknown`}
        </Tile>
        <Tile
          name="Scans"
          value={status.scansFailing === 0
            ? "none failing"
            : <a href={troubleHref("failing")}>{countText(status.scansFailing)} failing</a>}
          alarming={status.scansFailing > 0}
        >
          of {countText(status.scans)}
          {status.failure !== undefined && <>{": "}{shortened(status.failure, FAILURE_LENGTH)}</>}
        </Tile>
        <Tile name="Workers" value={`${countText(status.workersBusy)} busy`}>
          of {countText(status.workers)}
        </Tile>
        <Tile name="Queue" value={`${countText(status.queueSize)} waiting`}>
          of {countText(status.queueCapacity)} places
        </Tile>
        <Tile
          name="Schedule"
          value={status.lag < LATE_SECONDS ? "on time" : `${lengthText(status.lag * 1000)} late`}
        >
          {countOf(status.targets, "target")}
        </Tile>
        <Tile
          name="nmap"
          value={status.nmap === undefined ? "not usable" : status.nmap.version}
          alarming={status.nmap === undefined}
        >
          {status.nmap === undefined
            ? "nothing is scanned"
            : `${status.nmap.technique.replace("syn", "SYN")} scans`}
        </Tile>
        <Tile name="Running since" value={<When time={status.startedAt} now={now} />} />
      </dl>
    </>
  );
}

function reasonItem(reason: string) {
  return <li>{escapeControls(reason)}</li>;
}

function Reasons({ reasons }: { reasons: readonly string[] }) {
  const left = reasons.length - REASONS_SHOWN;
  return (
    <ul>
      {reasons.slice(0, REASONS_SHOWN).map(reasonItem)}
      {left > 0 && (
        <li>
          <a href="/healthz">and {countOf(left, "more reason")}</a>
        </li>
      )}
    </ul>
  );
}
