import assert from "node:assert/strict";
import { EMPTY_HASH, hashByte, XmlNames } from "../../src/nmap/xml_names.ts";
import { bytes } from "./builders.ts";

function find(names: XmlNames, text: string): number {
  const encoded = bytes(`<${text}>`);
  const hash = bytes(text).reduce(hashByte, EMPTY_HASH);
  return names.find(encoded, 1, encoded.length - 1, hash);
}

Deno.test("XmlNames finds by their bytes the names it was given, and no others", () => {
  const names = new XmlNames(["host", "port"]);
  assert.deepEqual(["host", "port", "ports", "por"].map((text) => find(names, text)), [
    0,
    1,
    -1,
    -1,
  ]);
  assert.equal(names.add("ports"), 2);
  assert.equal(names.add("port"), 1);
  assert.equal(find(names, "ports"), 2);
  assert.deepEqual(names.texts, ["host", "port", "ports"]);
});

Deno.test("XmlNames remembers no name that is long or not ASCII, and no more than it has room for", () => {
  const names = new XmlNames([]);
  for (const text of ["é", "x".repeat(65)]) {
    assert.equal(names.add(text), -1);
    assert.equal(names.intern(text), text);
  }
  assert.equal(find(names, "x".repeat(65)), -1);
  for (let i = 0; i < names.capacity; i++) assert.equal(names.add(`n${i}`), i);
  assert.equal(names.add("one more"), -1);
  for (let i = 0; i < names.capacity; i++) assert.equal(find(names, `n${i}`), i);
  assert.equal(find(names, "one more"), -1);
});
