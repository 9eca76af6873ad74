import assert from "node:assert/strict";
import { BUSY_CHANGE_MS, CHANGE_MS } from "../../src/discovery/target_sources.ts";
import { openNow } from "../storage/builders.ts";
import { makeSources, tickUntil } from "./source_builders.ts";

/** Answers for URLs in place of a network; an answer that is none fails. */
function withFetch(answers: Record<string, unknown>): Disposable {
  const original = globalThis.fetch;
  globalThis.fetch = ((url: URL | string) => {
    const answer = answers[String(url)];
    return answer === undefined
      ? Promise.reject(new TypeError("refused"))
      : Promise.resolve(Response.json(answer));
  }) as typeof fetch;
  return { [Symbol.dispose]: () => void (globalThis.fetch = original) };
}

async function inDirectory(run: (directory: string) => Promise<void>) {
  const directory = await Deno.makeTempDir();
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const URL = "http://sd.example/list?token=hush";

Deno.test("TargetSources adds the addresses of names, as one change at the start", async () => {
  const names = Array.from({ length: 40 }, (_, i) => `h${i}.example`);
  const answers = Object.fromEntries(names.map((name, i) => [name, `10.0.0.${i} ::${i + 1}`]));
  await using t = makeSources(`targets: [192.0.2.0/24, ${names}]`, { answers });
  assert.deepEqual(t.networks(), {
    "192.0.2.0/24": "192.0.2.0/24",
    ...Object.fromEntries(names.map((name) => [name, ""])),
  });
  await t.sources.start();
  await t.clock.tickAsync(CHANGE_MS - 1);
  assert.deepEqual(t.told(), []);
  await t.clock.tickAsync(1);
  assert.deepEqual(t.told(), ["change"]);
  assert.equal(t.networks()["h7.example"], "10.0.0.7 ::8");
  assert.deepEqual(t.sources.addressesOf("h7.example").map(({ text }) => text), [
    "10.0.0.7",
    "::8",
  ]);
  await t.clock.tickAsync(100_000);
  assert.deepEqual([t.told(), t.sources.problems()], [[], []]);
  assert.equal(t.saved.length, 1);
});

Deno.test("TargetSources gathers changes, longer while names are being looked up", async () => {
  await using t = makeSources("targets: [a.example, b.example, c.example]", {
    answers: { "a.example": "10.0.0.1", "b.example": "10.0.0.2" },
  });
  t.hold("c.example");
  await t.sources.start();
  await t.clock.tickAsync(BUSY_CHANGE_MS - 1);
  assert.deepEqual(t.told(), []);
  await t.clock.tickAsync(1);
  assert.deepEqual(t.told(), ["change"]);
  t.answers["a.example"] = "10.0.0.3";
  assert.equal(await t.recheck("10.0.0.1"), "gone");
  await t.clock.tickAsync(1000);
  assert.deepEqual(t.told(), []);
  t.answers["c.example"] = "10.0.0.5";
  t.release();
  await t.clock.tickAsync(CHANGE_MS - 1);
  t.answers["b.example"] = "10.0.0.4";
  assert.equal(await t.recheck("10.0.0.2"), "gone");
  assert.deepEqual(t.told(), []);
  await t.clock.tickAsync(1);
  assert.deepEqual(t.told(), ["change"]);
  assert.deepEqual(Object.values(t.networks()), ["10.0.0.3", "10.0.0.4", "10.0.0.5"]);
  await t.clock.tickAsync(BUSY_CHANGE_MS);
  assert.deepEqual(t.told(), []);
});

Deno.test("TargetSources.recheck() asks names again, and nothing else", async () => {
  await using t = makeSources(
    "targets: [{ name: two, target: [a.example, b.example] }, 10.0.0.9, 10.1.0.0/24]",
    { answers: { "a.example": "10.0.0.1 10.0.0.2 10.0.0.9", "b.example": "10.0.0.1" } },
  );
  await t.sources.start();
  await t.clock.tickAsync(2000);
  const asked = t.asked.length;
  for (const text of ["10.0.0.9", "10.1.0.0/24", "10.1.0.7", "8.8.8.8", "::1"]) {
    assert.equal(await t.recheck(text), "same");
  }
  assert.equal(t.asked.length, asked);
  assert.equal(await t.recheck("10.0.0.2"), "same");
  assert.deepEqual(t.asked.slice(asked), ["a.example"]);

  t.told();
  await t.clock.tickAsync(2000);
  t.answers["a.example"] = "10.0.0.3";
  assert.deepEqual(
    await Promise.all(["10.0.0.1", "10.0.0.2", "10.0.0.2"].map(t.recheck)),
    ["same", "gone", "gone"],
  );
  assert.deepEqual(t.asked.slice(asked + 1).sort(), ["a.example", "b.example"]);
  assert.deepEqual(t.told(), []);
  await t.clock.tickAsync(CHANGE_MS);
  assert.deepEqual(t.told(), ["change"]);
  assert.equal(t.networks()["two"], "10.0.0.3 10.0.0.1");

  await t.clock.tickAsync(2000);
  delete t.answers["a.example"];
  delete t.answers["b.example"];
  const unresolved = (name: string) => ({ unresolved: `Cannot resolve "${name}": x` });
  assert.deepEqual(await t.recheck("10.0.0.1"), unresolved("b.example"));
  assert.deepEqual(await t.recheck("10.0.0.3"), unresolved("a.example"));
  await t.clock.tickAsync(CHANGE_MS);
  assert.deepEqual(t.networks()["two"], "10.0.0.3 10.0.0.1");
  assert.deepEqual(t.told(), [
    'problem: Cannot resolve "b.example": x',
    'problem: Cannot resolve "a.example": x',
  ]);
  assert.equal(t.sources.unresolvedNames, 2);
});

Deno.test("TargetSources tells of a name without an address for each of its targets, again and again", async () => {
  await using t = makeSources(
    "targets: [a.example, { name: x, target: [a.example, 10.0.0.1] }, { target: b.example, interval: 10 }]",
  );
  await t.sources.start();
  await t.clock.tickAsync(29_999);
  const told = t.told();
  assert.deepEqual(told.filter((line) => line.startsWith("problem")), [
    'problem: Cannot resolve "a.example": x',
    'problem: Cannot resolve "b.example": x',
  ]);
  assert.deepEqual(told.filter((line) => line.startsWith("unresolved")), [
    "unresolved a.example: a.example",
    "unresolved x: a.example",
    ...Array(3).fill("unresolved b.example: b.example"),
  ]);
  t.answers["a.example"] = "10.0.0.2";
  await t.clock.tickAsync(1 + CHANGE_MS);
  assert.deepEqual(t.told(), [
    'recovered: "a.example" resolves again',
    "unresolved b.example: b.example",
    "change",
  ]);
  assert.equal(t.networks()["x"], "10.0.0.1 10.0.0.2");
});

Deno.test("TargetSources has the targets of files when it has started, and those of URLs later", async () => {
  await inDirectory(async (directory) => {
    const answers: Record<string, unknown> = {};
    using _fetch = withFetch(answers);
    await Deno.writeTextFile(
      `${directory}/a.json`,
      '[{"targets": ["10.0.0.1/24", "a.example", "10.0.0.9"], "labels": {"env": "x", "__meta_n": "1"}}]',
    );
    await using t = makeSources(
      `targets: [10.0.0.9]\ntargets_files: ["*.json"]\ntargets_http: ["${URL}"]`,
      {
        workingDirectory: directory,
        answers: { "a.example": "10.0.1.1", "b.example": "10.0.1.2" },
      },
    );
    answers[URL] = [{ targets: ["b.example"] }];
    await t.sources.start();
    assert.equal(t.networks()["10.0.0.1/24"], "10.0.0.0/24");
    assert.deepEqual(t.sources.targets[1]!.labels, { env: "x" });
    const path = `${directory}/a.json`;
    const taken =
      `${path}: target "10.0.0.9" is left out: its name is taken (write another __openport_name)`;
    assert.deepEqual(t.told().filter((line) => line !== "change"), [
      `problem: ${taken}`,
      `warning: ${path}: target "10.0.0.1/24" has host bits set: 10.0.0.0/24 is used`,
    ]);
    await tickUntil(t.clock, () => t.networks()["b.example"] === "10.0.1.2");
    assert.deepEqual(t.networks(), {
      "10.0.0.9": "10.0.0.9",
      "10.0.0.1/24": "10.0.0.0/24",
      "a.example": "10.0.1.1",
      "b.example": "10.0.1.2",
    });
    assert.deepEqual(t.sources.problems(), [taken]);

    t.told();
    await Deno.writeTextFile(path, '[{"targets": ["10.0.0.5"], "labels": {"__meta_n": "2"}}');
    delete answers[URL];
    await tickUntil(t.clock, () => t.sources.failingLists === 2);
    assert.equal(t.sources.targets.length, 4);
    const [file, url] = t.sources.problems();
    assert.match(file!, /a\.json:1:56: Cannot read JSON: .* \(the last list is still used\)$/);
    assert.match(url!, /^Cannot read http:\/\/sd\.example\/list\?<secret>: .*still used\)$/);
    assert.ok(!t.told().some((line) => line.includes("hush") || line === "change"));
  });
});

