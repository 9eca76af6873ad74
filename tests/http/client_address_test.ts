import assert from "node:assert/strict";
import fc from "fast-check";
import { clientAddress } from "../../src/http/client_address.ts";
import { networks } from "./builders.ts";

const trustedProxies = networks("10.0.0.0/8", "2001:db8:f::/48");

/** The client of a request from `peer`, with one `X-Forwarded-For` line for each text. */
function clientOf(peer: string | undefined, ...lines: readonly string[]): string | undefined {
  const headers = new Headers();
  for (const line of lines) headers.append("X-Forwarded-For", line);
  const info = peer === undefined ? {} : { remoteAddr: { hostname: peer } };
  return clientAddress(info, headers, { trustedProxies })?.text;
}

Deno.test("clientAddress() believes X-Forwarded-For only of a trusted proxy", () => {
  assert.equal(clientOf("192.0.2.9"), "192.0.2.9");
  assert.equal(clientOf("192.0.2.9", "10.0.0.1"), "192.0.2.9");
  assert.equal(clientOf("192.0.2.9", "127.0.0.1, 10.0.0.1"), "192.0.2.9");
  assert.equal(clientOf("10.0.0.1", "192.0.2.9"), "192.0.2.9");
  assert.equal(clientOf("10.0.0.1"), "10.0.0.1");
  assert.equal(clientOf("10.0.0.1", ""), "10.0.0.1");
});

Deno.test("clientAddress() stops at the rightmost address that is not trusted, whatever stands left of it", () => {
  assert.equal(clientOf("10.0.0.1", "127.0.0.1, 192.0.2.9"), "192.0.2.9");
  assert.equal(clientOf("10.0.0.1", "10.0.0.3, 192.0.2.9, 10.0.0.2"), "192.0.2.9");
  assert.equal(clientOf("10.0.0.1", "127.0.0.1", "192.0.2.9", "10.0.0.2"), "192.0.2.9");
  assert.equal(clientOf("10.0.0.1", "<script>, 192.0.2.9,, ,10.0.0.2,"), "192.0.2.9");
  // Proxies all the way: the first of them is the client.
  assert.equal(clientOf("10.0.0.1", "10.0.0.3,10.0.0.2"), "10.0.0.3");
});

Deno.test("clientAddress() reads addresses as proxies write them", () => {
  const f = (hop: string, expected: string) =>
    assert.equal(clientOf("10.0.0.1", hop), expected, hop);
  f("192.0.2.9:4711", "192.0.2.9");
  f("[2001:db8::9]:4711", "2001:db8::9");
  f("[2001:db8::9]", "2001:db8::9");
  f("2001:DB8::9", "2001:db8::9");
  f("::ffff:192.0.2.9", "192.0.2.9");
  f("[::ffff:c000:209]:1", "192.0.2.9");
  f("\t192.0.2.9 ", "192.0.2.9");
  // What is no address leaves the proxy that passed it on.
  for (
    const hop of [
      "unknown",
      "_hidden",
      "localhost",
      '"192.0.2.9"',
      "for=192.0.2.9",
      "192.0.2.9:",
      "192.0.2.9:123456",
      "192.0.2.9;10.0.0.2",
      "[192.0.2.9",
      "192.0.2.09",
      "127.1",
      "[[::1]]",
      "2001:db8::9::",
      "x".repeat(50_000),
    ]
  ) {
    f(hop, "10.0.0.1");
    assert.equal(clientOf("10.0.0.1", `192.0.2.9, ${hop}, 10.0.0.2`), "10.0.0.2", hop);
  }
});

Deno.test("clientAddress() takes an IPv4-mapped peer for the IPv4 address that it is", () => {
  assert.equal(clientOf("::ffff:192.0.2.9"), "192.0.2.9");
  assert.equal(clientOf("::ffff:10.0.0.1", "192.0.2.9"), "192.0.2.9");
  assert.equal(clientOf("2001:db8:f::1", "::ffff:10.0.0.1, 10.0.0.2"), "10.0.0.1");
});

Deno.test("clientAddress() knows no client where the connection has no address", () => {
  assert.equal(clientOf(undefined, "192.0.2.9"), undefined);
  assert.equal(clientOf("", "192.0.2.9"), undefined);
  assert.equal(clientAddress(undefined, new Headers(), { trustedProxies }), undefined);
});

Deno.test("clientAddress() never lets a client choose: what it sends does not matter", () => {
  const sent = fc.string({ unit: "grapheme-ascii", maxLength: 60 });
  const hop = fc.oneof(sent, fc.constantFrom("10.0.0.9", "127.0.0.1", "", ",", "10.0.0.9, ::1"));
  fc.assert(fc.property(fc.array(hop, { maxLength: 4 }), (hops) => {
    const forged = hops.map((text) => text.replace(/[^\x20-\x7e]/g, ""));
    assert.equal(clientOf("192.0.2.9", ...forged), "192.0.2.9");
    assert.equal(clientOf("10.0.0.1", ...forged, "192.0.2.9, 10.0.0.2"), "192.0.2.9");
  }));
});
