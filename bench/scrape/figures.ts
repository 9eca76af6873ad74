/** The value below which a part `q` (0 to 1) of the values lies; 0 without values. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(q * (sorted.length - 1))] ?? 0;
}

/** The value in the middle. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The largest value; 0 without values. */
export function largest(values: readonly number[]): number {
  return values.reduce((max, value) => Math.max(max, value), 0);
}

/** A number for people: with thousands separators, and a decimal where it is small. */
export function number(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** `median (min..max, x max/min)`. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "";
  const [low, high] = [quantile(values, 0), quantile(values, 1)];
  return `${number(median(values))} (${number(low)}..${number(high)}, x${(high / low).toFixed(1)})`;
}

/** p50, p99 and the largest of milliseconds. */
export function percentiles(values: readonly number[]): string {
  const at = (q: number) => quantile(values, q).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms (${values.length} samples)`;
}

/** Rows as lines with columns of equal width, the first row being the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd()
  ).join("\n");
}

/** Milliseconds of a loop that is the same every time: what the machine is worth at this moment. */
export function calibrate(): number {
  const began = performance.now();
  let x = 1;
  for (let i = 0; i < 50_000_000; i++) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
  return performance.now() - began + (x === 0 ? 1 : 0);
}
