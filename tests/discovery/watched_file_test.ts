import assert from "node:assert/strict";
import { WatchedFile } from "../../src/discovery/watched_file.ts";

const yaml = (...targets: string[]) => `- targets: [${targets.join(", ")}]\n`;

/** Runs a test with a file of its own, whose path ends in `.yml`. */
async function withFile(run: (path: string) => Promise<void>) {
  const path = await Deno.makeTempFile({ suffix: ".yml" });
  try {
    await run(path);
  } finally {
    await Deno.remove(path).catch(() => {});
  }
}

Deno.test("WatchedFile takes a change when a second look sees no further one", async () => {
  await withFile(async (path) => {
    const file = new WatchedFile(path);
    const look = async () => {
      assert.ok(await file.look({ atOnce: false }));
      return file.groups?.flatMap(({ targets }) => targets);
    };
    await Deno.writeTextFile(path, yaml("a", "b"));
    assert.deepEqual(await look(), undefined);
    assert.deepEqual(await look(), ["a", "b"]);
    // Written in two steps, of which the first is a list.
    await Deno.writeTextFile(path, yaml("a"));
    assert.deepEqual(await look(), ["a", "b"]);
    await Deno.writeTextFile(path, yaml("a") + yaml("c"));
    assert.deepEqual(await look(), ["a", "b"]);
    assert.deepEqual(await look(), ["a", "c"]);
    assert.deepEqual(await look(), ["a", "c"]);
  });
});

Deno.test("WatchedFile reads a file that never comes to rest all the same", async () => {
  await withFile(async (path) => {
    const file = new WatchedFile(path);
    for (const name of ["a", "bb", "ccc"]) {
      assert.equal(file.groups, undefined);
      await Deno.writeTextFile(path, yaml(name));
      await file.look({ atOnce: false });
    }
    assert.deepEqual(file.groups, [{ targets: ["ccc"], labels: {} }]);
  });
});

Deno.test("WatchedFile reads at once when asked to, and once more when it has come to rest", async () => {
  await withFile(async (path) => {
    const file = new WatchedFile(path);
    await Deno.writeTextFile(path, yaml("a"));
    await file.look({ atOnce: true });
    const { groups } = file;
    assert.deepEqual(groups, [{ targets: ["a"], labels: {} }]);
    await file.look({ atOnce: false });
    assert.equal(file.groups, groups);
  });
});

Deno.test("WatchedFile says that a file is not there, and keeps what it said", async () => {
  await withFile(async (path) => {
    const file = new WatchedFile(path);
    await Deno.writeTextFile(path, yaml("a"));
    await file.look({ atOnce: true });
    await Deno.remove(path);
    assert.equal(await file.look({ atOnce: true }), false);
    assert.deepEqual(file.groups, [{ targets: ["a"], labels: {} }]);
  });
});
