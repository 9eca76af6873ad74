import assert from "node:assert/strict";
import fc from "fast-check";
import { Utf8Decoder } from "../../src/nmap/utf8_decoder.ts";

/** The text that bytes stand for; undefined where they are not UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  const decoder = new Utf8Decoder();
  let text = "";
  try {
    for (const byte of bytes) {
      const code = decoder.push(byte);
      if (code >= 0) text += String.fromCodePoint(code);
    }
    decoder.end();
    return text;
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return undefined;
  }
}

function decodeByPlatform(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

Deno.test("Utf8Decoder reads every character at the ends of what takes as many bytes", () => {
  for (
    const code of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfeff, 0xffff, 0x10000, 0x10ffff]
  ) {
    const text = String.fromCodePoint(code);
    assert.equal(decode(new TextEncoder().encode(text)), text);
  }
});

Deno.test("Utf8Decoder judges any bytes as the platform's decoder does", () => {
  const byte = fc.oneof(
    fc.nat(255),
    fc.constantFrom(0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x7f, 0x80, 0x8f, 0x90),
    fc.constantFrom(0x9f, 0xa0, 0xbf),
  );
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 6 }), (all) => {
      const bytes = Uint8Array.from(all);
      assert.equal(decode(bytes), decodeByPlatform(bytes));
    }),
    { numRuns: 5000 },
  );
});
