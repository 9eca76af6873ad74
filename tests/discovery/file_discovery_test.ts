import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import FakeTimers from "@sinonjs/fake-timers";
import { FILE_LOOK_MS, FileDiscovery } from "../../src/discovery/file_discovery.ts";
import { makeListener, targetsOf } from "./builders.ts";

const list = (...targets: string[]) => JSON.stringify([{ targets }]);

/** Runs a test in a directory of its own. */
async function inDirectory(
  patterns: string[],
  run: (made: ReturnType<typeof make>) => Promise<void>,
) {
  const directory = await Deno.makeTempDir();
  try {
    const made = make(directory, patterns);
    await run(made);
    await made.discovery.stop();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function make(directory: string, patterns: string[]) {
  const told = makeListener();
  const discovery = new FileDiscovery({ patterns, baseDirectory: directory, ...told.listener });
  return {
    ...told,
    directory,
    discovery,
    write: (name: string, text: string) => Deno.writeTextFile(`${directory}/${name}`, text),
    /** Puts a file in place by renaming it. */
    replace: async (name: string, text: string) => {
      await Deno.writeTextFile(`${directory}/.new`, text);
      await Deno.rename(`${directory}/.new`, `${directory}/${name}`);
    },
    /** Problems as they are now, without the directory. */
    wrong: () =>
      discovery.problems.map(({ message, kept }) =>
        `${kept ? "kept" : "unknown"}: ${message.replaceAll(directory, "")}`
      ),
  };
}

Deno.test("FileDiscovery reads JSON and YAML of every pattern, and tells of a change once", async () => {
  await inDirectory(["*.json", "b.yml", "*b.yml"], async (t) => {
    await t.write("a.json", list("192.0.2.1"));
    await t.write("b.yml", "- targets: [192.0.2.2]\n");
    await t.write("c.yml", "no list");
    await t.discovery.start();
    const first = { "a.json": ["192.0.2.1"], "b.yml": ["192.0.2.2"] };
    assert.deepEqual(targetsOf(t.discovery.lists), first);
    await t.discovery.refresh();
    await t.write("a.json", `[ ${list("192.0.2.1").slice(1)}`);
    await t.discovery.refresh();
    await t.replace("a.json", list("192.0.2.3"));
    await t.discovery.refresh();
    assert.deepEqual(t.changes, [first, { ...first, "a.json": ["192.0.2.3"] }]);
    assert.deepEqual([t.problems, t.recovered, t.wrong()], [[], [], []]);
  });
});

Deno.test("FileDiscovery keeps the last list of a file that cannot be used, and says so once", async () => {
  await inDirectory(["*.json"], async (t) => {
    await t.write("a.json", list("192.0.2.1"));
    await t.discovery.start();
    const bad: [() => Promise<unknown>, RegExp][] = [
      [() => t.write("a.json", '[{"targets": ["192'), /^kept: \/a\.json:1:\d+: Cannot read JSON/],
      [() => t.write("a.json", ""), /^kept: \/a\.json:1:1: Cannot read JSON: it ends too early$/],
      [
        () => Deno.writeFile(`${t.directory}/a.json`, Uint8Array.of(0x5b, 0xff, 0x5d)),
        /^kept: Cannot read \/a\.json: it is not UTF-8$/,
      ],
      [
        () => t.write("a.json", " ".repeat(16 * 1024 * 1024 + 1)),
        /^kept: Cannot read \/a\.json: it is larger than 16777216 bytes$/,
      ],
    ];
    for (const [spoil, message] of bad) {
      await spoil();
      await t.discovery.refresh();
      await t.discovery.refresh();
      assert.equal(t.wrong().length, 1);
      assert.match(t.wrong()[0]!, message);
    }
    assert.equal(t.problems.length, bad.length);
    assert.deepEqual([t.changes.length, t.recovered], [1, []]);
    await t.write("a.json", list("192.0.2.1"));
    await t.discovery.refresh();
    assert.deepEqual(t.recovered, [`${t.directory}/a.json`]);
    assert.deepEqual([t.changes.length, t.wrong()], [1, []]);
  });
});

Deno.test("FileDiscovery says which targets it knows nothing of", async () => {
  await inDirectory(["a.json", "d/*.json", "*.yml"], async (t) => {
    await t.write("x.yml", "oops");
    await t.discovery.start();
    const hint = "(write [] into a file for no targets)";
    assert.deepEqual(t.wrong().slice(1), [
      `unknown: Cannot read /a.json: it is not there ${hint}`,
      "unknown: Cannot read /d: it is not there",
    ]);
    assert.match(t.wrong()[0]!, /^unknown: \/x\.yml:1:1: Cannot use this as target groups/);
    assert.deepEqual(t.changes, []);
    await Deno.mkdir(`${t.directory}/d`);
    await t.discovery.refresh();
    assert.ok(t.wrong().includes(`unknown: Cannot find any file for /d/*.json ${hint}`));
  });
});

Deno.test("FileDiscovery drops a deleted file where others are still there, and no other", async () => {
  await inDirectory(["d/*.json", "one.json"], async (t) => {
    await Deno.mkdir(`${t.directory}/d`);
    for (const name of ["d/a.json", "d/b.json", "one.json"]) await t.write(name, list(name));
    await t.discovery.start();
    await Deno.remove(`${t.directory}/d/a.json`);
    await t.discovery.refresh();
    const left = { "b.json": ["d/b.json"], "one.json": ["one.json"] };
    assert.deepEqual(targetsOf(t.discovery.lists), left);
    assert.deepEqual(t.wrong(), []);
    // The last of a directory, a directory that is gone, and a file that is named.
    await Deno.remove(`${t.directory}/d/b.json`);
    await Deno.remove(`${t.directory}/one.json`);
    await t.discovery.refresh();
    assert.deepEqual(t.wrong(), [
      "kept: Cannot find any file for /d/*.json (write [] into a file for no targets)",
      "kept: Cannot read /one.json: it is not there (write [] into a file for no targets)",
    ]);
    await Deno.remove(`${t.directory}/d`);
    await t.discovery.refresh();
    assert.equal(t.wrong()[0], "kept: Cannot read /d: it is not there");
    assert.deepEqual(targetsOf(t.discovery.lists), left);
    // Another file shows that the directory is there: what it lacks was deleted.
    await Deno.mkdir(`${t.directory}/d`);
    await t.write("d/c.json", "[]");
    await t.write("one.json", "[]");
    await t.discovery.refresh();
    assert.deepEqual(targetsOf(t.discovery.lists), { "c.json": [], "one.json": [] });
    assert.deepEqual(t.wrong(), []);
  });
});

Deno.test("FileDiscovery refuses what is no regular file, and waits for nobody", async () => {
  await inDirectory(["*.json"], async (t) => {
    await Deno.mkdir(`${t.directory}/d.json`);
    await new Deno.Command("mkfifo", { args: [`${t.directory}/p.json`] }).output();
    await Deno.symlink("nowhere", `${t.directory}/l.json`);
    await t.write("real", list("192.0.2.1"));
    await Deno.symlink("real", `${t.directory}/s.json`);
    await t.discovery.start();
    assert.deepEqual(targetsOf(t.discovery.lists), { "s.json": ["192.0.2.1"] });
    assert.deepEqual(t.wrong().sort(), [
      "unknown: Cannot read /d.json: it is not a regular file",
      "unknown: Cannot read /p.json: it is not a regular file",
    ]);
  });
});

Deno.test("FileDiscovery looks by itself, and drops a file that two looks in a row miss", async () => {
  const clock = FakeTimers.install({ toFake: ["setInterval", "clearInterval"] });
  /** Lets time pass, step by step, until the lists are these. */
  const until = async (t: ReturnType<typeof make>, lists: Record<string, string[]>) => {
    for (let i = 0; i < 200; i++) {
      if (isDeepStrictEqual(targetsOf(t.discovery.lists), lists)) return;
      clock.tick(FILE_LOOK_MS);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(targetsOf(t.discovery.lists), lists);
  };
  try {
    await inDirectory(["*.yml"], async (t) => {
      await t.write("a.yml", "- targets: [a, b]\n");
      await t.write("b.yml", "[]");
      await t.discovery.start();
      await t.write("a.yml", "- targets: [a]\n- targets: [c]\n");
      await until(t, { "a.yml": ["a", "c"], "b.yml": [] });
      await Deno.remove(`${t.directory}/a.yml`);
      clock.tick(FILE_LOOK_MS);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(t.changes.length, 2);
      await until(t, { "b.yml": [] });
      await t.discovery.stop();
      await t.write("b.yml", "- targets: [late]\n");
      clock.tick(10 * FILE_LOOK_MS);
      await t.discovery.refresh();
      assert.equal(t.changes.length, 3);
    });
  } finally {
    clock.uninstall();
  }
});

Deno.test("FileDiscovery sees a file that is written again with the same size in the same moment", async () => {
  await inDirectory(["*.json"], async (t) => {
    await t.write("a.json", list("a"));
    await t.discovery.start();
    for (const name of ["b", "c", "d"]) {
      await t.write("a.json", list(name));
      await t.discovery.refresh();
      assert.deepEqual(t.changes.at(-1), { "a.json": [name] });
    }
  });
});

Deno.test("FileDiscovery refuses patterns that name no files of targets", () => {
  const { listener } = makeListener();
  assert.throws(
    () => new FileDiscovery({ patterns: ["a.txt"], baseDirectory: "/", ...listener }),
    SyntaxError,
  );
});
