import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfig } from "../../src/config/parse_config.ts";
import { discoveredTargets } from "../../src/config/discovered.ts";
import { countAddresses } from "../../src/config/resolve_targets.ts";
import { mergeTargets } from "../../src/discovery/merge_targets.ts";
import { MAX_ADDRESSES } from "../../src/domain/network.ts";

/** Merges lists, given as targets by what the list is called, with the targets of a configuration. */
function merge(yaml: string, lists: Record<string, readonly Parameters<typeof group>[]>) {
  const { config } = parseConfig(yaml, "c");
  const { targets, ...rest } = mergeTargets(
    config,
    Object.entries(lists).map(([shown, groups]) => ({
      shown,
      groups: groups.map((given) => group(...given)),
    })),
    { read: (one) => discoveredTargets(one, config) },
  );
  return { ...rest, targets, names: targets.map(({ name }) => name) };
}

const group = (targets: readonly string[], labels: Record<string, string> = {}) => ({
  targets,
  labels,
});

Deno.test("mergeTargets() puts the targets of lists behind those of the configuration", () => {
  const { names, problems, warnings } = merge("targets: [10.0.0.1, db.example]", {
    a: [[["10.0.0.3/24", "10.0.0.2"]]],
    b: [[["10.1.0.1", "10.1.0.2"], { __openport_name: "pair" }]],
  });
  assert.deepEqual(names, ["10.0.0.1", "db.example", "10.0.0.3/24", "10.0.0.2", "pair"]);
  assert.deepEqual(problems, []);
  assert.deepEqual(warnings, ['a: target "10.0.0.3/24" has host bits set: 10.0.0.0/24 is used']);
});

Deno.test("mergeTargets() leaves out what has a name that is taken, and says which list", () => {
  const { names, problems } = merge("targets: [10.0.0.1]", {
    a: [[["10.0.0.1", "10.0.0.2"]]],
    b: [[["10.0.0.9"], { __openport_name: "10.0.0.2" }], [["nonsense/"]]],
  });
  assert.deepEqual(names, ["10.0.0.1", "10.0.0.2"]);
  assert.deepEqual(problems.slice(0, 2), [
    'a: target "10.0.0.1" is left out: its name is taken (write another __openport_name)',
    'b: target "10.0.0.2" is left out: its name is taken (write another __openport_name)',
  ]);
  assert.match(problems[2]!, /^b: target .*nonsense/);
});

Deno.test("mergeTargets() leaves out what would be too many addresses, and takes what still fits", () => {
  const { names, problems } = merge("targets: [10.0.0.0/9]", {
    a: [[["11.0.0.0/8", "12.0.0.0/9", "10.0.0.0/9", "13.0.0.1"]], [["10.0.0.0/9"], {
      __openport_name: "again",
    }]],
  });
  assert.deepEqual(names, ["10.0.0.0/9", "12.0.0.0/9", "again"]);
  assert.equal(
    problems[0],
    'a: target "11.0.0.0/8" is left out: with it there would be more than 16777216 addresses ' +
      "in all (write fewer or narrower targets)",
  );
  assert.equal(problems.length, 3);
});

Deno.test("mergeTargets() tells the first lines of a list and counts the rest", () => {
  const { problems } = merge("", {
    a: [[Array.from({ length: 30 }, (_, i) => `wrong ${i}`)]],
    b: [[["also wrong"]]],
  });
  assert.equal(problems.length, 12);
  assert.equal(problems[10], "a: and 20 more lines after the first 10");
  assert.match(problems[11]!, /^b: /);
});

Deno.test("mergeTargets() keeps names unique and addresses few, whatever there is", () => {
  const octet = fc.integer({ min: 1, max: 12 });
  const text = fc.oneof(
    fc.tuple(octet, fc.integer({ min: 8, max: 12 })).map(([n, prefix]) => `${n}.0.0.0/${prefix}`),
    octet.map((n) => `192.0.2.${n}`),
    octet.map((n) => `h${n}.example`),
  );
  const lists = fc.array(
    fc.tuple(
      fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
      fc.option(octet, { nil: undefined }),
    ),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(lists, lists, (first, second) => {
      const groups = (list: typeof first) =>
        list.map(([targets, n]): Parameters<typeof group> =>
          n === undefined ? [targets] : [targets, { __openport_name: `n${n}` }]
        );
      const { targets, names, problems } = merge("targets: [192.0.2.1, 1.0.0.0/10]", {
        a: groups(first),
        b: groups(second),
      });
      assert.equal(new Set(names).size, names.length);
      assert.ok(countAddresses(targets) <= MAX_ADDRESSES);
      assert.deepEqual(names.slice(0, 2), ["192.0.2.1", "1.0.0.0/10"]);
      const given = [...first, ...second].reduce(
        (sum, [texts, n]) => sum + (n === undefined ? texts.length : 1),
        2,
      );
      const told = problems.reduce(
        (sum, line) => sum + Number(/: and (\d+) more lines/.exec(line)?.[1] ?? 1),
        0,
      );
      assert.equal(targets.length + told, given);
    }),
    { numRuns: 200 },
  );
});

