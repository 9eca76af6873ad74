import { parseAccept } from "@hono/hono/utils/accept";
import type { Format } from "../prometheus/text_format.ts";

/** Media ranges that ask for each format, with the versions that satisfy them ("" is no version at all). */
const OFFERS: readonly { format: Format; type: string; versions: readonly string[] }[] = [
  { format: "text", type: "text/plain", versions: ["", "0.0.4"] },
  { format: "openmetrics", type: "application/openmetrics-text", versions: ["", "1.0.0"] },
];

/**
 * The format that an `Accept` header prefers, by q-value, then by precision, then text before OpenMetrics
 * (RFC 9110, section 12.5.1). What asks for neither gets text, because a scrape should not fail for it.
 */
export function negotiateFormat(accept: string | undefined): Format {
  const ranges = parseAccept(accept ?? "*/*").map(({ type, params, q }) => ({
    type: type.toLowerCase(),
    version: Object.entries(params).find(([name]) => name.toLowerCase() === "version")?.[1] ?? "",
    q,
  }));
  const scores = OFFERS.map(({ format, type, versions }) => {
    const matching = ranges.flatMap((range) => {
      const precision = precisionOf(range.type, type);
      const exact = precision === 2;
      if (precision < 0 || (exact && !versions.includes(range.version))) return [];
      return [{ precision, q: range.q }];
    });
    // The most precise range decides, even when it refuses with q=0.
    const precision = Math.max(-1, ...matching.map((match) => match.precision));
    const q = Math.max(0, ...matching.filter((m) => m.precision === precision).map((m) => m.q));
    return { format, precision, q };
  });
  const best = scores.reduce((a, b) =>
    b.q > a.q || (b.q === a.q && b.precision > a.precision) ? b : a
  );
  return best.q > 0 ? best.format : "text";
}

/** 2 for the type itself, 1 for `text/*`, 0 for every type, -1 for no match. */
function precisionOf(range: string, type: string): number {
  if (range === type) return 2;
  if (range === `${type.split("/")[0]}/*`) return 1;
  return range === "*/*" ? 0 : -1;
}

/** Whether an `Accept-Encoding` header allows gzip and does not prefer the page as it is (RFC 9110, section 12.5.3). */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  const codings = parseAccept(acceptEncoding ?? "")
    .map(({ type, q }) => [type.toLowerCase(), q] as const);
  const quality = (name: string) => codings.find(([coding]) => coding === name)?.[1];
  const gzip = quality("gzip") ?? quality("x-gzip") ?? quality("*") ?? 0;
  return gzip > 0 && gzip >= (quality("identity") ?? 0);
}
