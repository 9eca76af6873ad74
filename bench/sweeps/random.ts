/** A source of numbers in [0, 1) that repeats itself for the same seed. */
export type Random = () => number;

/** A seeded generator (sfc32 by Chris Doty-Humphrey, public domain). */
export function seededRandom(seed: number): Random {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, seed | 0];
  const next = () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  for (let i = 0; i < 16; i++) next();
  return next;
}

/** A time to wait, in the unit of `mean`, exponentially distributed. */
export function exponential(random: Random, mean: number): number {
  return -Math.log(1 - random()) * mean;
}

/** A number in [0, 1) that depends on nothing but `parts` (MurmurHash3's mixing steps, public domain). */
export function hashed(...parts: number[]): number {
  let h = 0x2545f491;
  for (const part of parts) {
    // A scan's number may need more than 32 bits.
    for (const word of [part | 0, Math.floor(part / 0x1_0000_0000) | 0]) {
      let k = Math.imul(word, 0xcc9e2d51);
      k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
      h ^= k;
      h = Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64 | 0;
    }
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000;
}
