import assert from "node:assert/strict";
import { MAX_ATTRIBUTES, TagAttributes } from "../../src/nmap/xml_attributes.ts";
import { bytes } from "./builders.ts";

/** The same value once in the input and once as text. */
function both(value: string): TagAttributes[] {
  const plain = new TagAttributes();
  plain.clear(bytes(`"${value}"`));
  plain.addPlain("a", 1, value.length + 1);
  const text = new TagAttributes();
  text.add("a", value);
  return [plain, text];
}

Deno.test("TagAttributes tells values by name", () => {
  for (const attributes of both("x y")) {
    assert.equal(attributes.size, 1);
    assert.equal(attributes.get("a"), "x y");
    assert.equal(attributes.get("b"), undefined);
    attributes.clear();
    assert.equal(attributes.size, 0);
    assert.equal(attributes.get("a"), undefined);
  }
});

Deno.test("TagAttributes reads numbers of 1 to 16 digits and nothing else", () => {
  const cases: [string, number][] = [
    ["0", 0],
    ["007", 7],
    ["65535", 65535],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["12345678901234567", NaN],
    ["", NaN],
    ["-1", NaN],
    ["1.5", NaN],
    ["0x1", NaN],
    [" 1", NaN],
    ["1e3", NaN],
  ];
  for (const [text, expected] of cases) {
    for (const attributes of both(text)) assert.equal(attributes.number("a"), expected, text);
  }
  assert.equal(new TagAttributes().number("a"), NaN);
});

Deno.test("TagAttributes refuses two of one name, and more than there may be", () => {
  for (const attributes of both("1")) {
    assert.throws(() => attributes.add("a", "2"), SyntaxError);
    for (let i = 1; i < MAX_ATTRIBUTES; i++) attributes.add(`a${i}`, "");
    assert.throws(() => attributes.add("z", ""), RangeError);
  }
});
