import type { Metric } from "../../src/prometheus/metric.ts";
import type { Format } from "../../src/prometheus/text_format.ts";

/** All that `metric` writes, without HELP and TYPE. */
export function samplesOf(metric: Metric, format: Format = "text"): string {
  let text = "";
  metric.write({
    write: (lines) => void (text += lines),
    page: (page) => void (text += new TextDecoder().decode(page.text)),
  }, format);
  return text;
}
