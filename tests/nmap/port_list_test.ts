import assert from "node:assert/strict";
import { parsePortList } from "../../src/nmap/port_list.ts";

Deno.test("parsePortList() reads nmap's lists, without port 0", () => {
  const cases = [
    ["", ""],
    ["80", "80"],
    ["22,80,8000-8100", "22,80,8000-8100"],
    ["0", ""],
    ["0-2", "1-2"],
    ["0,5", "5"],
    ["1-65535", "1-65535"],
    ["79,80,81", "79-81"],
  ] as const;
  for (const [text, expected] of cases) assert.equal(parsePortList(text).toString(), expected);
});

Deno.test("parsePortList() reads lists longer than people may write", () => {
  const text = Array.from({ length: 32767 }, (_, i) => 2 * i + 1).join(",");
  assert.equal(parsePortList(text).size, 32767);
});

Deno.test("parsePortList() refuses what is no list", () => {
  for (const text of ["x", ",", "80,", "-80", "80-", "90-80", "65536", "80-65536", "0x50", "8 0"]) {
    assert.throws(() => parsePortList(text), SyntaxError, text);
  }
});
