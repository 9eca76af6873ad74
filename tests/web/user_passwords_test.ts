import assert from "node:assert/strict";
import { UserPasswords } from "../../src/web/user_passwords.ts";

const HASH = (cost: string) => `$2y$${cost}$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG`;

/** Users `ops` and `dev` whose password is the word `sesame`, with a bcrypt that answers when told to. */
function makePasswords({ held = false } = {}) {
  const asked: { password: string; hash: string }[] = [];
  const ends: (() => void)[] = [];
  const passwords = new UserPasswords(async (password, hash) => {
    asked.push({ password, hash });
    if (held) await new Promise<void>((resolve) => ends.push(resolve));
    return password === "sesame";
  });
  passwords.users = new Map([["ops", HASH("10")], ["dev", HASH("12")]]);
  const check = (username: string, password: string, client = "192.0.2.1") =>
    passwords.check({ username, password, client });
  return { passwords, asked, check, next: () => ends.shift()?.() };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("UserPasswords.check() computes bcrypt once for each password, right or wrong", async () => {
  const { asked, check } = makePasswords();
  assert.equal(await check("ops", "sesame"), "granted");
  assert.equal(await check("ops", "wrong"), "refused");
  assert.equal(await check("nobody", "sesame"), "refused");
  assert.equal(asked.length, 3);
  // At once, without a promise.
  assert.equal(check("ops", "sesame"), "granted");
  assert.equal(check("ops", "wrong"), "refused");
  assert.equal(check("nobody", "sesame"), "refused");
  assert.equal(await check("dev", "sesame"), "granted");
  assert.equal(asked.length, 4);
});

Deno.test("UserPasswords.check() computes as much for an unknown user as for a known one", async () => {
  const { asked, check } = makePasswords();
  await check("nobody", "x");
  assert.match(asked[0]!.hash, /^\$2b\$12\$/);
});

Deno.test("UserPasswords.check() asks anew when the users change", async () => {
  const { asked, check, passwords } = makePasswords();
  await check("ops", "sesame");
  passwords.users = new Map([["ops", HASH("11")]]);
  assert.equal(await check("ops", "sesame"), "granted");
  assert.equal(asked.length, 2);
  passwords.users = new Map([["dev", HASH("11")]]);
  assert.equal(await check("ops", "sesame"), "refused");
});

Deno.test("UserPasswords.check() asks once for what many ask at the same time", async () => {
  const { asked, check, next } = makePasswords({ held: true });
  const answers = ["a", "b", "c", "d", "e", "f", "g"].map((client) =>
    check("ops", "sesame", client)
  );
  await turn();
  next();
  assert.deepEqual(new Set(await Promise.all(answers)), new Set(["granted"]));
  assert.equal(asked.length, 1);
});

Deno.test("UserPasswords.check() keeps a client that floods out of the way of the others", async () => {
  const { asked, check, next } = makePasswords({ held: true });
  const flood = Array.from(
    { length: 1000 },
    (_, i) => check(`user${i}`, `wrong${i}`, "192.0.2.66"),
  );
  const crowded = flood.filter((answer) => answer === "crowded");
  assert.equal(crowded.length, 995);
  const right = check("ops", "sesame", "192.0.2.1");
  next();
  await turn();
  next();
  await turn();
  // One that was running, one that came before, then the one of the other client.
  assert.equal(asked[2]?.password, "sesame");
  next();
  assert.equal(await right, "granted");
});

Deno.test("UserPasswords.check() answers what is known while the line is full, and says so to the rest", async () => {
  const { check, next } = makePasswords({ held: true });
  const first = check("ops", "sesame", "192.0.2.1");
  await turn();
  next();
  assert.equal(await first, "granted");
  for (let i = 0; i < 5000; i++) check("ops", `wrong${i}`, `192.0.2.${i % 200}`);
  assert.equal(check("ops", "sesame", "198.51.100.1"), "granted");
  assert.equal(check("ops", "other", "198.51.100.1"), "busy");
});

Deno.test("UserPasswords.check() gives bcrypt no more of a huge password than it looks at", async () => {
  const { asked, check } = makePasswords();
  await check("ops", "x".repeat(60_000));
  assert.equal(asked[0]!.password.length, 73);
});
