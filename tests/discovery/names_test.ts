import assert from "node:assert/strict";
import { type Lookup, resolveAll } from "../../src/discovery/names.ts";

/** A resolver that answers with texts, or fails with a code; each by the version of IP that is asked for. */
function makeLookup(answers: Readonly<Record<0 | 4 | 6, readonly string[] | string>>) {
  const asked: number[] = [];
  const lookup: Lookup = (_name, { family }) => {
    asked.push(family);
    const answer = answers[family];
    return typeof answer === "string"
      ? Promise.reject(Object.assign(new Error(answer), { code: answer }))
      : Promise.resolve(answer.map((address) => ({ address })));
  };
  return { asked, lookup };
}

/** What came of a name, as one text. */
async function resolved(answers: Parameters<typeof makeLookup>[0], name = "db.example") {
  const result = await resolveAll(name, makeLookup(answers));
  return result.kind === "unresolved"
    ? result.message
    : `${result.addresses.map(({ text }) => text)} ${result.unanswered.map((f) => `?${f}`)}`.trim();
}

Deno.test("resolveAll() gives every address once, canonical and in order", async () => {
  const both = [
    "2001:DB8::2",
    "192.0.2.20",
    "192.0.2.3",
    "::ffff:192.0.2.3",
    "2001:db8:0::2",
    "fe80::1%lo",
  ];
  assert.equal(
    await resolved({ 0: both, 4: "UNUSED", 6: "UNUSED" }),
    "192.0.2.3,192.0.2.20,2001:db8::2,fe80::1",
  );
});

Deno.test("resolveAll() asks again for a version of IP that is missing, because libc does not say why", async () => {
  const f = async (answers: Parameters<typeof makeLookup>[0], expected: string) =>
    assert.equal(await resolved(answers), expected);
  await f({ 0: ["192.0.2.1"], 4: "UNUSED", 6: "ENOTFOUND" }, "192.0.2.1");
  await f({ 0: ["192.0.2.1"], 4: "UNUSED", 6: "EAI_AGAIN" }, "192.0.2.1 ?6");
  await f({ 0: ["192.0.2.1"], 4: "UNUSED", 6: ["2001:db8::1"] }, "192.0.2.1,2001:db8::1");
  await f({ 0: ["2001:db8::1"], 4: "EAI_AGAIN", 6: "UNUSED" }, "2001:db8::1 ?4");
  const { asked, lookup } = makeLookup({ 0: ["::1"], 4: ["127.0.0.1"], 6: "UNUSED" });
  await resolveAll("ip6-localhost", { lookup });
  assert.deepEqual(asked, [0]);
});

Deno.test("resolveAll() says why a name has no address, and never rejects", async () => {
  const f = async (answer: readonly string[] | string, reason: string) =>
    assert.equal(
      await resolved({ 0: answer, 4: "ENOTFOUND", 6: "ENOTFOUND" }),
      `Cannot resolve "db.example": ${reason}`,
    );
  await f("ENOTFOUND", "there is no such name, or it has no address");
  await f("EAI_AGAIN", "no name server answers");
  await f("EPERM", "the permission to use the network was given up; restart the exporter");
  await f("ESOMETHING", "the resolver failed (ESOMETHING)");
  await f([], "it has no address");
  await f(["0.0.0.0"], "it resolves to 0.0.0.0, which is no host (a filter of names?)");
  assert.equal(
    await resolved({ 0: ["0.0.0.0", "::"], 4: [], 6: [] }),
    'Cannot resolve "db.example": it resolves to 0.0.0.0, which is no host (a filter of names?)',
  );
});

Deno.test("resolveAll() gives up after its time", async () => {
  const lookup: Lookup = () => new Promise(() => {});
  assert.deepEqual(await resolveAll("db.example", { lookup, timeoutMs: 20 }), {
    kind: "unresolved",
    message: 'Cannot resolve "db.example": no answer within 0.02 s',
  });
});

Deno.test("resolveAll() takes an address for itself, and nothing that libc alone takes for one", async () => {
  const { asked, lookup } = makeLookup({ 0: ["192.0.2.1"], 4: [], 6: "ENOTFOUND" });
  const f = async (name: string) => {
    const result = await resolveAll(name, { lookup });
    return result.kind === "resolved" ? result.addresses.map(({ text }) => text) : [];
  };
  assert.deepEqual(await f("192.0.2.7"), ["192.0.2.7"]);
  assert.deepEqual(await f("2001:DB8::7"), ["2001:db8::7"]);
  for (
    const name of [
      "",
      ".",
      "127.1",
      "2130706433",
      "0x7f.1",
      "0x7f000001",
      "a.0x1",
      "a.1",
      "1.2.3.4.5",
      "a b",
      "a/24",
      "-a.example",
      "a..b",
      "--script=x",
      "ö.example",
      "a\n",
      `${"a".repeat(64)}.example`,
      `${"a.".repeat(130)}example`,
    ]
  ) assert.deepEqual(await f(name), [], name);
  assert.deepEqual(asked, []);
  for (
    const name of [
      "db",
      "db.example",
      "db.example.",
      "_x._tcp.example",
      "1a.example",
      "xn--nxasmq6b",
    ]
  ) {
    assert.deepEqual(await f(name), ["192.0.2.1"], name);
  }
});

Deno.test("resolveAll() asks the system, /etc/hosts included", async () => {
  const result = await resolveAll("localhost");
  assert.ok(result.kind === "resolved");
  assert.ok(result.addresses.some(({ text }) => text === "127.0.0.1" || text === "::1"));
});
