import type { Overview } from "../overview/overview.ts";
import { ChangesPart } from "./changes_part.tsx";
import { HealthPart } from "./health_part.tsx";
import { HostsPart } from "./hosts_part.tsx";
import { type Frame, pageText } from "./layout.tsx";
import { listPage } from "./list_page.ts";
import type { LivePage } from "./live_part.ts";
import { Panel, partId } from "./panel.tsx";
import { RunningPart } from "./running_part.tsx";
import { SearchForm, TroubleChoice } from "./search_form.tsx";
import { statusParameters, type StatusQuery } from "./status_query.ts";
import { TargetsPart } from "./targets_part.tsx";
import { UpcomingPart } from "./upcoming_part.tsx";
import { ViolationsPart } from "./violations_part.tsx";

/** Rows of what is next and of what changed lately. */
const UPCOMING_SHOWN = 8;
const CHANGES_SHOWN = 15;

/** The panels of the status page, in their order. */
const PANELS = [
  "health",
  "running",
  "upcoming",
  "violations",
  "changes",
  "hosts",
  "targets",
] as const;

type PanelName = typeof PANELS[number];

/** What of the status page is renewed while it is open. */
export function liveStatus(overview: Overview, query: StatusQuery): LivePage {
  const render = statusRenderers(overview, query);
  const parameters = new URLSearchParams([["page", "status"], ...statusParameters(query)]);
  return {
    events: `/events?${parameters}`,
    parts: PANELS.map((name) => ({ id: partId(name), render: render[name] })),
  };
}

/** The status page: how the program is, what it does, what it found. */
export function statusPage(
  frame: Frame,
  { overview, query, now }: { overview: Overview; query: StatusQuery; now: number },
): string {
  const render = statusRenderers(overview, query);
  return pageText(frame, {
    title: "Status",
    now,
    events: liveStatus(overview, query).events,
    content: (
      <>
        <h1 class="hidden">Status of openport-exporter</h1>
        <Panel id="health" title="Health" wide html={render.health(now)} />
        <div class="column">
          <Panel id="running" title="Scanning now" html={render.running(now)} />
          <Panel
            id="violations"
            title="Policy violations"
            html={render.violations(now)}
            tools={
              <SearchForm
                query={query}
                list="violations"
                label="Search violations"
                hint="Address, port or target"
              />
            }
          />
        </div>
        <div class="column">
          <Panel id="upcoming" title="Next" html={render.upcoming(now)} />
          <Panel id="changes" title="Recent changes" html={render.changes(now)} />
        </div>
        <Panel
          id="hosts"
          title="Open ports"
          wide
          html={render.hosts(now)}
          tools={
            <SearchForm
              query={query}
              list="hosts"
              label="Search hosts"
              hint="Address, network, port or target"
            />
          }
        />
        <Panel
          id="targets"
          title="Targets"
          wide
          html={render.targets(now)}
          tools={
            <SearchForm
              query={query}
              list="targets"
              label="Search targets"
              hint="Name or address"
            >
              <TroubleChoice query={query} />
            </SearchForm>
          }
        />
      </>
    ),
  });
}

function statusRenderers(
  overview: Overview,
  query: StatusQuery,
): Readonly<Record<PanelName, (now: number) => string>> {
  return {
    health: (now) => String(<HealthPart status={overview.status()} now={now} />),
    running: (now) => String(<RunningPart running={overview.running()} now={now} />),
    upcoming: (now) =>
      String(<UpcomingPart upcoming={overview.upcoming(UPCOMING_SHOWN)} now={now} />),
    violations: () => {
      const shown = listPage((part) => overview.violations(part), query.violations);
      return String(<ViolationsPart shown={shown} query={query} />);
    },
    changes: (now) =>
      String(<ChangesPart changes={overview.changes({ limit: CHANGES_SHOWN })} now={now} />),
    hosts: (now) => {
      const shown = listPage((part) => overview.hosts(part), query.hosts);
      return String(<HostsPart shown={shown} query={query} now={now} />);
    },
    targets: (now) => {
      const shown = listPage((part) => overview.targets(part), query.targets);
      return String(<TargetsPart shown={shown} query={query} now={now} />);
    },
  };
}
