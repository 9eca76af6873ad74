import assert from "node:assert/strict";
import { parseAddress } from "../../src/domain/address.ts";
import { parseNetwork } from "../../src/domain/network.ts";
import { AddressTable, SEEN } from "../../src/oneshot/address_table.ts";

const table = (...texts: string[]) =>
  new AddressTable(texts.map((text) => parseNetwork(text).network));

Deno.test("AddressTable counts each address once, however many networks have it", () => {
  assert.equal(table("10.0.0.0/24", "10.0.0.5", "10.0.0.128/25", "::1").size, 257);
});

Deno.test("AddressTable counts an address by the least that is known of it", () => {
  const it = table("10.0.0.4/30", "2001:db8::/126", "192.0.2.1");
  it.mark("10.0.0.4", SEEN.up | SEEN.answered);
  it.mark("10.0.0.5", SEEN.up);
  it.mark("10.0.0.5", SEEN.down);
  it.mark("10.0.0.6", SEEN.down);
  it.mark("10.0.0.7", SEEN.up | SEEN.unknown);
  it.mark("2001:db8::", SEEN.unknown | SEEN.timedOut);
  it.mark("2001:db8::3", SEEN.down);
  it.mark("10.0.0.8", SEEN.up);
  it.mark("10.0.0.3", SEEN.up);
  it.mark("2001:db8::4", SEEN.up);
  assert.deepEqual(it.count(), { up: 2, down: 2, timedOut: 1, unknown: 4, answered: 1, known: 5 });
});

Deno.test("AddressTable marks ranges and tells flags of one address", () => {
  const it = table("10.0.0.0/24", "10.0.2.0/24");
  it.markRange(parseAddress("10.0.2.250"), 6, SEEN.gap);
  const marked = ["10.0.2.249", "10.0.2.250", "10.0.2.255", "10.0.1.250", "10.0.0.250", "::"];
  assert.deepEqual(
    marked.map((text) => it.has(parseAddress(text), SEEN.gap)),
    [false, true, true, false, false, false],
  );
});
