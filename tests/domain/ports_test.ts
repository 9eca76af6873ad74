import assert from "node:assert/strict";
import fc from "fast-check";
import {
  MAX_PORT_ITEMS,
  parsePorts,
  type PortRange,
  PortSet,
  stripBlanks,
} from "../../src/domain/ports.ts";

Deno.test("parsePorts() reads numbers and ranges and prints them in order", () => {
  const f = (text: string, canonical: string, size: number) => {
    const ports = parsePorts(text);
    assert.equal(ports.toString(), canonical);
    assert.equal(ports.size, size);
  };
  f("22", "22", 1);
  f("1-65535", "1-65535", 65_535);
  f("443,22,80", "22,80,443", 3);
  f("8000-8100,22", "22,8000-8100", 102);
  f("5-5", "5", 1);
  f("1-2,3,4-9", "1-9", 9);
  f("80,80,80", "80", 1);
  f("10-20,15-30,12", "10-30", 21);
  f("65535", "65535", 1);
});

Deno.test("parsePorts() refuses everything else", () => {
  const f = (text: string, error: typeof SyntaxError | typeof RangeError) =>
    assert.throws(
      () => parsePorts(text),
      (caught) =>
        caught instanceof error && caught.message.startsWith("Cannot ") &&
        caught.message.length < 200,
      JSON.stringify(text).slice(0, 100),
    );
  f("", SyntaxError);
  f(",", SyntaxError);
  f("22,", SyntaxError);
  f(",22", SyntaxError);
  f("22,,23", SyntaxError);
  f("-", SyntaxError);
  f("-80", SyntaxError);
  f("80-", SyntaxError);
  f("1-2-3", SyntaxError);
  f("T:80", SyntaxError);
  f("U:53", SyntaxError);
  f("http", SyntaxError);
  f("*", SyntaxError);
  f("[1-10]", SyntaxError);
  f("080", SyntaxError);
  f("0x50", SyntaxError);
  f("8e1", SyntaxError);
  f("8.0", SyntaxError);
  f("+80", SyntaxError);
  f(" 80", SyntaxError);
  f("80 ", SyntaxError);
  f("80\n", SyntaxError);
  f("80\0", SyntaxError);
  f("８０", SyntaxError);
  f("80;id", SyntaxError);
  f("-oN=/tmp/x", SyntaxError);
  f("0", RangeError);
  f("0-10", RangeError);
  f("65536", RangeError);
  f("1-65536", RangeError);
  f("99999999999999999999999999999", RangeError);
  f("9".repeat(1_000_000), RangeError);
  f("80-22", RangeError);
  f("1,".repeat(1000) + "1", RangeError);
  f("x".repeat(1_000_000), SyntaxError);
});

Deno.test("parsePorts() takes as many items as it says", () => {
  const items = Array.from({ length: MAX_PORT_ITEMS }, (_, index) => index * 2 + 1);
  assert.equal(parsePorts(items.join(",")).size, MAX_PORT_ITEMS);
});

Deno.test("parsePorts() says which item is wrong and what would be right", () => {
  const f = (text: string, message: RegExp) => assert.throws(() => parsePorts(text), { message });
  f("22,80-22", /"80-22".*write 22-80/);
  f("22,65536", /"65536".*1 to 65535/);
  f("22,x y", /"x y"/);
  f("22," + "x".repeat(50), /"x{20}…"/);
});

Deno.test("stripBlanks() takes blanks out around commas and hyphens only", () => {
  const f = (text: string, expected: string) => assert.equal(stripBlanks(text), expected);
  f(" 22, 80 ,443 - 445\t", "22,80,443-445");
  f("22", "22");
  f("2 2", "2 2");
});

Deno.test("PortSet does what a plain set of numbers does", () => {
  const LAST = 40;
  const all = Array.from({ length: LAST + 2 }, (_, port) => port);
  const range = fc.tuple(fc.integer({ min: 1, max: LAST }), fc.integer({ min: 0, max: 6 }))
    .map(([first, more]): PortRange => [first, Math.min(LAST, first + more)]);
  const set = fc.array(range, { maxLength: 8 }).map((ranges) => ({
    ports: PortSet.fromRanges(ranges),
    model: new Set(ranges.flatMap(([first, last]) => all.slice(first, last + 1))),
  }));
  const ascending = (ports: Iterable<number>) => [...ports].sort((a, b) => a - b);
  const same = (ports: PortSet, model: ReadonlySet<number>) => {
    assert.deepEqual([...ports], ascending(model));
    assert.equal(ports.size, model.size);
    for (const port of all) assert.equal(ports.has(port), model.has(port));
    // ranges neither overlap nor touch
    ports.ranges.reduce((previous, [first, last]) => {
      assert.ok(first > previous + 1 && last >= first);
      return last;
    }, -1);
    if (ports.size > 0) assert.ok(parsePorts(ports.toString()).equals(ports));
  };
  fc.assert(
    fc.property(set, set, (a, b) => {
      same(a.ports, a.model);
      same(PortSet.of(a.model), a.model);
      same(a.ports.union(b.ports), a.model.union(b.model));
      same(a.ports.intersect(b.ports), a.model.intersection(b.model));
      same(a.ports.subtract(b.ports), a.model.difference(b.model));
      assert.equal(a.ports.covers(b.ports), a.model.isSupersetOf(b.model));
      assert.equal(
        a.ports.equals(b.ports),
        a.model.isSupersetOf(b.model) && b.model.isSupersetOf(a.model),
      );
      assert.ok(a.ports.equals(PortSet.fromRanges([...a.ports.ranges].reverse())));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("PortSet keeps the object where nothing changes, so that hosts share one", () => {
  const wide = parsePorts("1-65535");
  const narrow = parsePorts("22,80");
  assert.equal(wide.union(narrow), wide);
  assert.equal(narrow.union(wide), wide);
  assert.equal(wide.intersect(narrow), narrow);
  assert.equal(narrow.subtract(PortSet.EMPTY), narrow);
});

Deno.test("PortSet.id is the canonical list where it is short, and else a text of its own that is", () => {
  assert.equal(parsePorts("80,22,8000-8100").id, "22,80,8000-8100");
  assert.equal(PortSet.EMPTY.id, "");
  const every = (step: number, count: number) =>
    PortSet.of(Array.from({ length: count }, (_, n) => 10 + n * step));
  assert.equal(every(2, 21).id, every(2, 21).toString());
  assert.equal(every(2, 21).toString().length, 62);
  // it stands in stored state
  assert.equal(every(2, 22).id, "sha256:8d9241e2d417e89e8cd409b224cd3c96");
  assert.equal(every(2, 22).id, parsePorts(every(2, 22).toString()).id);
  assert.notEqual(every(2, 1000).id, every(2, 1001).id);
});
