import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { parseAddress } from "../../src/domain/address.ts";
import { MAX_LOOKUPS, NameBook, RETRY_MS } from "../../src/discovery/name_book.ts";
import { makeResolver } from "./fake_names.ts";

const DAY = 86_400_000;

function setUp(
  answers: Record<string, string>,
  { known = {} }: { known?: Record<string, string> } = {},
) {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"] });
  const resolver = makeResolver(answers);
  const events: string[] = [];
  const book = new NameBook({
    resolve: resolver.resolve,
    now: () => clock.now,
    known: new Map(
      Object.entries(known).map(([name, text]) => [name, text.split(" ").map(parseAddress)]),
    ),
    onChange: () => events.push("change"),
    onUnknown: (name) => events.push(`unknown ${name}`),
    onProblem: (message) => events.push(message),
    onRecovered: (message) => events.push(message),
    onIdle: () => events.push("idle"),
  });
  return {
    ...resolver,
    clock,
    book,
    /** What was told since this was last asked. */
    told: () => events.splice(0),
    of: (name: string) => book.addressesOf(name).map(({ text }) => text).join(" "),
    check: (name: string, address: string) => book.check(name, parseAddress(address)),
    [Symbol.dispose]() {
      book.stop();
      clock.uninstall();
    },
  };
}

Deno.test("NameBook knows what was known before, then what is", async () => {
  using t = setUp({ a: "192.0.2.2 192.0.2.1", b: "::1" }, { known: { a: "192.0.2.9", c: "::3" } });
  t.book.replace(new Map([["a", DAY], ["b", DAY], ["c", DAY]]));
  assert.deepEqual([t.of("a"), t.of("b"), t.of("c"), t.asked], ["192.0.2.9", "", "::3", []]);
  t.book.start();
  await t.clock.tickAsync(0);
  assert.deepEqual([t.of("a"), t.of("b"), t.of("c")], ["192.0.2.1 192.0.2.2", "::1", "::3"]);
  assert.deepEqual(t.told(), ["change", "change", 'Cannot resolve "c": x', "idle"]);
  assert.deepEqual(t.book.failures, ['Cannot resolve "c": x']);
  assert.deepEqual([...t.book.known()].map(([name]) => name), ["a", "b", "c"]);
  t.book.replace(new Map([["a", DAY]]));
  t.book.replace(new Map([["a", DAY], ["c", DAY]]));
  assert.deepEqual([t.of("b"), t.of("c")], ["", ""]);
});

Deno.test("NameBook keeps the addresses that nobody denied", async () => {
  using t = setUp({ a: "192.0.2.1 ::1" });
  t.book.replace(new Map([["a", DAY]]));
  t.book.start();
  await t.clock.tickAsync(0);
  assert.equal(t.of("a"), "192.0.2.1 ::1");
  const f = async (answer: string | undefined, expected: string) => {
    if (answer === undefined) delete t.answers["a"];
    else t.answers["a"] = answer;
    await t.clock.tickAsync(1000);
    await t.check("a", "192.0.2.1");
    assert.equal(t.of("a"), expected);
  };
  await f("192.0.2.2 ?6", "192.0.2.2 ::1");
  await f("192.0.2.2 ?6", "192.0.2.2 ::1");
  await f("::2 ?4", "192.0.2.2 ::2");
  await f(undefined, "192.0.2.2 ::2");
  await f("192.0.2.2", "192.0.2.2");
});

Deno.test("NameBook looks up a name without an address every 30 s, or at its interval if that is shorter", async () => {
  using t = setUp({ c: "::1" });
  t.book.replace(new Map([["a", DAY], ["b", 10_000], ["c", 10_000]]));
  t.book.start();
  await t.clock.tickAsync(RETRY_MS - 1);
  assert.deepEqual(t.asked, ["a", "b", "c", "b", "b"]);
  assert.deepEqual(t.told().filter((line) => !["idle", "change"].includes(line)), [
    'Cannot resolve "a": x',
    "unknown a",
    'Cannot resolve "b": x',
    "unknown b",
    "unknown b",
    "unknown b",
  ]);
  t.answers["a"] = t.answers["b"] = "192.0.2.1";
  await t.clock.tickAsync(1);
  assert.deepEqual(t.asked.slice(5).sort(), ["a", "b", "c"]);
  const recovered = ['"a" resolves again', "change", '"b" resolves again', "change"];
  assert.deepEqual(t.told().filter((line) => line !== "idle"), recovered);
});

