import assert from "node:assert/strict";
import fc from "fast-check";
import { compareAddresses, formatAddress, parseAddress } from "../../src/domain/address.ts";

Deno.test("parseAddress() reads IPv4 as four plain decimal octets", () => {
  const f = (text: string, value: bigint) =>
    assert.deepEqual(parseAddress(text), { family: 4, value, text });
  f("0.0.0.0", 0n);
  f("127.0.0.1", 0x7f000001n);
  f("192.0.2.10", 0xc000020an);
  f("255.255.255.255", 0xffffffffn);
});

Deno.test("parseAddress() gives IPv6 its RFC 5952 text", () => {
  const f = (text: string, canonical: string) => {
    const address = parseAddress(text);
    assert.equal(address.family, 6);
    assert.equal(address.text, canonical);
    assert.deepEqual(parseAddress(canonical), address);
  };
  f("::", "::");
  f("::1", "::1");
  f("0:0:0:0:0:0:0:1", "::1");
  f("2001:DB8::1", "2001:db8::1");
  f("2001:0db8:0000:0000:0000:0000:0000:0001", "2001:db8::1");
  // one zero group is not shortened
  f("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
  f("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
  // the longest run is, the first of two equal ones
  f("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
  f("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
  f("1:0:0:2:3:0:0:0", "1:0:0:2:3::");
  f("fe80::", "fe80::");
  f("::7f00:1", "::7f00:1");
  f("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
});

Deno.test("parseAddress() refuses what nmap, libc or a person might read otherwise", () => {
  const f = (text: string) =>
    assert.throws(
      () => parseAddress(text),
      (error) => error instanceof SyntaxError && error.message.startsWith("Cannot "),
      JSON.stringify(text),
    );
  f("");
  f("127.1");
  f("127.0.1");
  f("2130706433");
  f("0x7f.0.0.1");
  f("0x7f000001");
  f("010.0.0.1");
  f("1.2.3.04");
  f("00.0.0.0");
  f("256.0.0.1");
  f("1.2.3.999");
  f("1.2.3.1000");
  f("1.2.3.4.5");
  f("1.2.3.");
  f(".1.2.3");
  f("1..2.3");
  f("-1.2.3.4");
  f("+1.2.3.4");
  f("1e1.2.3.4");
  f("1.2.3.4 ");
  f(" 1.2.3.4");
  f("1.2.3.4\n");
  f("1.2.3.4\0");
  f("1.2.3.4%eth0");
  f("1.2.3.4/32");
  f("1.2.3.*");
  f("1.2.3.1-4");
  f("1,2.3.4.5");
  f("١.2.3.4");
  f("1。2。3。4");
  f("localhost");
  f("-iL/etc/passwd");
  f("--script=x");
  // IPv6
  f(":");
  f(":::");
  f("1");
  f("1:2:3:4:5:6:7");
  f("1:2:3:4:5:6:7:8:9");
  f("1::2::3");
  f("12345::");
  f("1:2:3:4:5:6:7::8:9");
  f(":1:2:3:4:5:6:7");
  f("1:2:3:4:5:6:7:");
  f("fe80::1%eth0");
  f("fe80::1%25lo");
  f("[::1]");
  f("::1 ");
  f("::g");
  f("::1\n");
  f("::1.2.3.4");
  f("::ffff:1.2.3.4");
  f("64:ff9b::1.2.3.4");
  f("0000:0000:0000:0000:0000:0000:0000:00001");
});

Deno.test("parseAddress() names the IPv4 address to write instead of a mapped one", () => {
  const f = (text: string, ipv4: string) =>
    assert.throws(() => parseAddress(text), {
      message: `Cannot use an IPv4-mapped address: write ${ipv4}`,
    });
  f("::ffff:7f00:1", "127.0.0.1");
  f("0:0:0:0:0:FFFF:ffff:ffff", "255.255.255.255");
  assert.equal(parseAddress("::fffe:7f00:1").text, "::fffe:7f00:1");
  assert.equal(parseAddress("::1:ffff:7f00:1").text, "::1:ffff:7f00:1");
});

Deno.test("formatAddress() and parseAddress() are inverse", () => {
  fc.assert(fc.property(fc.bigInt(0n, 2n ** 32n - 1n), (value) => {
    assert.equal(parseAddress(formatAddress(4, value)).value, value);
  }));
  const groups = fc.array(fc.constantFrom(0n, 0n, 0n, 1n, 0xffffn, 0xabcn), {
    minLength: 8,
    maxLength: 8,
  });
  fc.assert(fc.property(groups, (parts) => {
    const value = parts.reduce<bigint>((sum, part) => sum * 65536n + part, 0n);
    fc.pre(value >> 32n !== 0xffffn);
    assert.equal(parseAddress(formatAddress(6, value)).value, value);
    const long = parts.map((part) => part.toString(16).padStart(4, "0")).join(":");
    assert.equal(parseAddress(long).text, formatAddress(6, value));
  }));
});

Deno.test("compareAddresses() puts IPv4 first and goes by value, not by text", () => {
  const sorted = (...texts: string[]) =>
    texts.map(parseAddress).sort(compareAddresses).map(({ text }) => text);
  assert.deepEqual(
    sorted("::1", "10.0.0.10", "9.0.0.1", "10.0.0.9", "::", "255.0.0.0", "2001:db8::"),
    ["9.0.0.1", "10.0.0.9", "10.0.0.10", "255.0.0.0", "::", "::1", "2001:db8::"],
  );
  assert.equal(compareAddresses(parseAddress("::1"), parseAddress("::1")), 0);
});
