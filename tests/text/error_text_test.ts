import assert from "node:assert/strict";
import { errorText, stackText } from "../../src/text/error_text.ts";

Deno.test("errorText() is the message alone, of whatever was thrown", () => {
  assert.equal(errorText(new RangeError("Cannot do it")), "Cannot do it");
  assert.equal(errorText("gone"), "gone");
  assert.equal(errorText(undefined), "undefined");
});

Deno.test("stackText() has the class and the place too, where there is one", () => {
  assert.match(stackText(new RangeError("Cannot do it")), /^RangeError: Cannot do it\n +at .*test/);
  const bare = new Error("Cannot do it");
  delete bare.stack;
  assert.equal(stackText(bare), "Cannot do it");
  assert.equal(stackText(7), "7");
});
