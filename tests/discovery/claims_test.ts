import assert from "node:assert/strict";
import { Claims, placesOf } from "../../src/discovery/claims.ts";
import { parseConfig } from "../../src/config/parse_config.ts";

const target = (name: string, ...texts: string[]) =>
  parseConfig(`targets: [{ name: ${name}, target: [${texts}] }]`, "c").config.targets[0]!;

Deno.test("Claims.claim() refuses a name that is taken, and too many addresses", () => {
  const claims = new Claims();
  assert.equal(claims.claim(target("a", "10.0.0.0/9", "h.example")), undefined);
  assert.equal(claims.claim(target("a", "10.0.0.1")), "name");
  assert.equal(claims.claim(target("b", "11.0.0.0/9", "12.0.0.1")), "addresses");
  assert.equal(claims.claim(target("b", "11.0.0.0/9", "10.0.0.0/9")), undefined);
  assert.deepEqual(
    ["10.0.0.0/9", "h.example", "12.0.0.1/32"].map((place) => claims.covers(place)),
    [true, true, false],
  );
});

Deno.test("Claims.rollBack() gives back what was claimed since, and nothing that was shared", () => {
  const claims = new Claims();
  claims.claim(target("a", "10.0.0.0/9"));
  const { size } = claims;
  claims.claim(target("b", "10.0.0.0/9", "h.example"));
  claims.claim(target("c", "11.0.0.0/9"));
  claims.rollBack(size);
  assert.deepEqual(
    placesOf(target("x", "10.0.0.0/9", "11.0.0.0/9", "h.example")).map((at) => claims.covers(at)),
    [true, false, false],
  );
  assert.equal(claims.claim(target("b", "11.0.0.0/9")), undefined);
  assert.equal(claims.claim(target("c", "11.0.0.1")), "addresses");
});
