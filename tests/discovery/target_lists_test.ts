import assert from "node:assert/strict";
import { parseConfig } from "../../src/config/parse_config.ts";
import { fileSource, urlSource } from "../../src/discovery/learnt.ts";
import { type ListConfig, TargetLists } from "../../src/discovery/target_lists.ts";
import type { TargetGroup } from "../../src/discovery/target_group.ts";

const group = (...targets: string[]): TargetGroup[] => [{ targets, labels: {} }];
const config = (yaml: string, path = "config.yaml"): ListConfig => parseConfig(yaml, path).config;

/** Runs a test in a directory, with a server whose answers are by path. */
async function withLists(
  run: (made: {
    directory: string;
    base: string;
    answers: Record<string, readonly TargetGroup[]>;
    make: (
      config: ListConfig,
      known?: Record<string, readonly TargetGroup[]>,
    ) => TargetLists & AsyncDisposable;
    told: string[];
  }) => Promise<void>,
) {
  const directory = await Deno.makeTempDir();
  const answers: Record<string, readonly TargetGroup[]> = {};
  const told: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const answer = answers[new URL(url).pathname];
    return answer === undefined ? new Response(null, { status: 404 }) : Response.json(answer);
  });
  const make = (config: ListConfig, known: Record<string, readonly TargetGroup[]> = {}) => {
    const lists = new TargetLists(config, {
      workingDirectory: directory,
      userAgent: "test",
      known: {
        files: new Map(Object.entries(known)),
        urls: new Map(Object.entries(known).map(([url, groups]) => [urlSource(url), groups])),
      },
      onChange: () => told.push("change"),
      onProblem: ({ message, kept }) => told.push(`${kept ? "kept" : "unknown"}: ${message}`),
      onRecovered: (source) => told.push(`recovered: ${source}`),
    });
    return Object.assign(lists, { [Symbol.asyncDispose]: () => lists.stop() });
  };
  try {
    const base = `http://127.0.0.1:${server.addr.port}`;
    await run({ directory, base, answers, make, told });
  } finally {
    await server.shutdown();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Waits until something is true. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((go) => setTimeout(go, 5));
}

const targetsOf = (lists: TargetLists) =>
  lists.all.map(({ groups }) => groups.flatMap(({ targets }) => targets).join(","));

Deno.test("TargetLists has the lists of files in the directory of the configuration, then of URLs", async () => {
  await withLists(async ({ directory, base, answers, make }) => {
    await Deno.mkdir(`${directory}/conf*`);
    for (const [path, target] of [["conf*/b.json", "b"], ["conf*/a.json", "a"], ["c.yml", "c"]]) {
      await Deno.writeTextFile(`${directory}/${path}`, JSON.stringify(group(target!)));
    }
    answers["/sd"] = group("d");
    const url = `${base}/sd?token=hush`;
    await using lists = make(config(
      `targets_files: ["*.json", "${directory}/c.yml"]\ntargets_http: ["${url}"]`,
      "conf*/config.yaml",
    ));
    await lists.start();
    await until(() => lists.all.length === 4);
    assert.deepEqual(targetsOf(lists), ["c", "a", "b", "d"]);
    assert.deepEqual(lists.all.map(({ source }) => source), [
      fileSource(`${directory}/c.yml`),
      fileSource(`${directory}/conf*/a.json`),
      fileSource(`${directory}/conf*/b.json`),
      urlSource(url),
    ]);
    assert.equal(lists.all[3]!.shown, `${base}/sd?<secret>`);
  });
});

Deno.test("TargetLists has what is known from the beginning, until there is something else", async () => {
  await withLists(async ({ directory, base, answers, make, told }) => {
    const known = {
      [`${directory}/a.json`]: group("a"),
      [`${directory}/b.json`]: group("b"),
      [`${directory}/c.json`]: group("c"),
      [`${directory}/other.yml`]: group("other"),
      [`${base}/sd`]: group("d"),
      [`${base}/gone`]: group("e"),
    };
    await Deno.writeTextFile(`${directory}/a.json`, JSON.stringify(group("a")));
    await Deno.writeTextFile(`${directory}/b.json`, "[");
    answers["/sd"] = group("d");
    await using lists = make(
      config(`targets_files: ["*.json"]\ntargets_http: ["${base}/sd", "${base}/gone"]`),
      known,
    );
    const before = lists.all;
    assert.deepEqual(targetsOf(lists), ["a", "b", "c", "d", "e"]);
    await lists.start();
    await until(() => lists.problems.length === 2);
    assert.deepEqual(targetsOf(lists), ["a", "b", "d", "e"]);
    // What says the same is the same object.
    assert.deepEqual(lists.all.map(({ groups }) => before.some((one) => one.groups === groups)), [
      true,
      true,
      true,
      true,
    ]);
    assert.deepEqual(lists.problems.map(({ kept }) => kept), [true, true]);
    assert.deepEqual(told.filter((line) => !line.startsWith("kept: ")), ["change"]);
  });
});

Deno.test("TargetLists.replace() keeps the lists that stay and forgets the others", async () => {
  await withLists(async ({ directory, base, answers, make, told }) => {
    for (const name of ["a", "b"]) {
      await Deno.writeTextFile(`${directory}/${name}.json`, JSON.stringify(group(name)));
      answers[`/${name}`] = group(`http-${name}`);
    }
    await using lists = make(
      config(`targets_files: ["*.json"]\ntargets_http: ["${base}/a", "${base}/b"]`),
    );
    await lists.start();
    await until(() => lists.all.length === 4);
    answers["/b"] = group("new");
    lists.replace(config(
      `targets_files: [a.json]\ntargets_http: [{ url: "${base}/b", refresh_interval: 7 }, "${base}/a"]`,
    ));
    assert.deepEqual(targetsOf(lists), ["a", "http-b", "http-a"]);
    await until(() => targetsOf(lists)[1] === "new");
    told.splice(0);
    lists.replace(config(`targets_http: ["${base}/c"]`));
    assert.deepEqual(targetsOf(lists), []);
    await until(() => told.length > 0);
    assert.deepEqual(told, [
      `unknown: Cannot read ${base}/c: it answered with status 404 (200 is wanted)`,
    ]);
    lists.replace(config(""));
    assert.deepEqual(lists.problems, []);
  });
});
