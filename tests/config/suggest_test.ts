import assert from "node:assert/strict";
import { explainUnknownKey } from "../../src/config/suggest.ts";

const KNOWN = new Map([
  ["", ["server", "scanning", "auth", "targets"]],
  ["server", ["address", "port"]],
  ["scanning", ["interval", "port_range", "min_rate", "max_rate", "worker_count"]],
  ["auth", ["basic"]],
  ["auth.basic", ["username", "password"]],
]);

Deno.test("explainUnknownKey() names what was probably meant", () => {
  const f = (key: string, section: string, meant: string) =>
    assert.equal(explainUnknownKey(key, section, KNOWN), `did you mean "${meant}"?`, key);
  // a slip
  f("prot", "server", "port");
  f("adress", "server", "address");
  f("scannning", "", "scanning");
  f("target", "", "targets");
  // another way to write it
  f("Port", "server", "port");
  f("portRange", "scanning", "port_range");
  f("port-range", "scanning", "port_range");
  f("workers", "scanning", "worker_count");
  // another section
  f("port", "", "server.port");
  f("port", "scanning", "server.port");
  f("interval", "", "scanning.interval");
  f("intervall", "server", "scanning.interval");
  f("username", "auth", "auth.basic.username");
  f("targets", "scanning", "targets");
});

Deno.test("explainUnknownKey() lists what is allowed when nothing is near", () => {
  const f = (key: string, section: string) =>
    assert.match(explainUnknownKey(key, section, KNOWN), /^allowed: /, key);
  f("state", "");
  f("policy", "");
  f("rate", "scanning");
  f("x", "server");
  f("", "");
  f("__proto__", "scanning");
  f("y".repeat(1_000_000), "");
  assert.equal(explainUnknownKey("x", "server", KNOWN), "allowed: address, port");
});
