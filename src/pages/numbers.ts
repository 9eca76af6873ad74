const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** A whole number with its thousands apart: `12,345`. */
export function countText(count: number): string {
  return GROUPED.format(count);
}

/** A count with its noun, in the plural unless there is exactly one: `1 port`, `12,345 ports`. */
export function countOf(count: number, noun: string, nouns = `${noun}s`): string {
  return `${countText(count)} ${count === 1 ? noun : nouns}`;
}

/** Whole percent that are surely reached, 0 to 100, of a fraction that may be anything. */
export function percentOf(fraction: number): number {
  return Math.floor(Math.min(1, Math.max(0, Number.isNaN(fraction) ? 0 : fraction)) * 100);
}
