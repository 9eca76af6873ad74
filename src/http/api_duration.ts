/** Seconds of each unit; text without one is seconds. */
const SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 };

/**
 * Seconds in a duration as people and Go write it: `90`, `30m`, `1m30s`, `1.5h`, `1d`; rounded up to
 * whole seconds.
 *
 * @throws {SyntaxError} when it is none, {RangeError} when it is not 1 to `max` seconds.
 */
export function parseTimeout(text: string, { max }: { max: number }): number {
  const parts = /^\d{1,9}$/.test(text)
    ? [[text, text, "s"]]
    : /^(?:\d{1,9}(?:\.\d{1,9})?(?:ms|[dhms]))+$/.test(text)
    ? [...text.matchAll(/(\d+(?:\.\d+)?)(ms|[dhms])/g)]
    : undefined;
  if (parts === undefined) {
    throw new SyntaxError(
      "Cannot read a duration here: write seconds, or text such as 30m or 1m30s",
    );
  }
  const seconds = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * SECONDS[unit!]!,
    0,
  );
  // What cannot be written in binary is no reason to add a second.
  const whole = Math.ceil(Number(seconds.toFixed(6)));
  if (whole < 1 || whole > max) {
    throw new RangeError(`Cannot use ${text}: write 1 s to ${max} s`);
  }
  return whole;
}
