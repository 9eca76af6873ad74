import assert from "node:assert/strict";
import { ROOT } from "../support/root.ts";

const SCRIPT = `${ROOT}deploy/compile.sh`;
/** Makes the file that it is told to make, as `deno compile` would. */
const FAKE_DENO = `#!/bin/sh
while [ "$1" != --output ]; do shift || exit 0; done
echo made >"$2"
`;

for (const elsewhere of [false, true]) {
  const what = elsewhere
    ? "leaves dist as it is when it is given another place"
    : "drops the sums of the executable that it replaces";
  Deno.test(`compile.sh ${what}`, async () => {
    const root = await Deno.makeTempDir({ prefix: "openport-compile-" });
    try {
      await Deno.mkdir(`${root}/deploy`);
      await Deno.mkdir(`${root}/dist`);
      await Deno.copyFile(SCRIPT, `${root}/deploy/compile.sh`);
      await Deno.writeTextFile(`${root}/deno`, FAKE_DENO, { mode: 0o755 });
      await Deno.writeTextFile(`${root}/dist/openport-exporter`, "old\n");
      await Deno.writeTextFile(`${root}/dist/SHA256SUMS`, "sums\n");
      const { code, stderr } = await new Deno.Command("sh", {
        args: [`${root}/deploy/compile.sh`],
        env: {
          COMPILE_DENO: `${root}/deno`,
          COMPILE_OUTPUT: elsewhere ? `${root}/elsewhere` : "",
        },
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      const made = elsewhere ? `${root}/elsewhere` : `${root}/dist/openport-exporter`;
      assert.equal(await Deno.readTextFile(made), "made\n");
      const left = (await Array.fromAsync(Deno.readDir(`${root}/dist`))).map(({ name }) => name);
      assert.deepEqual(
        left.sort(),
        elsewhere ? ["SHA256SUMS", "openport-exporter"] : ["openport-exporter"],
      );
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  });
}
