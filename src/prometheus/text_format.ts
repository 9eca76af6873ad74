import { counterBaseName, type MetricType } from "./names.ts";

/** The exposition formats: Prometheus text 0.0.4 and OpenMetrics 1.0.0. */
export type Format = "text" | "openmetrics";

/** Value of the header `Content-Type` for each format, as Prometheus names them when it asks. */
export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** Last line of an OpenMetrics page. */
export const OPENMETRICS_END = "# EOF\n";

/** A sample value: `NaN`, `+Inf`, `-Inf`, or the shortest decimal text that reads back as the same number. */
export function formatNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/**
 * A bucket bound as it stands in the label `le`: `1` in text, the canonical `1.0` in OpenMetrics,
 * where 1e6 and more, and less than 1e-4, take an exponent of two digits (`1e+06`), as Go prints them.
 */
export function formatBound(bound: number, format: Format): string {
  if (format === "text" || !Number.isFinite(bound)) return formatNumber(bound);
  const [mantissa, exponent] = bound.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 6) {
    return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  return Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };
// Surrogates take the slow way too: lone ones have no UTF-8, and two of them would become one label value.
const LABEL_SPECIAL = /[\\\n"\ud800-\udfff]/;

/** A label value as it stands between quotes; lone surrogates become U+FFFD. */
export function escapeLabelValue(value: string): string {
  if (!LABEL_SPECIAL.test(value)) return value;
  return value.toWellFormed().replace(/[\\\n"]/g, (char) => ESCAPES[char]!);
}

/** A help text as it stands behind `# HELP`; only OpenMetrics escapes quotes there. */
export function escapeHelp(help: string, format: Format): string {
  return help.replace(format === "text" ? /[\\\n]/g : /[\\\n"]/g, (char) => ESCAPES[char]!);
}

/** The lines `# HELP` and `# TYPE` of a family; OpenMetrics names a counter there without `_total`. */
export function headerLines(
  { name, help, type }: { name: string; help: string; type: MetricType },
  format: Format,
): string {
  const family = format === "openmetrics" && type === "counter" ? counterBaseName(name) : name;
  return `# HELP ${family} ${escapeHelp(help, format)}\n# TYPE ${family} ${type}\n`;
}

/** One sample line; `labels` is encoded text such as `ip="127.0.0.1"`, empty for none. */
export function sampleLine(name: string, labels: string, value: number): string {
  return labels === ""
    ? `${name} ${formatNumber(value)}\n`
    : `${name}{${labels}} ${formatNumber(value)}\n`;
}
