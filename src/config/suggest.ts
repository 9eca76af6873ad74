import { distance } from "fastest-levenshtein";

/** The keys of every mapping, by its path; the root's path is the empty text. */
export type KnownKeys = ReadonlyMap<string, readonly string[]>;

/**
 * Says what was probably meant by an unknown key of `section`: a key of the same name elsewhere, a
 * near miss or a longer name here, a near miss elsewhere; else lists what is allowed here.
 */
export function explainUnknownKey(key: string, section: string, known: KnownKeys): string {
  const wanted = normalize(key);
  const here = known.get(section) ?? [];
  const meant = nearest(wanted, here, 0) ?? elsewhere(wanted, section, known, 0) ??
    nearest(wanted, here, tolerance(wanted)) ?? onlyOneWith(wanted, here) ??
    // Short names are near to too many others to be worth a guess in another section.
    (wanted.length < 6 ? undefined : elsewhere(wanted, section, known, tolerance(wanted)));
  if (meant !== undefined) return `did you mean "${meant}"?`;
  return `allowed: ${here.join(", ")}`;
}

/** `portRange` and `port-range` are ways to write `port_range`. */
function normalize(key: string): string {
  return key.slice(0, 100).trim().replace(/([a-z])([A-Z])/g, "$1_$2").replaceAll("-", "_")
    .toLowerCase();
}

function tolerance(key: string): number {
  return Math.max(1, Math.floor(key.length / 3));
}

function nearest(
  wanted: string,
  candidates: readonly string[],
  limit: number,
): string | undefined {
  let best: string | undefined;
  let bestEdits = limit + 1;
  for (const candidate of candidates) {
    const edits = countEdits(wanted, candidate);
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

/** `workers` is part of one key only, `worker_count`; `rate` is part of several and suggests none. */
function onlyOneWith(wanted: string, candidates: readonly string[]): string | undefined {
  const part = wanted.replace(/s$/, "");
  if (part.length < 3) return undefined;
  const found = candidates.filter((candidate) => candidate.includes(part));
  return found.length === 1 ? found[0] : undefined;
}

/** Levenshtein distance, but letters in the wrong order (`prot`) count as one edit. */
function countEdits(a: string, b: string): number {
  const edits = distance(a, b);
  return edits === 2 && a.length === b.length && sortLetters(a) === sortLetters(b) ? 1 : edits;
}

function sortLetters(text: string): string {
  return [...text].sort().join("");
}

function elsewhere(
  wanted: string,
  section: string,
  known: KnownKeys,
  limit: number,
): string | undefined {
  for (const [path, keys] of known) {
    if (path === section) continue;
    const key = nearest(wanted, keys, limit);
    if (key !== undefined) return path === "" ? key : `${path}.${key}`;
  }
  return undefined;
}
