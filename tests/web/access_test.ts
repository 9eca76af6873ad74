import assert from "node:assert/strict";
import { configAccess } from "../../src/web/access.ts";
import { basic } from "../http/builders.ts";

const secret = (value: string) => ({ value, file: undefined });
const USER = { username: "ops", password: secret("sesame") };

Deno.test("configAccess() takes a user, a token, or either", async () => {
  const cases = [
    { basic: USER, bearerToken: undefined, schemes: ["basic"], granted: [true, false] },
    {
      basic: undefined,
      bearerToken: secret("t0k.en="),
      schemes: ["bearer"],
      granted: [false, true],
    },
    {
      basic: USER,
      bearerToken: secret("t0k.en="),
      schemes: ["basic", "bearer"],
      granted: [true, true],
    },
  ];
  for (const { schemes, granted, ...auth } of cases) {
    const access = configAccess(auth, ({ value }) => value);
    assert.deepEqual(access.schemes, schemes);
    const verdicts = await Promise.all(
      [basic("ops", "sesame"), "Bearer t0k.en="].map((header) => access.check(header, "")),
    );
    assert.deepEqual(verdicts.map((verdict) => verdict === "granted"), granted);
    const wrong = [
      "Bearer t0k.en",
      "Bearer",
      "Bearer ",
      "Bearer t0k.en= x",
      "t0k.en=",
      "",
      undefined,
    ];
    for (const header of [...wrong, basic("ops", "t0k.en="), "Basic t0k.en=", "Digest x"]) {
      assert.equal(await access.check(header, ""), "refused", header);
    }
    if (auth.bearerToken !== undefined) {
      assert.equal(await access.check("bearer   t0k.en=", ""), "granted");
    }
  }
});

Deno.test("configAccess() compares the password of a wrong user too", async () => {
  let compared = 0;
  const access = configAccess({ basic: USER, bearerToken: undefined }, ({ value }) => {
    compared++;
    return value;
  });
  for (const [user, password] of [["ops", "sesame"], ["ops", "x"], ["x", "sesame"], ["x", "x"]]) {
    await access.check(basic(user!, password!), "");
  }
  assert.equal(compared, 4);
});

Deno.test("configAccess() asks for the secrets as they are now", async () => {
  let now = "old";
  const access = configAccess({ basic: USER, bearerToken: undefined }, () => now);
  assert.equal(await access.check(basic("ops", "old"), ""), "granted");
  now = "new";
  assert.equal(await access.check(basic("ops", "old"), ""), "refused");
  assert.equal(await access.check(basic("ops", "new"), ""), "granted");
});
