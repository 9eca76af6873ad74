import type { HostView, Overview } from "../overview/overview.ts";
import { ChangesPart } from "./changes_part.tsx";
import { type Frame, pageText } from "./layout.tsx";
import type { LivePage } from "./live_part.ts";
import { countText } from "./numbers.ts";
import { Nothing, Panel, partId } from "./panel.tsx";
import { PortsPart } from "./ports_part.tsx";
import { Tile } from "./tile.tsx";
import { When } from "./when.tsx";
import { Name } from "./words.tsx";

/** Ports that are expected and not open, as many as are shown. */
const MISSING_SHOWN = 200;

const PANELS = ["summary", "ports", "changes"] as const;

type PanelName = typeof PANELS[number];

/** What of a host's page is renewed while it is open; `ip` is canonical text. */
export function liveHost(overview: Overview, ip: string): LivePage {
  return {
    events: hostEvents(ip),
    parts: PANELS.map((name) => ({
      id: partId(name),
      render(now) {
        const host = overview.host(ip);
        return host === undefined
          ? String(<Nothing>Nothing is known of this host any more.</Nothing>)
          : RENDERERS[name](host, now);
      },
    })),
  };
}

/** All that is known of one host. */
export function hostPage(frame: Frame, { host, now }: { host: HostView; now: number }): string {
  const html = (name: PanelName) => RENDERERS[name](host, now);
  return pageText(frame, {
    title: host.ip,
    now,
    events: hostEvents(host.ip),
    content: (
      <>
        <div class="title wide">
          <h1 class="mono">{host.ip}</h1>
          <ul class="links">
            <li>
              <a href="/#hosts">All hosts</a>
            </li>
            <li>
              <a href={`/v1/hosts/${host.ip}`}>This host as JSON</a>
            </li>
            <li>
              <a href={`/v1/changes?ip=${encodeURIComponent(host.ip)}`}>Its changes as JSON</a>
            </li>
          </ul>
        </div>
        <Panel id="summary" title="Summary" wide html={html("summary")} />
        <Panel id="ports" title="Ports over time" wide html={html("ports")} />
        <Panel id="changes" title="Changes" wide html={html("changes")} />
      </>
    ),
  });
}

const RENDERERS: Readonly<Record<PanelName, (host: HostView, now: number) => string>> = {
  summary: (host, now) => String(<Summary host={host} now={now} />),
  ports: (host, now) => String(<PortsPart host={host} now={now} />),
  changes: (host, now) => String(<ChangesPart changes={host.changes} now={now} ofHost />),
};

function Summary({ host, now }: { host: HostView; now: number }) {
  const { openPorts, names, missing, firstSeen, lastSeen } = host;
  const rest = missing.length - MISSING_SHOWN;
  return (
    <>
      <dl class="tiles">
        <Tile name="Open ports" value={countText(openPorts)} />
        <Tile
          name="Expected, but not open"
          value={countText(missing.length)}
          alarming={missing.length > 0}
        />
        <Tile name="Last answer" value={<When time={lastSeen} now={now} />} />
        <Tile name="First answer" value={<When time={firstSeen} now={now} />} />
        <Tile
          name="Targets"
          value={names.length === 0 ? "none" : names.map((name, index) => (
            <>
              {index > 0 && ", "}
              <Name text={name} />
            </>
          ))}
        />
      </dl>
      {missing.length > 0 && (
        <div class="missing-ports">
          <h3>Expected, but not open</h3>
          <ul class="ports">
            {missing.slice(0, MISSING_SHOWN).map(({ port, protocol }) => (
              <li class="mark missing">{port}/{protocol}</li>
            ))}
            {rest > 0 && <li class="muted">and {countText(rest)} more</li>}
          </ul>
        </div>
      )}
    </>
  );
}

function hostEvents(ip: string): string {
  return `/events?${new URLSearchParams({ page: "host", ip })}`;
}
