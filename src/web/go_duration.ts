/** Milliseconds of each unit of Go's durations. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = "(?:\\d{1,15}(?:\\.\\d{0,15})?|\\.\\d{1,15})(?:ns|us|µs|μs|ms|s|m|h)";
const DURATION = new RegExp(`^(?:${PART})+$`);

/** Milliseconds of a duration as Go writes it, such as `1s`, `1.5h` or `1m30s`; undefined for anything else. */
export function parseGoDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (!DURATION.test(text)) return undefined;
  let sum = 0;
  for (const [part] of text.matchAll(new RegExp(PART, "g"))) {
    const unit = /[^\d.]+$/.exec(part)![0];
    sum += Number(part.slice(0, -unit.length)) * UNITS[unit]!;
  }
  return sum;
}
