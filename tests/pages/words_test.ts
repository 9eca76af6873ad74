import assert from "node:assert/strict";
import { shortened } from "../../src/pages/words.tsx";

Deno.test("shortened() cuts by characters and leaves nothing invisible", () => {
  const f = (text: string, length: number, expected: string) =>
    assert.equal(shortened(text, length), expected);
  f("", 3, "");
  f("abc", 3, "abc");
  f("abcd", 3, "ab…");
  f("😀😀😀", 3, "😀😀😀");
  f("😀😀😀😀", 3, "😀😀…");
  f("a".repeat(100_000), 3, "aa…");
  f("a\u202eb", 9, "a\\u202eb");
  f("a\0\nb", 9, "a\\u0000\\u000ab");
  f("\ud800", 9, "\ufffd");
});
