import { DATASOURCE } from "./dashboard_panel.ts";

/** Matchers of what is chosen above the dashboard. */
export const OF = 'job=~"$job",instance=~"$instance"';

/** A metric of the exporters that are chosen, and of the targets or addresses. */
export function chosen(
  metric: string,
  by: "target" | "ip",
  { matchers = "" }: { readonly matchers?: string } = {},
): string {
  return `${metric}{${[OF, `${by}=~"$${by}"`, ...(matchers === "" ? [] : [matchers])].join(",")}}`;
}

/** The variables, the data source first. */
export function dashboardVariables(): unknown[] {
  return [
    {
      current: {},
      hide: 0,
      includeAll: false,
      label: "Data source",
      multi: false,
      name: "datasource",
      options: [],
      query: "prometheus",
      refresh: 1,
      regex: "",
      skipUrlSync: false,
      type: "datasource",
    },
    queryVariable("job", "Job", "label_values(openport_exporter_build_info, job)"),
    queryVariable(
      "instance",
      "Exporter",
      'label_values(openport_exporter_build_info{job=~"$job"}, instance)',
    ),
    queryVariable("target", "Target", `label_values(scans_successful_total{${OF}}, target)`),
    queryVariable("ip", "Address", `label_values(open_ports_total{${OF}}, ip)`),
  ];
}

function queryVariable(name: string, label: string, query: string): unknown {
  return {
    // Not a list of all values: there may be 100,000, and series without the label are meant too.
    allValue: ".*",
    current: { selected: true, text: ["All"], value: ["$__all"] },
    datasource: DATASOURCE,
    definition: query,
    hide: 0,
    includeAll: true,
    label,
    multi: true,
    name,
    options: [],
    query: { query, refId: `variable-${name}` },
    refresh: 2,
    regex: "",
    skipUrlSync: false,
    sort: 3,
    type: "query",
  };
}
