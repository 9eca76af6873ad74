/** A stretch of time, unix milliseconds; the end of one that lasts is undefined. */
export interface Stretch {
  readonly from: number;
  readonly to: number | undefined;
}

/** The time that a drawing covers, unix milliseconds. */
export interface Axis {
  readonly from: number;
  readonly to: number;
}

/** Units from the left to the right end of a drawing. */
export const AXIS_UNITS = 1000;

const SECOND = 1000;
const HOUR = 3600 * SECOND;
/** Least time that is drawn, units that the least stretch takes, and steps in which time is drawn. */
const LEAST_SPAN = HOUR;
const LEAST_UNITS = 5;
const STEPS = [10, 60, 300, 900, 3600, 6 * 3600, 86_400, 7 * 86_400].map((step) => step * SECOND);

/** Covers all of `stretches` until now; moves on in steps, so that a drawing seldom becomes another one. */
export function axisOf(stretches: Iterable<Stretch>, now: number): Axis {
  let first = now - LEAST_SPAN;
  for (const { from } of stretches) first = Math.min(first, from);
  const fine = (now - first) / (AXIS_UNITS / 4);
  const step = STEPS.find((step) => step >= fine) ?? STEPS.at(-1)!;
  return { from: Math.floor(first / step) * step, to: Math.ceil(now / step) * step };
}

/** Where stretches are on an axis, in units, those that touch taken together; none is too short to be seen. */
export function barsOf(stretches: readonly Stretch[], axis: Axis): { from: number; to: number }[] {
  const unitOf = (time: number) =>
    Math.round(
      Math.min(1, Math.max(0, (time - axis.from) / (axis.to - axis.from))) * AXIS_UNITS,
    );
  const bars: { from: number; to: number }[] = [];
  for (const { from, to } of stretches) {
    const begin = Math.min(unitOf(from), AXIS_UNITS - LEAST_UNITS);
    const end = Math.max(unitOf(to ?? axis.to), begin + LEAST_UNITS);
    const last = bars.at(-1);
    if (last !== undefined && begin <= last.to + 1) last.to = Math.max(last.to, end);
    else bars.push({ from: begin, to: end });
  }
  return bars;
}
