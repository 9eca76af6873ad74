import assert from "node:assert/strict";
import { parseFilePattern } from "../../src/discovery/file_pattern.ts";

Deno.test("parseFilePattern() takes what file_sd of Prometheus takes", () => {
  const f = (text: string, expected: string) =>
    assert.equal(parseFilePattern(text, "/base").text, expected);
  f("a.json", "/base/a.json");
  f("./a/../b.yml", "/base/b.yml");
  f("../x/*.yaml", "/x/*.yaml");
  f("/etc/targets/*.JSON", "/etc/targets/*.JSON");
  f("/a*b*c.yml", "/a*b*c.yml");
  for (
    const text of ["", "a", "a.txt", "*/a.json", "*/*.json", "a.json.bak", "a.Json", "*", ".ymlx"]
  ) {
    assert.throws(() => parseFilePattern(text, "/base"), SyntaxError, text);
  }
});

Deno.test("parseFilePattern() matches names by * alone", () => {
  const f = (pattern: string, name: string, expected: boolean | undefined) =>
    assert.equal(parseFilePattern(pattern, "/").matches?.(name), expected, `${pattern} ${name}`);
  f("a.json", "a.json", undefined);
  f("*.json", "a.json", true);
  f("*.json", ".json", true);
  f("*.json", "a.json~", false);
  f("*.json", "axjson", false);
  f("a*b*.yml", "ab.yml", true);
  f("a*b*.yml", "a1b2.yml", true);
  f("a*b*.yml", "a1.yml", false);
  f("[ab]?*.yml", "[ab]?1.yml", true);
  f("[ab]?*.yml", "ax.yml", false);
});
