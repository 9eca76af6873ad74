import assert from "node:assert/strict";
import fc from "fast-check";
import { HEAD_BYTES, StderrExcerpt, TAIL_BYTES } from "../../src/nmap/stderr_excerpt.ts";
import { bytes } from "./builders.ts";

const excerptOf = (text: string, sizes: readonly number[]) => {
  const excerpt = new StderrExcerpt();
  const all = bytes(text);
  let at = 0;
  for (const size of sizes) {
    excerpt.write(all.subarray(at, at + size));
    at = Math.min(at + size, all.length);
  }
  excerpt.write(all.subarray(at));
  return excerpt.toString();
};

Deno.test("StderrExcerpt keeps short text whole and of long text both ends, however split", () => {
  const pieces = fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 6 });
  fc.assert(fc.property(fc.nat(30_000), pieces, (length, sizes) => {
    const text = Array.from({ length }, (_, i) => String.fromCharCode(97 + i % 26)).join("");
    const kept = excerptOf(text, sizes);
    const dropped = length - HEAD_BYTES - TAIL_BYTES;
    if (dropped <= 0) assert.equal(kept, text);
    else {
      const note = `\n... ${dropped} bytes left out ...\n`;
      assert.equal(kept, text.slice(0, HEAD_BYTES) + note + text.slice(-TAIL_BYTES));
    }
  }));
});
