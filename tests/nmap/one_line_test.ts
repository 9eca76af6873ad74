import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_MESSAGE, oneLine } from "../../src/nmap/one_line.ts";

Deno.test("oneLine() escapes what could end or disguise a line", () => {
  assert.equal(oneLine("plain é 漢"), "plain é 漢");
  assert.equal(oneLine("a\nb\r\u001b[31m\u0000"), "a\\u{a}b\\u{d}\\u{1b}[31m\\u{0}");
  assert.equal(oneLine("a\u2028b\u202ec"), "a\\u{2028}b\\u{202e}c");
});

Deno.test("oneLine() keeps any text printable, well-formed and short", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 1000 }), (text) => {
    const line = oneLine(text);
    assert.ok(line.length <= MAX_MESSAGE);
    assert.ok(line.isWellFormed());
    assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029]/u);
  }));
});
