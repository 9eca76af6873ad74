import assert from "node:assert/strict";
import fc from "fast-check";
import { cutAddressRuns } from "../../src/config/address_runs.ts";
import { readYaml } from "../../src/config/yaml_tree.ts";
import type { YamlEntry } from "../../src/config/yaml_value.ts";

/** A list of as many addresses, each on a line. */
function list(count: number, { indent = "  ", quote = "", end = "\n", first = 1 } = {}): string {
  return Array.from(
    { length: count },
    (_, index) => `${indent}- ${quote}10.0.${index >> 8}.${(index + first) & 255}${quote}${end}`,
  ).join("");
}

/** What a reader sees of an entry. */
function seen({ value, offset, keyOffset, unreadable, children }: YamlEntry): unknown {
  const below = [...children].map(([key, child]) => [key, seen(child)]);
  return { value, offset, keyOffset, unreadable, below };
}

function assertSameWithoutRuns(text: string): void {
  const [fast, slow] = [readYaml(text), readYaml(text, (rest) => ({ rest, runs: [] }))];
  assert.deepEqual(fast.problems, slow.problems);
  assert.deepEqual(fast.root && seen(fast.root), slow.root && seen(slow.root));
}

Deno.test("cutAddressRuns() leaves the first and last line of a run, and every offset", () => {
  const text = `a: 1\ntargets:\n${list(100)}b: 2\n`;
  const { rest, runs } = cutAddressRuns(text);
  assert.equal(rest.length, text.length);
  assert.match(rest, /^a: 1\ntargets:\n {2}- 10\.0\.0\.1\n +\n {2}- 10\.0\.0\.100\nb: 2\n$/);
  const [run] = runs;
  assert.equal(runs.length, 1);
  assert.equal(run!.cut.length, 98);
  for (const { offset, text: address } of [run!.first, ...run!.cut, run!.last]) {
    assert.equal(text.slice(offset, offset + address.length + 1), `${address}\n`);
  }
});

Deno.test("cutAddressRuns() cuts what surely is a run of addresses and nothing else", () => {
  const runs = (text: string) => cutAddressRuns(text).runs.map(({ cut }) => cut.length + 2);
  assert.deepEqual(runs(list(63)), []);
  assert.deepEqual(runs(list(64)), [64]);
  assert.deepEqual(runs(list(70, { quote: '"' })), [70]);
  assert.deepEqual(runs(list(70, { end: "/32  # a host\r\n" })), [70]);
  assert.deepEqual(runs(list(70, { indent: "" })), [70]);
  assert.deepEqual(runs(`${list(70)}\n${list(80)}`), [70, 80]);
  assert.deepEqual(runs(list(70) + list(70, { indent: "   " })), [70, 70]);
  assert.deepEqual(runs("- 2001:db8::1\n".repeat(64)), [64]);
  // keys, numbers, names, aliases, anchors, tags
  for (const item of ["fe80::", "10.0", "1:2: 3", "host", "*a", "&a 10.0.0.1", "!!str 10.0.0.1"]) {
    assert.deepEqual(runs(`- ${item}\n`.repeat(100)), [], item);
  }
  // two runs are not one where a line between them belongs to neither
  assert.deepEqual(runs(`${list(64)}  - host\n${list(64)}`), [64, 64]);
  assert.deepEqual(runs(list(100, { end: "\u2028" })), []);
  assert.deepEqual(runs(list(100, { end: "\r" })), []);
});

Deno.test("readYaml() reads the same with and without runs", () => {
  const texts = [
    `targets:\n${list(100)}`,
    `targets:\n${list(100, { indent: "" })}other: [1]\n`,
    `targets:\n${list(100, { quote: "'" })}  - last\n${list(100)}`,
    `targets: &a\n${list(100)}again: *a\n`,
    `targets:\n  -\n${list(100, { indent: "    " })}  - x\n`,
    `text: |\n${list(100)}`,
    `text: "\n${list(100)}"\n`,
    `text: plain\n${list(100)}`,
    `text: plain\n ${list(100)}`,
    `targets: [\n${list(100)}]\n`,
    `targets:\n${list(100)}   bad: [\n`,
    `targets:\n${list(100)}targets:\n${list(70)}`,
    `targets:\n  - a\n  - b:\n${list(100, { indent: "      " })}  - c\n`,
  ];
  for (const text of texts) assertSameWithoutRuns(text);
});

Deno.test("readYaml() says the same place of everything in and after a run", () => {
  const text = `# targets\ntargets:\n${list(200)}  - host\nlater: x\n`;
  const { root, locate } = readYaml(text);
  const targets = root!.children.get("targets")!;
  assert.equal(targets.children.size, 201);
  for (const [index, child] of targets.children) {
    assert.deepEqual(locate(child.offset), { line: 3 + Number(index), column: 5 });
  }
  assert.deepEqual(locate(root!.children.get("later")!.keyOffset), { line: 204, column: 1 });
});

Deno.test("readYaml() reads any mixture of lines the same with and without runs", () => {
  const part = fc.oneof(
    fc.record({
      count: fc.integer({ min: 1, max: 130 }),
      indent: fc.constantFrom("", "  ", "    "),
      quote: fc.constantFrom("", "'", '"'),
      end: fc.constantFrom("\n", "\r\n", " # note\n"),
    }).map(({ count, ...how }) => list(count, how)),
    fc.constantFrom(
      ...["a:\n", "b: |\n", "c: >\n", "  d: 'x\n", "'\n", "\n", "  - e\n", "# f\n", "  - g:\n"],
      ...["h: [\n", "]\n", "i: &x\n", "j: *x\n", "---\n", "  k\n", "\t\n"],
    ),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      assertSameWithoutRuns(parts.join(""));
    }),
    { numRuns: 200 },
  );
});
