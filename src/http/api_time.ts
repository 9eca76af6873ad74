/** RFC 3339 in UTC, to the millisecond; `time` is in unix milliseconds. */
export function timeText(time: number): string {
  return new Date(time).toISOString();
}