Deno.test("TargetSources takes no notice of labels that mean nothing", async () => {
  const answers: Record<string, unknown> = {};
  using _fetch = withFetch(answers);
  const list = (labels: Record<string, string>) => [{ targets: ["10.0.0.1"], labels }];
  answers[URL] = list({ env: "x", __meta_age: "1" });
  await using t = makeSources(`targets_http: [{ url: "${URL}", refresh_interval: 1 }]`);
  await t.sources.start();
  await tickUntil(t.clock, () => t.sources.targets.length === 1);
  assert.deepEqual(t.told(), ["change"]);
  answers[URL] = list({ env: "x", __meta_age: "2" });
  await tickUntil(t.clock, afterTurns(15));
  assert.deepEqual(t.told(), []);
  answers[URL] = list({ env: "y", __meta_age: "2" });
  await tickUntil(t.clock, () => t.sources.targets[0]!.labels["env"] === "y");
  assert.deepEqual(t.told(), ["change"]);
});

/** True from the `turns`-th time on that it is asked. */
function afterTurns(turns: number): () => boolean {
  return () => --turns < 0;
}

Deno.test("TargetSources goes on after a restart with what was last known, whatever fails", async () => {
  await inDirectory(async (directory) => {
    const state = `${directory}/state.db`;
    const yaml = `targets: [10.0.0.9, a.example]
targets_files: ["*.json"]
targets_http: ["${URL}"]`;
    const answers: Record<string, unknown> = { [URL]: [{ targets: ["b.example", "10.2.0.1"] }] };
    using _fetch = withFetch(answers);
    await Deno.writeTextFile(`${directory}/a.json`, '[{"targets": ["10.1.0.1", "c.example"]}]');
    let before: Record<string, string>;
    {
      const { store } = openNow(state);
      await using t = makeSources(yaml, {
        workingDirectory: directory,
        answers: { "a.example": "10.3.0.1", "b.example": "10.3.0.2 ::2", "c.example": "10.3.0.3" },
        learnt: store.load().learnt,
        save: (batch) => store.save(batch),
      });
      await t.sources.start();
      await tickUntil(t.clock, () => t.networks()["b.example"] === "10.3.0.2 ::2");
      before = t.networks();
      assert.equal(before["c.example"], "10.3.0.3");
      await t.sources.stop();
      store.close();
      assert.ok(!(await Deno.readTextFile(state)).includes("hush"));
    }
    await Deno.writeTextFile(`${directory}/a.json`, "broken");
    delete answers[URL];
    {
      const { store } = openNow(state);
      await using t = makeSources(yaml, {
        workingDirectory: directory,
        learnt: store.load().learnt,
        save: (batch) => store.save(batch),
      });
      assert.deepEqual(t.networks(), before);
      await t.sources.start();
      await tickUntil(t.clock, () => t.sources.failingLists === 2);
      await t.clock.tickAsync(10_000);
      assert.deepEqual(t.networks(), before);
      assert.equal(t.sources.unresolvedNames, 3);
      assert.deepEqual(t.told().filter((line) => !line.startsWith("problem: ")), []);
      assert.deepEqual(t.saved, []);
      // What leaves the configuration is forgotten.
      t.replace("targets: [10.0.0.9]");
      assert.deepEqual(t.networks(), { "10.0.0.9": "10.0.0.9" });
      assert.deepEqual([...store.load().learnt], []);
      assert.deepEqual([t.sources.problems(), t.told()], [[], []]);
      await t.sources.stop();
      store.close();
    }
  });
});

