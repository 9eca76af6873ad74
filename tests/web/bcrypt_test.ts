import assert from "node:assert/strict";
import { hashSync } from "bcryptjs";
import { Bcrypt } from "../../src/web/bcrypt.ts";
import { SESAME_HASH } from "./builders.ts";

Deno.test("Bcrypt.compare() knows right from wrong, and counts 72 bytes as bcrypt does", async () => {
  const bcrypt = new Bcrypt();
  try {
    assert.equal(await bcrypt.compare("sesame", SESAME_HASH), true);
    assert.equal(await bcrypt.compare("Sesame", SESAME_HASH), false);
    const long = hashSync("ä".repeat(36), 4);
    assert.equal(await bcrypt.compare("ä".repeat(40), long), true);
    assert.equal(await bcrypt.compare("ä".repeat(35), long), false);
  } finally {
    bcrypt.close();
  }
  await assert.rejects(bcrypt.compare("sesame", SESAME_HASH), /the program is ending/);
});

Deno.test("Bcrypt.compare() lets the rest of the program go on", async () => {
  const bcrypt = new Bcrypt();
  try {
    await bcrypt.compare("", SESAME_HASH);
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    // Cost 10 takes a twentieth of a second at least.
    await bcrypt.compare("x", SESAME_HASH.replace("$04$", "$10$"));
    clearInterval(timer);
    assert.ok(turns >= 5, `${turns}`);
  } finally {
    bcrypt.close();
  }
});
