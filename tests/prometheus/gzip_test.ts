import assert from "node:assert/strict";
import { crc32, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { combineCrc32, deflate, GZIP_HEAD, GzipMember } from "../../src/prometheus/gzip.ts";

Deno.test("combineCrc32() is the CRC-32 of both pieces in a row", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 70_000, size: "max" }),
      (a, b) => {
        assert.equal(
          combineCrc32(crc32(a), crc32(b), b.length),
          crc32(new Uint8Array([...a, ...b])),
        );
      },
    ),
  );
});

Deno.test("combineCrc32() takes pieces beyond 32 bits of length", () => {
  // x^(8 * 2^32) shifts as 2^16 pieces of 2^16 zero bytes do.
  const zeros = crc32(new Uint8Array(65536));
  let stepwise = 0xdeadbeef;
  for (let piece = 0; piece < 65536; piece++) stepwise = combineCrc32(stepwise, zeros, 65536);
  let whole = zeros;
  for (let double = 65536; double < 2 ** 32; double *= 2) {
    whole = combineCrc32(whole, whole, double);
  }
  assert.equal(combineCrc32(0xdeadbeef, whole, 2 ** 32), stepwise);
});

Deno.test("GzipMember makes one gzip file of any parts in a row, read again as it was", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 500 })), (texts) => {
      const member = new GzipMember();
      const parts: Uint8Array[] = [GZIP_HEAD];
      for (const text of texts) {
        const deflated = deflate(new TextEncoder().encode(text));
        member.add(deflated);
        parts.push(deflated.blocks);
      }
      parts.push(member.tail());
      const file = Uint8Array.from(parts.flatMap((part) => [...part]));
      assert.equal(gunzipSync(file).toString(), texts.join(""));
    }),
  );
});
