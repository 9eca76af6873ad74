import assert from "node:assert/strict";
import { ROOT } from "../support/root.ts";
import { inDirectory, openNow } from "./builders.ts";

async function run(args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--frozen", "--no-prompt", ...args],
    stdin: "null",
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const script = `${import.meta.dirname}/drop_write.ts`;

Deno.test("an open store saves, grows, checkpoints and closes without write permission", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/state.db`;
    for (const round of [1, 2]) {
      const seen = JSON.parse(await run(["--allow-read", "--allow-write", script, path]));
      assert.equal(seen.denied, "NotCapable");
      assert.deepEqual(seen.files, ["state.db"], "-wal is gone after closing");
      if (round === 1) assert.ok(seen.sizes[1] > 5 * seen.sizes[0], `grows: ${seen.sizes}`);
      assert.ok(seen.walAtMost > 0 && seen.walAtMost < 6 * 2 ** 20, `${seen.walAtMost}`);
      assert.ok(seen.pruned >= 199);
      const { store, setAside } = openNow(path);
      assert.equal(setAside, undefined);
      assert.equal([...store.load().rounds][0]?.taken, 300);
      store.close();
    }
  });
});

Deno.test("openStore() without permission to write says so", async () => {
  await inDirectory(async (directory) => {
    const code = `
      import { openStore } from ${
      JSON.stringify(new URL("../../src/storage/open_store.ts", import.meta.url).href)
    };
      try { openStore(${JSON.stringify(`${directory}/state.db`)}, { wallClock: Date.now }); }
      catch (error) { Deno.stdout.writeSync(new TextEncoder().encode(error.code + " " + error.message)); }
    `;
    const path = `${directory}/code.ts`;
    await Deno.writeTextFile(path, code);
    const config = `${ROOT}deno.json`;
    const said = await run(["--allow-read", "--config", config, path]);
    assert.match(said, /^unusable Cannot use .*: this program was not given permission/);
  });
});
