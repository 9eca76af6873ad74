/** The kinds of families that can be exposed. */
export type MetricType = "counter" | "gauge" | "histogram";

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** What the name of every counter ends in, because OpenMetrics requires it of a counter's samples. */
const COUNTER_SUFFIX = "_total";

/**
 * Checks the name of a metric family: letters, digits, `_` and `:`, no digit first, and for a
 * counter `_total` last.
 *
 * @throws {TypeError} that says what is allowed.
 */
export function checkMetricName(name: string, type: MetricType): void {
  if (!METRIC_NAME.test(name)) {
    throw new TypeError(
      `Cannot make metric ${
        JSON.stringify(name)
      }: a name has letters, digits, "_" and ":", and no digit first`,
    );
  }
  if (type !== "counter") return;
  if (!name.endsWith(COUNTER_SUFFIX) || name === COUNTER_SUFFIX) {
    throw new TypeError(
      `Cannot make counter "${name}": the name of a counter ends in "${COUNTER_SUFFIX}"`,
    );
  }
}

/**
 * Checks the label names of the family `metric`: letters, digits and `_`, no digit first, not
 * `__` first, each once, and no `le` on a histogram, which writes that label itself.
 *
 * @throws {TypeError} that names the metric and the label and says what is allowed.
 */
export function checkLabelNames(
  labelNames: readonly string[],
  metric: { name: string; type: MetricType },
): void {
  const seen = new Set<string>();
  for (const label of labelNames) {
    const problem = labelProblem(label, metric.type) ??
      (seen.has(label) ? "a label is named once" : undefined);
    if (problem !== undefined) {
      throw new TypeError(
        `Cannot make metric "${metric.name}" with label ${JSON.stringify(label)}: ${problem}`,
      );
    }
    seen.add(label);
  }
}

function labelProblem(label: string, type: MetricType): string | undefined {
  if (!LABEL_NAME.test(label)) {
    return `a label name has letters, digits and "_", and no digit first`;
  }
  if (label.startsWith("__")) return `names that begin with "__" belong to Prometheus`;
  if (label === "le" && type === "histogram") return `a histogram writes "le" itself`;
  return undefined;
}

/**
 * Every name that a family takes on a page of either format, as family or as sample: no other
 * family may take any of them. `_created` is not written but read as ours by OpenMetrics parsers.
 */
export function namesTaken({ name, type }: { name: string; type: MetricType }): string[] {
  switch (type) {
    case "gauge":
      return [name];
    case "counter": {
      const base = counterBaseName(name);
      return [name, base, `${base}_created`];
    }
    case "histogram":
      return [name, `${name}_bucket`, `${name}_sum`, `${name}_count`, `${name}_created`];
  }
}

/** Name of a counter's family in OpenMetrics: its sample name without `_total`. */
export function counterBaseName(name: string): string {
  return name.slice(0, -COUNTER_SUFFIX.length);
}