Deno.test("TargetSources.replace() is in force at once, and keeps what is known of names that stay", async () => {
  await using t = makeSources("targets: [a.example, b.example]", {
    answers: { "a.example": "10.0.0.1", "b.example": "10.0.0.2", "c.example": "10.0.0.3" },
  });
  await t.sources.start();
  await t.clock.tickAsync(CHANGE_MS);
  t.told();
  t.replace("targets: [{ target: [b.example, c.example], name: x, interval: 60 }]");
  assert.deepEqual(t.networks(), { x: "10.0.0.2" });
  assert.deepEqual(t.told(), []);
  assert.deepEqual([...t.stored.keys()], ["name b.example"]);
  await t.clock.tickAsync(CHANGE_MS);
  assert.deepEqual(t.told(), ["change"]);
  assert.deepEqual(t.networks(), { x: "10.0.0.2 10.0.0.3" });
  t.replace("targets: [a.example]");
  assert.deepEqual(t.networks(), { "a.example": "" });
  await t.sources.stop();
  t.told();
  await t.clock.tickAsync(1_000_000);
  assert.deepEqual(t.told(), []);
});

Deno.test("TargetSources forgets rows that it cannot read", async () => {
  await using t = makeSources("targets: [a.example]", {
    learnt: [
      { source: "name a.example", value: '["10.0.0.1"]' },
      { source: "name b.example", value: '["10.0.0.1"]' },
      { source: "something else", value: "?" },
    ],
  });
  assert.deepEqual(t.networks(), { "a.example": "10.0.0.1" });
  await t.sources.start();
  assert.deepEqual([...t.stored.keys()], ["name a.example"]);
});

