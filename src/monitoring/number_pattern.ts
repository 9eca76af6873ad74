/** What digits may stand at one place: a class, or one of them. */
function digitClass(low: number, high: number): string {
  const [first, last] = [low.toString(16), high.toString(16)];
  if (low === high) return first;
  if (high <= 9 || low > 9) return `[${first}-${last}]`;
  const numbers = low === 9 ? "9" : `${first}-9`;
  return `[${numbers}${high === 10 ? "a" : `a-${last}`}]`;
}

function repeated(pattern: string, times: number): string {
  return times === 0 ? "" : times === 1 ? pattern : `${pattern}{${times}}`;
}

/** Alternatives for the numbers between two of as many digits. */
function ofLength(low: readonly number[], high: readonly number[], base: number): string[] {
  const [lowest, ...lowRest] = low;
  const [highest, ...highRest] = high;
  if (lowest === undefined || highest === undefined) return [""];
  const any = digitClass(0, base - 1);
  const fromZero = lowRest.every((digit) => digit === 0);
  const toEnd = highRest.every((digit) => digit === base - 1);
  if (lowest === highest) {
    return fromZero && toEnd
      ? [digitClass(lowest, lowest) + repeated(any, lowRest.length)]
      : ofLength(lowRest, highRest, base).map((rest) => digitClass(lowest, lowest) + rest);
  }
  const alternatives: string[] = [];
  if (!fromZero) {
    const end = lowRest.map(() => base - 1);
    alternatives.push(
      ...ofLength(lowRest, end, base).map((rest) => digitClass(lowest, lowest) + rest),
    );
  }
  const [from, to] = [fromZero ? lowest : lowest + 1, toEnd ? highest : highest - 1];
  if (from <= to) alternatives.push(digitClass(from, to) + repeated(any, lowRest.length));
  if (!toEnd) {
    const start = highRest.map(() => 0);
    alternatives.push(
      ...ofLength(start, highRest, base).map((rest) => digitClass(highest, highest) + rest),
    );
  }
  return alternatives;
}

function digitsOf(value: number, base: number): number[] {
  return [...value.toString(base)].map((digit) => parseInt(digit, base));
}

/**
 * An RE2 expression for the numbers from `low` to `high` (0 or more, both in it), written without leading
 * zeros in base 10 or in lower-case base 16.
 */
export function numberPattern(low: number, high: number, base: 10 | 16): string {
  const alternatives: string[] = [];
  for (let from = low; from <= high;) {
    const digits = digitsOf(from, base);
    const to = Math.min(high, base ** digits.length - 1);
    alternatives.push(...ofLength(digits, digitsOf(to, base), base));
    from = to + 1;
  }
  return alternatives.length === 1 ? alternatives[0]! : `(?:${alternatives.join("|")})`;
}
