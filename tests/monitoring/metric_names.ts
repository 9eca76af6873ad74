import { makeSmallWorld } from "../metrics/builders.ts";

const KEYWORDS = new Set(["and", "or", "unless", "on", "by", "without", "offset", "group_left"]
  .concat(["group_right", "ignoring", "bool"]));
/** What Prometheus adds itself. */
const OF_PROMETHEUS = ["up", "scrape_duration_seconds", "scrape_samples_scraped", "ALERTS"];

/** Metrics that an expression reads. */
export function metricsIn(expr: string): string[] {
  const bare = expr
    .replace(/#.*$/gm, "")
    .replace(/"(?:[^"\\]|\\.)*"/g, "")
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\boffset\s+\S+/g, "")
    .replace(/\b(?:on|by|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, "");
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\w|\s*\()/g)].map(([name]) => name)
    .filter((name) => !KEYWORDS.has(name));
}

/** Every name that the program, or Prometheus for it, has samples of. */
export function knownMetrics(): Set<string> {
  const names = makeSmallWorld().families.flatMap(({ name, type }) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name]
  );
  return new Set([...names, ...OF_PROMETHEUS]);
}

/** Labels that an expression matches, groups by or joins on. */
export function labelsIn(expr: string): string[] {
  const bare = expr.replace(/#.*$/gm, "").replace(/"(?:[^"\\]|\\.)*"/g, '""');
  const matched = [...bare.matchAll(/\{([^}]*)\}/g)].flatMap(([, matchers]) =>
    matchers!.split(",").map((matcher) => matcher.replace(/[=!].*$/, "").trim())
  );
  const grouped = [...bare.matchAll(/\b(?:on|by|group_left|group_right)\s*\(([^)]*)\)/g)]
    .flatMap(([, labels]) => labels!.split(",").map((label) => label.trim()));
  return [...matched, ...grouped].filter((label) => label !== "");
}

/** Every label that some family of the program has, or that Prometheus or an expression adds. */
export function knownLabels(): Set<string> {
  const labels = makeSmallWorld().families.flatMap(({ labelNames }) => labelNames);
  return new Set([...labels, "job", "instance", "le", "alertname", "alertstate", "block", "nmap"]);
}
