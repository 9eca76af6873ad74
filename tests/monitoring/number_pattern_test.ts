import assert from "node:assert/strict";
import fc from "fast-check";
import { numberPattern } from "../../src/monitoring/number_pattern.ts";

Deno.test("numberPattern() is short", () => {
  const cases: [low: number, high: number, base: 10 | 16, pattern: string][] = [
    [7, 7, 10, "7"],
    [0, 9, 10, "[0-9]"],
    [0, 255, 10, "(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"],
    [16, 31, 10, "(?:1[6-9]|2[0-9]|3[0-1])"],
    [0, 15, 16, "[0-9a-f]"],
    [1, 65535, 16, "(?:[1-9a-f]|[1-9a-f][0-9a-f]|[1-9a-f][0-9a-f]{2}|[1-9a-f][0-9a-f]{3})"],
  ];
  for (const [low, high, base, pattern] of cases) {
    assert.equal(numberPattern(low, high, base), pattern);
  }
});

Deno.test("numberPattern() matches the numbers of its range and no others", () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.nat(70_000), fc.nat(70_000)),
      fc.array(fc.nat(70_000), { minLength: 50, maxLength: 50 }),
      fc.constantFrom(10 as const, 16 as const),
      ([one, other], numbers, base) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const pattern = new RegExp(`^(?:${numberPattern(low, high, base)})$`);
        for (const number of [...numbers, low - 1, low, low + 1, high - 1, high, high + 1]) {
          if (number < 0) continue;
          const text = number.toString(base);
          assert.equal(pattern.test(text), low <= number && number <= high, `${pattern} ${text}`);
          assert.ok(!pattern.test(`0${text}`), `${pattern} 0${text}`);
        }
      },
    ),
  );
});
