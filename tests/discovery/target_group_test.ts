import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_ITEMS, parseJsonGroups, parseYamlGroups } from "../../src/discovery/target_group.ts";

const GROUPS = [
  { targets: ["192.0.2.1", "db:5432"], labels: { env: "prod", __openport_name: "a b" } },
  { targets: ["::1"], labels: {} },
];

/** The message with which a list is refused. */
function refused(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    assert.doesNotMatch(error.message, /[\n\r]/);
    return error.message;
  }
  assert.fail("was accepted");
}

Deno.test("parseJsonGroups() reads what file_sd and http_sd have", () => {
  assert.deepEqual(parseJsonGroups(JSON.stringify(GROUPS), "a.json"), GROUPS);
  assert.deepEqual(parseJsonGroups("[]", "a.json"), []);
  const sparse = '[{}, {"targets": null, "labels": null}, {"labels": {"a": null}, "targets": []}]';
  assert.deepEqual(parseJsonGroups(sparse, "a.json"), [
    { targets: [], labels: {} },
    { targets: [], labels: {} },
    { targets: [], labels: { a: "" } },
  ]);
  assert.deepEqual(
    Object.keys(parseJsonGroups('[{"labels": {"__proto__": "x"}}]', "a.json")[0]!.labels),
    ["__proto__"],
  );
});

Deno.test("parseYamlGroups() reads the same, with scalars as they are written", () => {
  const yaml = `
- targets: [192.0.2.1, "db:5432"]
  labels: { env: prod, __openport_name: a b }
- targets:
  - ::1
`;
  assert.deepEqual(parseYamlGroups(yaml, "a.yml"), GROUPS);
  assert.deepEqual(parseYamlGroups("[]", "a.yml"), []);
  assert.deepEqual(
    parseYamlGroups(
      "- &g\n  targets: [1, true, 0x10]\n  labels: {a: 010, b: , c: 'null', d: 1e3}\n- *g",
      "a.yml",
    ),
    Array(2).fill({
      targets: ["1", "true", "0x10"],
      labels: { a: "010", b: "", c: "null", d: "1e3" },
    }),
  );
});

Deno.test("parseYamlGroups() and parseJsonGroups() read the same of any list", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 12 });
  const name = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((n) => n !== "__proto__");
  const group = fc.record({
    targets: fc.array(text),
    labels: fc.dictionary(name, text, { noNullPrototype: true }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(fc.array(group, { maxLength: 4 }), (groups) => {
    const json = JSON.stringify(groups);
    assert.deepEqual(parseJsonGroups(json, "a"), groups);
    // YAML takes these only escaped, and JSON does not escape them.
    if (!/[\u007f-\u009f\ufffe\uffff]/.test(json)) {
      assert.deepEqual(parseYamlGroups(json, "a"), groups);
    }
  }));
});

Deno.test("parseJsonGroups() names the source and the place of what is wrong", () => {
  const f = (text: string, message: string) =>
    assert.equal(refused(() => parseJsonGroups(text, "/etc/a.json")), `/etc/a.json${message}`);
  f("", ":1:1: Cannot read JSON: it ends too early");
  f('[\n  {"targets": [', ":2:16: Cannot read JSON: it ends too early");
  f("[\n  {,}]", ":2:4: Cannot read JSON: Expected property name or '}'");
  f("[1 2]", ":1:4: Cannot read JSON: Expected ',' or ']' after array element");
  const list = "Cannot use this as target groups: write a list " +
    'such as [{"targets": ["192.0.2.1"], "labels": {"env": "prod"}}], or [] for none';
  for (const text of ["null", "{}", '"x"', "1"]) f(text, `: ${list}`);
  const group = "Cannot use this as a target group: write one " +
    'such as [{"targets": ["192.0.2.1"], "labels": {"env": "prod"}}]';
  f("[{}, null]", `: [1]: ${group}`);
  f('["192.0.2.1"]', `: [0]: ${group}`);
  f("[[]]", `: [0]: ${group}`);
  f('[{"target": []}]', ": [0].target: Cannot use this key: allowed are targets and labels");
  f('[{"Targets": []}]', ": [0].Targets: Cannot use this key: allowed are targets and labels");
  f('[{"targets": "a"}]', ": [0].targets: Cannot use this: write a list of targets");
  f('[{"targets": ["a", 1]}]', ": [0].targets[1]: Cannot use this as a target: write a text");
  f('[{"targets": [null]}]', ": [0].targets[0]: Cannot use this as a target: write a text");
  f('[{"labels": []}]', ": [0].labels: Cannot use this: write labels as a mapping");
  f(
    '[{"labels": {"a": 1}}]',
    ": [0].labels.a: Cannot use this as the value of a label: write a text",
  );
  const name = "as a label name: write letters, digits and _, no digit first";
  f('[{"labels": {"a-b": "x"}}]', `: [0].labels.a-b: Cannot use "a-b" ${name}`);
  f(
    '[{"labels": {"\\u001b[2J": "x"}}]',
    `: [0].labels."\\u001b[2J": Cannot use "\\u001b[2J" ${name}`,
  );
});

Deno.test("parseYamlGroups() names line and column, and refuses what is half written", () => {
  const f = (text: string, message: RegExp) =>
    assert.match(refused(() => parseYamlGroups(text, "/etc/a.yml")), message);
  f("", /^\/etc\/a\.yml:1:1: Cannot use this as target groups/);
  f("# only a comment\n", /^\/etc\/a\.yml:\d:\d: Cannot use this as target groups/);
  f("- targets: [a]\n  label: {}\n", /^\/etc\/a\.yml:2:3: \[0\]\.label: Cannot use this key/);
  f("- targets: [a]\n- targets: [{}]\n", /^\/etc\/a\.yml:2:13: \[1\]\.targets\[0\]: Cannot use/);
  f("- targets: [a", /^\/etc\/a\.yml:\d+:\d+: Cannot read YAML/);
  f("- targets: [a]\n  targets: [b]\n", /^\/etc\/a\.yml:2:3: \[0\]\.targets: is written twice/);
  f("- targets: [~]\n", /^\/etc\/a\.yml:1:13: \[0\]\.targets\[0\]: Cannot use this as a target/);
  f("- targets: [!!binary aaaa]\n", /^\/etc\/a\.yml:1:13: /);
  f("- targets: [*a]\n", /^\/etc\/a\.yml:1:13: .*alias/);
  f("\u0000", /^\/etc\/a\.yml:1:1: Cannot read YAML/);
});

Deno.test("parseYamlGroups() does not fall for aliases that multiply", () => {
  const many = `- &g\n  targets: [${"a,".repeat(10_000)}]\n${"- *g\n".repeat(50_000)}`;
  const message = `Cannot use more than ${MAX_ITEMS} targets and labels in one list`;
  assert.ok(refused(() => parseYamlGroups(many, "a.yml")).endsWith(message));
  const levels = Array.from({ length: 40 }, (_, i) => `- &a${i + 1} [*a${i}, *a${i}]`);
  assert.match(
    refused(() => parseYamlGroups(["- &a0 [x]", ...levels].join("\n"), "a.yml")),
    /target group/,
  );
});