/** What is used of a list that said one thing before and another now, next to 10.0.0.1. */
function next(last: readonly Parameters<typeof group>[], now: readonly Parameters<typeof group>[]) {
  const { config } = parseConfig("targets: [10.0.0.1]", "c");
  const versions = [last, now].map((groups) => groups.map((given) => group(...given)));
  const { targets, problems, lists } = mergeTargets(
    config,
    [{ shown: "a", groups: versions[1]!, last: versions[0] }],
    { read: (one) => discoveredTargets(one, config) },
  );
  const [list] = lists;
  assert.equal(list!.groups, versions[list!.state === "kept" ? 0 : 1]);
  const names = targets.slice(1).map(({ name }) => name).join();
  return [
    list!.state,
    names,
    ...problems.map((line) => line.replace(/^a: (\S+ \S+).*?( \(the last list.*)?$/, "$1$2")),
  ];
}

Deno.test("mergeTargets() uses the last version of a list where the next one has a wrong label or loses something by mistake", () => {
  const bad = { __openport_interval: "1hour" };
  const shop = { __openport_name: "shop" };
  const still = " (the last list is still used)";
  const f = (
    last: readonly Parameters<typeof group>[],
    now: readonly Parameters<typeof group>[],
    ...wanted: string[]
  ) => assert.deepEqual(next(last, now), wanted);
  f([[["10.0.0.2"]]], [[["10.0.0.3"]]], "whole", "10.0.0.3");
  const label = `__openport_interval: must${still}`;
  f([[["10.0.0.2", "10.0.0.3"]]], [[["10.0.0.2"], bad]], "kept", "10.0.0.2,10.0.0.3", label);
  f([[["10.0.0.2"]]], [[["10.0.0.3"]], [["10.0.0.4"], bad]], "kept", "10.0.0.2", label);
  // One name for two groups.
  const twice: Parameters<typeof group>[] = [[["10.0.0.2"], shop], [["10.0.0.3"], shop]];
  const left = 'target "shop"';
  f([[["10.0.0.2"], shop], [["10.0.0.3"]]], twice, "kept", "shop,10.0.0.3", left + still);
  f([[["10.0.0.2"], shop]], twice, "partly", "shop", left);
  // Others have it all the same.
  f([[["10.0.0.2"]]], [[["10.0.0.2", "10.0.0.2"]]], "partly", "10.0.0.2", 'target "10.0.0.2"');
  // Too many addresses, of what was there and of what is new.
  const wide = 'target "11.0.0.0/8"';
  f([[["11.0.0.0/8"]]], [[["12.0.0.0/24", "11.0.0.0/8"]]], "partly", "12.0.0.0/24", wide);
  f(
    [[["11.0.0.0/9", "12.0.0.0/9"]]],
    [[["13.0.0.0/9", "11.0.0.0/9", "12.0.0.0/9"]]],
    "kept",
    "11.0.0.0/9",
    'target "11.0.0.0/9"' + still,
    'target "12.0.0.0/9"' + still,
  );
  // A text that is wrong loses itself alone.
  f([[["10.0.0.2"]]], [[["10.0.0.3", "x/"]]], "partly", "10.0.0.3", 'target "x/"');
  // Where the last one was no better, what is used of it stays.
  const worse = "__openport_interval: must";
  f([[["10.0.0.2"], bad]], [[["10.0.0.3"]], [["10.0.0.2"], bad]], "partly", "10.0.0.3", worse);
  f(
    [[["10.0.0.2"], bad], [["10.0.0.3"]]],
    [[["10.0.0.2"]], [["10.0.0.3"], bad]],
    "kept",
    "10.0.0.3",
    worse + still,
  );
});
