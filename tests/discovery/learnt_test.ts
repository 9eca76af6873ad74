import assert from "node:assert/strict";
import { parseAddress } from "../../src/domain/address.ts";
import {
  encodeKnown,
  fileSource,
  type KnownValue,
  nameSource,
  readLearnt,
  urlSource,
} from "../../src/discovery/learnt.ts";

Deno.test("readLearnt() reads what was stored of files, URLs and names", () => {
  const list: KnownValue = {
    kind: "list",
    groups: [{ targets: ["192.0.2.1"], labels: { env: 'prod "é"' } }, { targets: [], labels: {} }],
  };
  const addresses: KnownValue = {
    kind: "addresses",
    addresses: ["192.0.2.1", "2001:db8::1"].map(parseAddress),
  };
  const url = urlSource("https://example.org/?token=hush");
  const rows = [
    [fileSource("/etc/a b.json"), list],
    [url, list],
    [nameSource("db.example"), addresses],
  ] as const;
  const read = readLearnt(
    rows.map(([source, value]) => ({ source, value: encodeKnown(value) })),
  );
  assert.deepEqual([...read.files], [["/etc/a b.json", list.groups]]);
  assert.deepEqual([...read.urls], [[url, list.groups]]);
  assert.deepEqual([...read.names], [["db.example", addresses.addresses]]);
  assert.deepEqual([...read.bySource], rows);
  assert.deepEqual(read.unreadable, []);
});

Deno.test("readLearnt() leaves out what it cannot read", () => {
  const rows = [
    ["name a", "no JSON"],
    ["name b", '["192.0.2.1", "192.0.2"]'],
    ["name c", "[]"],
    ["name d", "{}"],
    ["file /a", '{"targets": []}'],
    ["url 1", "["],
    ["other", "[]"],
  ].map(([source, value]) => ({ source: source!, value: value! }));
  const { bySource, unreadable } = readLearnt(rows);
  assert.deepEqual([...bySource], []);
  assert.deepEqual(unreadable, rows.map(({ source }) => source));
});

Deno.test("urlSource() tells URLs apart and repeats nothing of them", () => {
  const sources = ["https://a/?token=hush", "https://a/?token=hush2"].map(urlSource);
  assert.notEqual(sources[0], sources[1]);
  for (const source of sources) assert.match(source, /^url [0-9a-f]{64}$/);
});