Deno.test("TargetSources.problems() names a few of many names", async () => {
  const names = Array.from({ length: 25 }, (_, i) => `h${i}.example`);
  await using t = makeSources(`targets: [${names}]`);
  await t.sources.start();
  await t.clock.tickAsync(0);
  assert.equal(t.sources.problems().length, 11);
  assert.equal(t.sources.problems()[10], "Cannot resolve 15 more host names");
});

Deno.test("TargetSources keeps the last usable version of a list that has a wrong label, across a restart too", async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/a.yml`;
    const yaml = 'targets_files: ["*.yml"]';
    const write = (interval: string, ...targets: string[]) =>
      Deno.writeTextFile(
        path,
        `- targets: [10.0.0.1]\n- targets: [${targets}]\n` +
          `  labels: { __openport_interval: ${interval}, __meta_x: y }\n`,
      );
    const names = ({ sources }: ReturnType<typeof makeSources>) =>
      sources.targets.map(({ name }) => name);
    const used = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
    const problem = new RegExp(
      `^${path}: __openport_interval: must be .* \\(the last list is still used\\)$`,
    );
    const rows = [];
    {
      await using t = makeSources(yaml, { workingDirectory: directory });
      await write("1h", "10.0.0.2", "10.0.0.3");
      await t.sources.start();
      assert.deepEqual([names(t), t.told(), t.sources.failingLists], [used, ["change"], 0]);
      await write("1hour", "10.0.0.2");
      await tickUntil(t.clock, () => t.sources.failingLists === 1);
      await t.clock.tickAsync(20_000);
      assert.deepEqual(names(t), used);
      assert.equal(t.sources.problems().length, 1);
      assert.match(t.sources.problems()[0]!, problem);
      // Neither a change nor told twice.
      assert.deepEqual(t.told(), [`problem: ${t.sources.problems()[0]}`]);
      assert.equal(t.saved.length, 1);
      await t.sources.stop();
      for (const [source, value] of t.stored) rows.push({ source, value });
    }
    assert.match(rows[0]!.value, /10\.0\.0\.3/);
    await using t = makeSources(yaml, { workingDirectory: directory, learnt: rows });
    assert.deepEqual([names(t), t.sources.failingLists], [used, 0]);
    await t.sources.start();
    assert.deepEqual([names(t), t.sources.failingLists, t.saved], [used, 1, []]);
    assert.match(t.told().join("\n"), /^problem: .*still used\)$/);
    // A list that cannot be read on top of it is the same one.
    await Deno.writeTextFile(path, "- targets: [");
    await tickUntil(t.clock, () => t.sources.problems().length === 2);
    assert.equal(t.sources.failingLists, 1);
    await write("2h", "10.0.0.2");
    await tickUntil(t.clock, () => t.sources.problems().length === 0);
    assert.deepEqual([names(t), t.sources.failingLists], [["10.0.0.1", "10.0.0.2"], 0]);
    assert.deepEqual(t.told().slice(-3), [
      `recovered: ${path} can be read again`,
      `recovered: ${path} can be used again`,
      "change",
    ]);
  });
});

Deno.test("TargetSources uses what it can of a list that never was usable, and counts lists that are not whole", async () => {
  await inDirectory(async (directory) => {
    const yaml = 'targets: [10.0.0.1]\ntargets_files: ["*.json"]';
    const write = (name: string, ...groups: unknown[]) =>
      Deno.writeTextFile(`${directory}/${name}.json`, JSON.stringify(groups));
    const bad = { targets: ["10.0.0.3"], labels: { __openport_interval: "1hour" } };
    await write("a", { targets: ["10.0.0.2"] }, bad, bad);
    await write("b", { targets: ["10.0.0.1", "10.0.0.2", "10.0.0.4"] });
    await write("c", { targets: ["10.0.0.5"] });
    const rows = [];
    for (let start = 0; start < 2; start++) {
      await using t = makeSources(yaml, { workingDirectory: directory, learnt: rows.splice(0) });
      await t.sources.start();
      assert.deepEqual(
        t.sources.targets.map(({ name }) => name),
        ["10.0.0.1", "10.0.0.2", "10.0.0.4", "10.0.0.5"],
      );
      assert.equal(t.sources.failingLists, 2);
      assert.ok(t.sources.problems().every((line) => !line.includes("still used")));
      await t.sources.stop();
      for (const [source, value] of t.stored) rows.push({ source, value });
    }
    await using t = makeSources(yaml, { workingDirectory: directory, learnt: rows });
    await t.sources.start();
    t.told();
    await write("b", { targets: ["10.0.0.4"] });
    await tickUntil(t.clock, () => t.sources.failingLists === 1);
    assert.deepEqual(t.told(), [
      `recovered: ${directory}/b.json: nothing is left out any more`,
      "change",
    ]);
  });
});
