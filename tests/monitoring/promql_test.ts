import assert from "node:assert/strict";
import fc from "fast-check";
import { literalPattern, promDuration, promString } from "../../src/monitoring/promql.ts";

Deno.test("promString() escapes what PromQL, YAML or a reader could stumble over", () => {
  const cases: [text: string, quoted: string][] = [
    ["web", '"web"'],
    ['a "b" \\ c', '"a \\"b\\" \\\\ c"'],
    ["{{ .Value }} $1", '"{{ .Value }} $1"'],
    ["日本", '"日本"'],
    ["a\nb\u2028\ufeff\u202e", '"a\\u000ab\\u2028\\ufeff\\u202e"'],
    ["\u{1f600}", '"\\U0001f600"'],
    ["\ud800", '"\\ufffd"'],
  ];
  for (const [text, quoted] of cases) assert.equal(promString(text), quoted);
});

Deno.test("literalPattern() matches its text alone", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), fc.string(), (text, other) => {
      const pattern = new RegExp(`^(?:${literalPattern(text)})$`);
      assert.ok(pattern.test(text));
      assert.equal(pattern.test(other), text === other);
    }),
  );
});

Deno.test("promDuration() writes the largest unit that fits", () => {
  const cases = { 0: "0s", 1: "1s", 90: "90s", 120: "2m", 840: "14m", 3600: "1h", 172_800: "2d" };
  for (const [seconds, text] of Object.entries(cases)) {
    assert.equal(promDuration(Number(seconds)), text);
  }
});
