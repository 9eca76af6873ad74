import assert from "node:assert/strict";
import {
  formatListenAddress,
  isLoopback,
  parseListenAddress,
} from "../../src/http/listen_address.ts";

Deno.test("parseListenAddress() reads an address and a port, all interfaces by default", () => {
  const f = (text: string, hostname: string, port: number) =>
    assert.deepEqual(parseListenAddress(text), { hostname, port }, text);
  f(":9919", "0.0.0.0", 9919);
  f(":0", "0.0.0.0", 0);
  f(":65535", "0.0.0.0", 65535);
  f("127.0.0.1:9919", "127.0.0.1", 9919);
  f("0.0.0.0:80", "0.0.0.0", 80);
  f("[::1]:9919", "::1", 9919);
  f("[::]:9919", "::", 9919);
  f("[2001:db8::1]:1", "2001:db8::1", 1);
  f("localhost:9919", "localhost", 9919);
});

Deno.test("parseListenAddress() refuses everything else and says what is allowed", () => {
  const form = /write :9919, 127\.0\.0\.1:9919 or \[::1\]:9919/;
  const address = /Cannot read an IP address here|Cannot read an IPv6 address here|above 255/;
  const f = (text: string, expected: RegExp) => {
    const refused = (error: unknown) =>
      error instanceof SyntaxError && expected.test(error.message);
    assert.throws(() => parseListenAddress(text), refused, text);
  };
  f("", form);
  f("9919", form);
  f(":", form);
  f("127.0.0.1", form);
  f("127.0.0.1:", form);
  f(":65536", form);
  f(":99999", form);
  f(":100000", form);
  f(":-1", form);
  f(":+1", form);
  f(":0x50", form);
  f(":80a", form);
  f(": 80", form);
  f(" :80", address);
  f(":80\n", form);
  f(":٨٠", form);
  f("::1:9919", form);
  f("2001:db8::1:80", form);
  f("[::1]", form);
  f("[::1]9919", form);
  f("[[::1]]:80", form);
  f("http://127.0.0.1:80", form);
  f("256.0.0.1:80", address);
  f("127.1:80", address);
  f("127.0.0.1 :80", address);
  f("example.org:80", address);
  f("LOCALHOST:80", address);
  f("*:80", address);
  f("[127.0.0.1:80", form);
  f("[fe80::1%eth0]:80", address);
  f("[::g]:80", address);
});

Deno.test("formatListenAddress() writes what parseListenAddress() reads", () => {
  for (const text of ["127.0.0.1:9919", "0.0.0.0:0", "[::1]:9919", "[::]:80", "localhost:1"]) {
    assert.equal(formatListenAddress(parseListenAddress(text)), text);
  }
});

Deno.test("isLoopback() knows where only this machine can reach", () => {
  const f = (text: string, expected: boolean) =>
    assert.equal(isLoopback(parseListenAddress(text)), expected, text);
  f("127.0.0.1:1", true);
  f("127.255.0.3:1", true);
  f("[::1]:1", true);
  f("localhost:1", true);
  f(":1", false);
  f("[::]:1", false);
  f("128.0.0.1:1", false);
  f("192.0.2.127:1", false);
  f("[::2]:1", false);
});
