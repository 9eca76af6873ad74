import assert from "node:assert/strict";
import fc from "fast-check";
import { AsciiTexts } from "../../src/nmap/ascii_texts.ts";
import { bytes } from "./builders.ts";

Deno.test("AsciiTexts gives the text of any ASCII bytes, remembered or not", () => {
  const texts = new AsciiTexts();
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii", maxLength: 40 }), (text) => {
      for (let time = 0; time < 2; time++) {
        assert.equal(texts.get(bytes(`"${text}"`), 1, text.length + 1), text);
      }
    }),
    { numRuns: 5000 },
  );
});
