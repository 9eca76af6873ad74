/** What a dashboard asks a data source for. */
export interface PanelQuery {
  /** Title of the panel and letter of the query. */
  readonly from: string;
  readonly expr: string;
  readonly instant: boolean;
}

// deno-lint-ignore no-explicit-any
type Json = any;

/** The queries of all panels of a dashboard, in order. */
export function panelQueries(dashboard: Json): PanelQuery[] {
  return dashboard.panels.flatMap((panel: Json) =>
    (panel.targets ?? []).map((target: Json) => ({
      from: `${panel.title} ${target.refId}`,
      expr: target.expr,
      instant: target.instant,
    }))
  );
}

/**
 * A query with its variables replaced, as Grafana does: `$name`, `${name}` and `[[name]]`.
 *
 * @throws {RangeError} on a variable that is not in `values`.
 */
export function interpolated(query: string, values: Readonly<Record<string, string>>): string {
  return query.replace(/\$(\w+)|\$\{(\w+)(?::\w+)?\}|\[\[(\w+)(?::\w+)?\]\]/g, (text, ...names) => {
    const name = names.slice(0, 3).find((each) => each !== undefined) as string;
    // A reference to a group in a pattern is none of Grafana's.
    if (/^\d+$/.test(name)) return text;
    const value = values[name];
    if (value === undefined) {
      throw new RangeError(`Cannot replace ${text}: there is no such variable`);
    }
    return value;
  });
}
