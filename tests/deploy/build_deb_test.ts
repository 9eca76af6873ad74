import assert from "node:assert/strict";
import { buildDeb } from "../../deploy/debian/build_deb.ts";
import { ROOT } from "../support/root.ts";

const source = {
  root: ROOT,
  // Small, and linked with the C library alone.
  executable: await Deno.readFile("/usr/bin/sleep"),
  version: "1.2.3",
  maintainer: "x <x@example.org>",
  time: 1_000_000_000,
};

async function built<T>(use: (path: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir();
  try {
    const name = await buildDeb(source, { folder, architecture: "amd64" });
    assert.equal(name, "openport-exporter_1.2.3_amd64.deb");
    return await use(`${folder}/${name}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function dpkgDeb(...args: string[]): Promise<string> {
  const { code, stdout } = await new Deno.Command("dpkg-deb", {
    args,
    env: { TZ: "UTC", LC_ALL: "C" },
  }).output();
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout);
}

Deno.test("buildDeb() makes the same bytes whatever the umask and the time", async () => {
  const first = await built((path) => Deno.readFile(path));
  const umask = Deno.umask(0o077);
  try {
    assert.deepEqual(await built((path) => Deno.readFile(path)), first);
  } finally {
    Deno.umask(umask);
  }
});

Deno.test("buildDeb() dates everything, gives it to root, and sums up its size", async () => {
  await built(async (path) => {
    const lines = (await dpkgDeb("--contents", path)).trim().split("\n");
    for (const line of lines) assert.match(line, /^\S+ root\/root +\d+ 2001-09-09 01:46 /);
    const sizes = lines.map((line) => line.split(/ +/)).filter(([, , , , , name]) => name !== "./")
      .map(([mode, , size]) => mode!.startsWith("d") ? 1 : Math.ceil(Number(size) / 1024));
    const sum = sizes.reduce((a, b) => a + b);
    assert.equal(await dpkgDeb("--field", path, "Installed-Size"), `${sum}\n`);
  });
});

Deno.test("buildDeb() lists sums of all files but the configuration, which is a conffile", async () => {
  await built(async (path) => {
    assert.equal(
      await dpkgDeb("--info", path, "conffiles"),
      "/etc/openport-exporter/config.yaml\n",
    );
    const listed = (await dpkgDeb("--info", path, "md5sums")).trim().split("\n")
      .map((line) => line.split("  ")[1]);
    const files = (await dpkgDeb("--contents", path)).trim().split("\n")
      .filter((line) => line.startsWith("-")).map((line) => line.split(" ./")[1]);
    assert.deepEqual([...listed, "etc/openport-exporter/config.yaml"].sort(), files.sort());
  });
});

Deno.test("buildDeb() leaves nothing behind, and says what dpkg-deb says, when it fails", async () => {
  await assert.rejects(
    buildDeb(source, { folder: "/nonexistent", architecture: "amd64" }),
    /^Error: Cannot make \/nonexistent\/openport-exporter_1\.2\.3_amd64\.deb:\n.*dpkg-deb/,
  );
});
