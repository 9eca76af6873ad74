import assert from "node:assert/strict";
import { bcryptCost, dummyHash } from "../../src/web/bcrypt_hash.ts";

const REST = "X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

Deno.test("bcryptCost() is the cost of what is a bcrypt hash", () => {
  const f = (hash: string, expected: number | undefined) =>
    assert.equal(bcryptCost(hash), expected, hash);
  for (const minor of ["a", "b", "y"]) f(`$2${minor}$10$${REST}`.slice(0, 60), 10);
  f(`$2y$04$${REST}`.slice(0, 60), 4);
  f(`$2y$31$${REST}`.slice(0, 60), 31);
  f(`$2y$03$${REST}`.slice(0, 60), undefined);
  f(`$2y$32$${REST}`.slice(0, 60), undefined);
  f(`$2x$10$${REST}`.slice(0, 60), undefined);
  f(`$2y$10$${REST}`.slice(0, 59), undefined);
  f(`$2y$10$${REST}x`, undefined);
  f("$apr1$x$y", undefined);
  f("secret", undefined);
});

Deno.test("dummyHash() is a hash that takes as long as the slowest user's", () => {
  const users = new Map([["a", `$2y$05$${REST}`.slice(0, 60)], [
    "b",
    `$2y$12$${REST}`.slice(0, 60),
  ]]);
  assert.equal(bcryptCost(dummyHash(users)), 12);
  assert.equal(bcryptCost(dummyHash(new Map())), 4);
});
