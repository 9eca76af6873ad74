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
