import assert from "node:assert/strict";
import { formatNetwork } from "../../src/domain/network.ts";
import { ParameterError } from "../../src/http/parameters.ts";
import { parseScanQuery } from "../../src/http/scan_query.ts";

/** Parameters as an address with `?` gives them. */
function parametersOf(query: string): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    all.set(name, [...(all.get(name) ?? []), value]);
  }
  return all;
}

Deno.test("parseScanQuery() reads addresses, networks, ports and protocols", () => {
  const f = (query: string, network: string, ports: string, protocol: string) => {
    const read = parseScanQuery(parametersOf(query));
    assert.deepEqual(
      [formatNetwork(read.network), String(read.ports), read.protocol],
      [network, ports, protocol],
    );
  };
  f("ip=127.0.0.1&ports=22", "127.0.0.1/32", "22", "tcp");
  f("ip=127.0.0.1/32&ports=1-65535", "127.0.0.1/32", "1-65535", "tcp");
  f("ip=127.0.0.77/8&ports=80,22,22", "127.0.0.0/8", "22,80", "tcp");
  f("ip=192.0.2.129/25&ports=1-3,2-5", "192.0.2.128/25", "1-5", "tcp");
  f("ip=::1&ports=53&protocol=udp", "::1/128", "53", "udp");
  f("ip=2001:DB8:0::1&ports=1&protocol=tcp", "2001:db8::1/128", "1", "tcp");
  f("ip=2001:db8::ffff/112&ports=1", "2001:db8::/112", "1", "tcp");
});

Deno.test("parseScanQuery() keeps the ports as written, for the label", () => {
  assert.equal(parseScanQuery(parametersOf("ip=127.0.0.1&ports=80,22,22")).portRange, "80,22,22");
});

Deno.test("parseScanQuery() names the parameter that cannot be used, and says what is allowed", () => {
  const f = (query: string, parameter: string, message: string) => {
    const refused = (error: unknown) => {
      assert.ok(error instanceof ParameterError, `${query}: ${error}`);
      assert.deepEqual([error.parameter, error.message], [parameter, message], query);
      return true;
    };
    assert.throws(() => parseScanQuery(parametersOf(query)), refused, query);
  };
  f("", "ip", "ip: Cannot do without it: it is required");
  f("ip=&ports=22", "ip", "ip: Cannot do without it: it is required");
  f("ports=22", "ip", "ip: Cannot do without it: it is required");
  f("ip=127.0.0.1", "ports", "ports: Cannot do without it: it is required");
  f("ip=127.0.0.1&ports=", "ports", "ports: Cannot do without it: it is required");
  f("ip=127.0.0.1&ports=1&ip=127.0.0.1", "ip", "ip: Cannot use it more than once");
  f("ip=127.0.0.1&ports=1&ports=2", "ports", "ports: Cannot use it more than once");
  const protocol = "protocol: Cannot use it: write tcp or udp";
  f("ip=127.0.0.1&ports=1&protocol=sctp", "protocol", protocol);
  f("ip=127.0.0.1&ports=1&protocol=TCP", "protocol", protocol);
  f("ip=127.0.0.1&ports=1&protocol=", "protocol", protocol);
  const allowed = "Cannot use this parameter: allowed are ip, ports, protocol";
  f("ip=127.0.0.1&ports=1&port=2", "port", `port: ${allowed}`);
  f("IP=127.0.0.1&ports=1", "IP", `IP: ${allowed}`);
  f("ip=127.0.0.1&ports=1&__proto__=1", "__proto__", `__proto__: ${allowed}`);
  const long = "x".repeat(40);
  f(`${long}yz=1`, long, `${long}: ${allowed}`);
  // Too many addresses.
  f("ip=10.0.0.0/7&ports=1", "ip", "ip: Cannot scan 33554432 addresses: ask for /8 or narrower");
  f("ip=0.0.0.0/0&ports=1", "ip", "ip: Cannot scan 4294967296 addresses: ask for /8 or narrower");
  f("ip=::/111&ports=1", "ip", "ip: Cannot scan 131072 addresses: ask for /112 or narrower");
  f("ip=::/0&ports=1", "ip", `ip: Cannot scan ${2n ** 128n} addresses: ask for /112 or narrower`);
});
