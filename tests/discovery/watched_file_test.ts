import assert from "node:assert/strict";
import { MAX_UNSETTLED, RESTLESS_LOOKS, WatchedFile } from "../../src/discovery/watched_file.ts";

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

Deno.test("WatchedFile keeps the last list of a file that goes on changing, says so, and reads it after a minute", async () => {
  await withFile(async (path) => {
    const file = new WatchedFile(path, [{ targets: ["last"], labels: {} }]);
    const look = () => file.look({ atOnce: false });
    for (let n = 1; n <= 2 * MAX_UNSETTLED; n++) {
      await Deno.writeTextFile(path, yaml("a".repeat(n)));
      await look();
      const read = MAX_UNSETTLED * Math.floor(n / MAX_UNSETTLED);
      const targets = [read === 0 ? "last" : "a".repeat(read)];
      assert.deepEqual(file.groups, [{ targets, labels: {} }]);
      if (n < RESTLESS_LOOKS) assert.equal(file.problem, undefined);
      else assert.match(file.problem!, /^Cannot read \/.*\.yml yet: it goes on changing/);
    }
    await look();
    assert.equal(file.problem, undefined);
  });
});

Deno.test("WatchedFile takes a list that is written line by line when it is whole", async () => {
  await withFile(async (path) => {
    await Deno.writeTextFile(path, yaml("a"));
    const file = new WatchedFile(path);
    await file.look({ atOnce: true });
    const before = file.groups;
    let text = "";
    for (let n = 0; n < 12; n++) {
      text += yaml(`b${n}`);
      await Deno.writeTextFile(path, text);
      await file.look({ atOnce: false });
      assert.equal(file.groups, before);
    }
    await file.look({ atOnce: false });
    assert.deepEqual([file.groups!.length, file.problem], [12, undefined]);
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
