import { agoText } from "./assets/ago.js";

/** As far from 1970 as a date can be, in milliseconds (ECMA-262, "Time Values and Time Range"). */
const LAST_TIME = 8.64e15;

/** RFC 3339 in UTC, to the second; undefined for what is no time. */
export function isoText(time: number): string | undefined {
  if (!(Math.abs(time) <= LAST_TIME)) return undefined;
  return `${new Date(time).toISOString().replace(/\.\d+Z$/, "")}Z`;
}

/** Date and time in UTC as a person reads it: `2026-01-31 12:00:00`. */
export function clockText(time: number): string {
  return isoText(time)?.replace("T", " ").replace("Z", "") ?? "unknown";
}

/** A time, how long ago it was first; the script keeps that current. */
export function When({ time, now }: { time: number | undefined; now: number }) {
  const iso = time === undefined ? undefined : isoText(time);
  if (time === undefined || iso === undefined) return <span class="muted">never</span>;
  return (
    <time datetime={iso}>
      <span class="ago">{agoText(time, now)}</span> <span class="at">{clockText(time)}</span>
    </time>
  );
}

/** A time without how long ago it was. */
export function At({ time }: { time: number }) {
  return <time class="mono" datetime={isoText(time)}>{clockText(time)}</time>;
}
