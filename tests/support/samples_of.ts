/**
 * What a family has on a page: the values of the given labels joined by blanks, to the value, in order of
 * the page. Labels whose values have quotes are not read.
 */
export function samplesOf(
  samples: ReadonlyMap<string, number>,
  family: string,
  ...labels: readonly string[]
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [sample, value] of samples) {
    if (sample.split("{", 1)[0] !== family) continue;
    const key = labels.map((label) => new RegExp(`[{,]${label}="([^"]*)"`).exec(sample)?.[1] ?? "");
    found[key.join(" ")] = value;
  }
  return found;
}
