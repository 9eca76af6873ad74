/** Mean of some numbers; NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The smallest value that at least `share` of the values do not exceed; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

/** Seconds for a person, with three digits: `8.31 s`, `12.4 min`, `3.50 h`. */
export function secondsText(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-";
  if (seconds < 100) return `${seconds.toPrecision(3)} s`;
  if (seconds < 6000) return `${(seconds / 60).toPrecision(3)} min`;
  return `${(seconds / 3600).toPrecision(3)} h`;
}

/** Lowest and highest of some ratios: `5.1..5.4`. */
export function rangeOf(ratios: readonly number[]): string {
  const text = (ratio: number) => ratio.toPrecision(ratio < 1 ? 2 : 3);
  return `${text(Math.min(...ratios))}..${text(Math.max(...ratios))}`;
}

/** A table in Markdown, padded so that it reads in a terminal as well; the first column to the left. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((c, i) => i === 0 ? c.padEnd(widths[i]!) : c.padStart(widths[i]!)).join(" | ")} |`;
  const rule = `|${
    widths.map((width, i) => "-".repeat(width + 1) + (i === 0 ? "-" : ":")).join("|")
  }|`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}
