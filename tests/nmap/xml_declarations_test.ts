import assert from "node:assert/strict";
import {
  checkDeclaration,
  checkDoctype,
  resolveReference,
} from "../../src/nmap/xml_declarations.ts";

Deno.test("checkDeclaration() accepts XML 1.0 in UTF-8 only", () => {
  for (
    const text of [
      ' version="1.0"',
      "\n version = '1.0' ",
      ' version="1.0" encoding="utf-8"',
      ' version="1.0" encoding="US-ASCII" standalone="yes"',
      ' version="1.0" standalone="no"',
    ]
  ) checkDeclaration(text);
  for (
    const text of [
      "",
      "version='1.0'",
      " version='1.1'",
      " version='1.0\"",
      " encoding='UTF-8'",
      " version='1.0' encoding='UTF-16'",
      " version='1.0'encoding='UTF-8'",
      " version='1.0' standalone='no' encoding='UTF-8'",
      " version='1.0' standalone='maybe'",
    ]
  ) assert.throws(() => checkDeclaration(text), SyntaxError, text);
});

Deno.test("checkDoctype() accepts a name and where its DTD is", () => {
  for (
    const text of [" a", "\na ", " a SYSTEM ''", ' a SYSTEM ">"', " a PUBLIC '-//x' 'y'", " a:b"]
  ) checkDoctype(text);
  for (
    const text of [
      "",
      " ",
      "a",
      " 1",
      " a b",
      " a SYSTEM",
      " a SYSTEM x",
      " a PUBLIC 'x'",
      " a PUBLIC '^' 'x'",
      " a SYSTEM'x'",
    ]
  ) assert.throws(() => checkDoctype(text), SyntaxError, text);
});

Deno.test("resolveReference() knows five entities and characters by number", () => {
  const known = {
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    "#65": "A",
    "#x1f600": "\u{1f600}",
  };
  for (const [text, char] of Object.entries(known)) {
    assert.equal(resolveReference(text), char.codePointAt(0));
  }
  for (
    const text of [
      "",
      "nbsp",
      "AMP",
      "#",
      "#x",
      "#X41",
      "#0",
      "#xd800",
      "#xfffe",
      "#x110000",
      "#1a",
    ]
  ) assert.throws(() => resolveReference(text), SyntaxError, text);
  assert.throws(() => resolveReference(`#${"9".repeat(400)}`), SyntaxError);
  assert.equal(resolveReference(`#x${"0".repeat(400)}41`), 0x41);
});
