import assert from "node:assert/strict";
import { readObservedAddress } from "../../src/domain/observed_address.ts";

Deno.test("readObservedAddress() takes mapped addresses for IPv4, and drops zones", () => {
  const f = (text: string, expected: string | undefined) =>
    assert.equal(readObservedAddress(text)?.text, expected, text);
  f("192.0.2.1", "192.0.2.1");
  f("2001:DB8:0:0::1", "2001:db8::1");
  f("::ffff:192.0.2.1", "192.0.2.1");
  f("::FFFF:c000:201", "192.0.2.1");
  f("0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1");
  f("::192.0.2.1", "::c000:201");
  f("64:ff9b::192.0.2.1", "64:ff9b::c000:201");
  f("::ffff:0:c000:201", "::ffff:0:c000:201");
  f("fe80::1%eth0", "fe80::1");
  f("::1", "::1");
  // None.
  for (
    const text of [
      "",
      "unknown",
      "localhost",
      "127.1",
      "2130706433",
      "0x7f.0.0.1",
      "010.0.0.1",
      "256.0.0.1",
      "::ffff:256.0.0.1",
      "::ffff:1.2.3",
      "1::2::3",
      "[::1]",
      "::1:80:",
      ":",
      " ::1",
      "fe80::1%",
      "fe80::1%a b",
      ":".repeat(100_000),
      "%".repeat(100_000),
    ]
  ) f(text, undefined);
});
