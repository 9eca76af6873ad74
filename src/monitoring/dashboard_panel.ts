/** A query of a panel. */
export interface Query {
  readonly expr: string;
  /** Template of the name in the legend; absent for tables. */
  readonly legend?: string;
  /** Only what is so now, in the place of a course over time. */
  readonly instant?: boolean;
}

/** Grafana's names of the units that are used here. */
export type Unit =
  | "short"
  | "s"
  | "bytes"
  | "percentunit"
  | "reqps";

/** From which value on which colour; the first has no value. */
export interface Threshold {
  readonly color: string;
  readonly value: number | null;
}

/** A value that is shown as a text. */
export interface ValueText {
  readonly text: string;
  readonly color: string;
}

/** What panels have in common; places are on Grafana's grid of 24 columns. */
export interface PanelOptions {
  readonly title: string;
  readonly description: string;
  readonly queries: readonly Query[];
  readonly width: number;
  readonly height: number;
  readonly unit?: Unit;
  readonly thresholds?: readonly Threshold[];
  /** By value. */
  readonly texts?: Readonly<Record<string, ValueText>>;
}

/** A panel before it has a place. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  /** Everything but id and place, as Grafana stores it. */
  readonly model: Readonly<Record<string, unknown>>;
}

/** Panels under a heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** The data source that is chosen above the dashboard. */
export const DATASOURCE = { type: "prometheus", uid: "${datasource}" } as const;

/** `scrape_interval` of deploy/prometheus.yml: `$__rate_interval` follows from it, whatever the data source is set to. */
const SCRAPE_INTERVAL = "30s";

/**
 * Most points of a course. Grafana rounds its steps, to half as many points more, and Prometheus holds each
 * twice, 50 million samples in all unless told otherwise: that is enough for 100,000 series.
 */
const MAX_POINTS = 150;

const GREEN: readonly Threshold[] = [{ color: "green", value: null }];

/** One number, large. */
export function stat(options: PanelOptions & { readonly sparkline?: boolean }): Panel {
  return panel("stat", options, {
    options: {
      colorMode: options.thresholds === undefined && options.texts === undefined ? "none" : "value",
      graphMode: options.sparkline === true ? "area" : "none",
      justifyMode: "auto",
      orientation: "auto",
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
      textMode: "auto",
    },
  });
}

/** Courses over time; `stacked` for what adds up, `bars` for events. */
export function timeseries(
  options: PanelOptions & { readonly stacked?: boolean; readonly bars?: boolean },
): Panel {
  return panel("timeseries", options, {
    custom: {
      drawStyle: options.bars === true ? "bars" : "line",
      fillOpacity: options.bars === true ? 60 : options.stacked === true ? 30 : 10,
      lineWidth: 1,
      showPoints: "never",
      spanNulls: false,
      stacking: { group: "A", mode: options.stacked === true ? "normal" : "none" },
      ...(options.thresholds === undefined ? {} : { thresholdsStyle: { mode: "line" } }),
    },
    color: { mode: "palette-classic" },
    min: 0,
    options: {
      legend: { calcs: [], displayMode: "list", placement: "bottom", showLegend: true },
      tooltip: { mode: "multi", sort: "desc" },
    },
  });
}

/** A bar for each series, the longest first where the query sorts them. */
export function barGauge(options: PanelOptions & { readonly max?: number }): Panel {
  return panel("bargauge", options, {
    min: 0,
    ...(options.max === undefined ? {} : { max: options.max }),
    options: {
      displayMode: "basic",
      orientation: "horizontal",
      reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
      showUnfilled: true,
    },
  });
}

/** A line for each series, coloured by its state over time. */
export function stateTimeline(options: PanelOptions): Panel {
  return panel("state-timeline", options, {
    custom: { fillOpacity: 80, lineWidth: 0 },
    options: {
      alignValue: "left",
      legend: { displayMode: "list", placement: "bottom", showLegend: true },
      mergeValues: true,
      rowHeight: 0.9,
      showValue: "never",
      tooltip: { mode: "single", sort: "none" },
    },
  });
}

/** A column for each label that `columns` names, in its order and under its heading, and one for the value. */
export function table(
  options: PanelOptions & {
    readonly columns: Readonly<Record<string, string>>;
    /** Heading of the value; absent where it says nothing. */
    readonly value?: string;
    readonly sortBy?: string;
  },
): Panel {
  const shown = {
    ...options.columns,
    ...(options.value === undefined ? {} : { Value: options.value }),
  };
  const order = Object.keys(shown);
  return panel("table", options, {
    custom: { align: "auto", filterable: true },
    options: {
      cellHeight: "sm",
      showHeader: true,
      ...(options.sortBy === undefined
        ? {}
        : { sortBy: [{ desc: true, displayName: options.sortBy }] }),
    },
    transformations: [
      { id: "filterFieldsByName", options: { include: { names: order } } },
      {
        id: "organize",
        options: {
          excludeByName: {},
          indexByName: Object.fromEntries(order.map((name, index) => [name, index])),
          renameByName: shown,
        },
      },
    ],
  });
}

/** What a kind of panel adds. */
interface Kind {
  readonly custom?: unknown;
  readonly color?: unknown;
  readonly min?: number;
  readonly max?: number;
  readonly options: unknown;
  readonly transformations?: unknown;
}

function panel(type: string, options: PanelOptions, kind: Kind): Panel {
  const { title, description, width, height } = options;
  const { custom, color, min, max, transformations } = kind;
  return {
    width,
    height,
    model: {
      type,
      title,
      description,
      datasource: DATASOURCE,
      fieldConfig: {
        defaults: {
          ...(color === undefined ? { color: { mode: "thresholds" } } : { color }),
          ...(custom === undefined ? {} : { custom }),
          mappings: mappingsOf(options),
          ...(min === undefined ? {} : { min }),
          ...(max === undefined ? {} : { max }),
          thresholds: { mode: "absolute", steps: options.thresholds ?? GREEN },
          unit: options.unit ?? "short",
        },
        overrides: [],
      },
      ...(options.queries.some((query) => !isInstant(type, query))
        ? { maxDataPoints: MAX_POINTS }
        : {}),
      options: kind.options,
      targets: options.queries.map((query, index) => target(type, query, index)),
      ...(transformations === undefined ? {} : { transformations }),
    },
  };
}

function mappingsOf({ texts }: PanelOptions): unknown[] {
  if (texts === undefined) return [];
  const options = Object.fromEntries(
    Object.entries(texts).map(([value, text], index) => [value, { ...text, index }]),
  );
  return [{ type: "value", options }];
}

function isInstant(type: string, { instant }: Query): boolean {
  return instant === true || type === "table";
}

function target(type: string, query: Query, index: number): unknown {
  const { expr, legend } = query;
  const now = isInstant(type, query);
  return {
    datasource: DATASOURCE,
    editorMode: "code",
    expr,
    format: type === "table" ? "table" : "time_series",
    instant: now,
    range: !now,
    ...(now ? {} : { interval: SCRAPE_INTERVAL }),
    ...(legend === undefined ? {} : { legendFormat: legend }),
    refId: String.fromCharCode("A".charCodeAt(0) + index),
  };
}
