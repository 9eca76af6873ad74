/** Longest duration that is accepted, in seconds: ten years, far from where timers and nmap overflow. */
export const MAX_SECONDS = 315_360_000;
/** Longest duration in milliseconds that is accepted: one day. */
export const MAX_MILLISECONDS = 86_400_000;

const SECONDS_TEXT = /^(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?$/;
const MILLISECONDS_TEXT = /^(?:(\d{1,9})s)?(?:(\d{1,9})ms)?$/;

/** Seconds in text such as `90s`, `15m`, `6h`, `1d` or `1h30m`; undefined when it is something else. */
export function parseSeconds(text: string): number | undefined {
  return weigh(SECONDS_TEXT.exec(text), [86_400, 3600, 60, 1]);
}

/** Milliseconds in text such as `150ms`, `1s` or `1s500ms`; undefined when it is something else. */
export function parseMilliseconds(text: string): number | undefined {
  return weigh(MILLISECONDS_TEXT.exec(text), [1000, 1]);
}

function weigh(match: RegExpExecArray | null, weights: readonly number[]): number | undefined {
  if (match === null || match[0] === "") return undefined;
  return weights.reduce((sum, weight, i) => sum + weight * Number(match[i + 1] ?? 0), 0);
}