Deno.test("NameBook looks up a name that nobody asks for once in an interval", async () => {
  using t = setUp({ a: "::1" });
  t.book.replace(new Map([["a", 100_000]]));
  t.book.start();
  await t.clock.tickAsync(99_999);
  assert.equal(t.asked.length, 1);
  await t.check("a", "::1");
  assert.equal(t.asked.length, 2);
  await t.clock.tickAsync(99_999);
  assert.equal(t.asked.length, 2);
  await t.clock.tickAsync(1);
  assert.equal(t.asked.length, 3);
  await t.clock.tickAsync(40 * DAY);
  assert.equal(t.asked.length, 3 + 40 * DAY / 100_000);
});

Deno.test("NameBook.check() asks anew, once for all that ask at the same time", async () => {
  using t = setUp({ a: "192.0.2.1 192.0.2.2" });
  t.book.replace(new Map([["a", DAY]]));
  t.book.start();
  await t.clock.tickAsync(0);
  await t.clock.tickAsync(999);
  assert.equal(await t.check("a", "192.0.2.1"), "same");
  assert.equal(t.asked.length, 1);
  await t.clock.tickAsync(1);
  t.answers["a"] = "192.0.2.2 ?6";
  const verdicts = [t.check("a", "192.0.2.1"), t.check("a", "192.0.2.2"), t.check("a", "::1")];
  assert.deepEqual(await Promise.all(verdicts), ["gone", "same", "gone"]);
  assert.equal(t.asked.length, 2);
  await t.clock.tickAsync(1000);
  delete t.answers["a"];
  const unresolved = { unresolved: 'Cannot resolve "a": x' };
  assert.deepEqual(await t.check("a", "192.0.2.2"), unresolved);
  assert.deepEqual(await t.check("a", "192.0.2.2"), unresolved);
  assert.equal(await t.check("a", "192.0.2.1"), "gone");
  assert.equal(await t.check("b", "192.0.2.1"), "gone");
  assert.equal(t.asked.length, 3);
});

Deno.test("NameBook.check() does not vouch for an address that nobody answered for", async () => {
  using t = setUp({ a: "192.0.2.1 ?6" }, { known: { a: "::1" } });
  t.book.replace(new Map([["a", DAY]]));
  t.book.start();
  await t.clock.tickAsync(0);
  assert.equal(await t.check("a", "192.0.2.1"), "same");
  assert.deepEqual(await t.check("a", "::1"), {
    unresolved: 'Cannot resolve "a": no name server answers for IPv6',
  });
});

Deno.test("NameBook looks up few names at once, and lets those that a scan waits for pass", async () => {
  using t = setUp({});
  const names = Array.from({ length: 100 }, (_, i) => `n${i}`);
  t.hold();
  t.book.replace(new Map(names.map((name) => [name, DAY])));
  t.book.start();
  await t.clock.tickAsync(0);
  assert.deepEqual([t.most(), t.book.busy], [MAX_LOOKUPS, true]);
  const checked = t.check("n99", "::1");
  assert.equal(t.asked.at(-1), "n99");
  t.release();
  await checked;
  await t.clock.tickAsync(0);
  assert.deepEqual([t.asked.length, t.most(), t.book.busy], [100, MAX_LOOKUPS + 1, false]);
  assert.deepEqual(t.told().filter((line) => line === "idle").length, 1);
});

Deno.test("NameBook uses no answer for a name that left, nor after it was stopped", async () => {
  using t = setUp({ a: "::1", b: "::2" });
  t.hold();
  t.book.replace(new Map([["a", DAY], ["b", DAY]]));
  t.book.start();
  const checked = t.check("a", "::1");
  t.book.replace(new Map([["b", DAY]]));
  t.book.stop();
  t.release();
  assert.equal(await checked, "gone");
  await t.clock.tickAsync(DAY);
  assert.deepEqual([t.told(), t.asked, t.of("b")], [[], ["a", "b"], ""]);
});
