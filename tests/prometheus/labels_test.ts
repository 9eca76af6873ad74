import assert from "node:assert/strict";
import fc from "fast-check";
import { LabelEncoder, type Labels } from "../../src/prometheus/labels.ts";

const encoder = new LabelEncoder("x", ["ip", "port"]);

Deno.test("LabelEncoder.encode() writes labels in the order of the names", () => {
  assert.equal(encoder.encode({ port: "22", ip: "::1" }), 'ip="::1",port="22"');
  assert.equal(encoder.encode({ ip: "", port: '"' }), 'ip="",port="\\""');
  assert.equal(new LabelEncoder<never>("x", []).encode({}), "");
});

Deno.test("LabelEncoder.encode() refuses labels that are missing, unknown or not text", () => {
  const f = (labels: unknown) =>
    assert.throws(() => encoder.encode(labels as Labels<"ip" | "port">), {
      name: "TypeError",
      message: /^Cannot use labels \(.*\) with metric "x": it takes text for ip, port$/,
    });
  f({});
  f({ ip: "::1" });
  f({ ip: "::1", port: "22", more: "" });
  f({ ip: "::1", prot: "22" });
  f({ ip: "::1", port: 22 });
  f({ ip: "::1", port: undefined });
  assert.throws(
    () => new LabelEncoder<never>("x", []).encode({ ip: "::1" } as unknown as Labels<never>),
    /it takes no labels$/,
  );
});

Deno.test("LabelEncoder.encodeValues() takes values in the order of the names", () => {
  assert.equal(encoder.encodeValues(["::1", "22"]), 'ip="::1",port="22"');
  assert.throws(() => encoder.encodeValues(["::1"]), TypeError);
  assert.throws(() => encoder.encodeValues(["::1", "22", "tcp"]), TypeError);
});

Deno.test("LabelEncoder gives two label sets one text only when they are equal", () => {
  const text = fc.string({ unit: fc.constantFrom('"', ",", "\\", "=", "n", "\n", "port") });
  fc.assert(fc.property(fc.tuple(text, text), fc.tuple(text, text), (a, b) => {
    const equal = a[0] === b[0] && a[1] === b[1];
    assert.equal(encoder.encodeValues(a) === encoder.encodeValues(b), equal);
  }));
});
