import assert from "node:assert/strict";
import { CharBuffer } from "../../src/nmap/char_buffer.ts";

Deno.test("CharBuffer gives what was pushed since it was last taken, of any length", () => {
  const buffer = new CharBuffer();
  assert.equal(buffer.take(), "");
  for (const text of ["a", "é\u{1f600}z", "ab\u{10ffff}".repeat(5000), ""]) {
    for (const char of text) buffer.push(char.codePointAt(0)!);
    assert.equal(buffer.take(), text);
  }
});
