import type { Config } from "../config/config.ts";
import type { Panel, Row } from "./dashboard_panel.ts";
import { dashboardVariables } from "./dashboard_variables.ts";
import { exporterRow, glanceRow } from "./exporter_rows.ts";
import { changeRow, policyRow, portRow } from "./port_rows.ts";
import { scanClasses } from "./scan_classes.ts";
import { freshnessRow, queueRow, scanRow } from "./scan_rows.ts";

/** Columns of Grafana's grid. */
const COLUMNS = 24;
/** Of Grafana 9; later ones bring it up to their own. */
const SCHEMA_VERSION = 37;

/** A Grafana dashboard that matches a configuration, as JSON to import. */
export function dashboardJson(config: Config): string {
  return `${JSON.stringify(dashboard(config), null, 2)}\n`;
}

function dashboard(config: Config): unknown {
  const classes = scanClasses(config);
  const rows = [
    glanceRow(classes),
    portRow(),
    changeRow(),
    policyRow(),
    freshnessRow(classes),
    scanRow(config.scanning),
    queueRow(),
    exporterRow(),
  ];
  return {
    annotations: { list: [] },
    description: "Open ports, what changed, what deviates from policy, and how the scans do.",
    editable: true,
    fiscalYearStartMonth: 0,
    graphTooltip: 1,
    id: null,
    links: [],
    liveNow: false,
    panels: placed(rows),
    refresh: "1m",
    schemaVersion: SCHEMA_VERSION,
    style: "dark",
    tags: ["openport-exporter", "nmap", "security"],
    templating: { list: dashboardVariables() },
    time: { from: "now-6h", to: "now" },
    timepicker: {},
    timezone: "",
    title: "Open ports",
    uid: "openport-exporter",
    version: 1,
    weekStart: "",
  };
}

/** Puts rows one below the other, and the panels of each side by side as far as they fit. */
function placed(rows: readonly Row[]): unknown[] {
  const all: unknown[] = [];
  let y = 0;
  const add = (model: Readonly<Record<string, unknown>>, gridPos: unknown) =>
    all.push({ id: all.length + 1, gridPos, ...model });
  for (const { title, panels } of rows) {
    add({ type: "row", title, collapsed: false, panels: [] }, { h: 1, w: COLUMNS, x: 0, y });
    y++;
    for (const line of lines(panels)) {
      let x = 0;
      for (const { width, height, model } of line) {
        add(model, { h: height, w: width, x, y });
        x += width;
      }
      y += Math.max(...line.map(({ height }) => height));
    }
  }
  return all;
}

function lines(panels: readonly Panel[]): Panel[][] {
  const found: Panel[][] = [];
  let room = 0;
  for (const panel of panels) {
    if (panel.width > room) {
      found.push([]);
      room = COLUMNS;
    }
    found.at(-1)!.push(panel);
    room -= panel.width;
  }
  return found;
}
