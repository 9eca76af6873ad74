import assert from "node:assert/strict";
import { parsePorts } from "../../src/domain/ports.ts";
import { type Protocol, unitId } from "../../src/domain/scan.ts";

Deno.test("unitId() is equal for equal addresses, ports and protocol, however written", () => {
  const id = (target: string, portRange: string, protocol: Protocol = "tcp") =>
    unitId({ key: { target, portRange, protocol }, ports: parsePorts(portRange) });
  assert.equal(id("127.0.0.1/32", "1,2,3"), id("127.0.0.1/32", "1-3"));
  assert.notEqual(id("127.0.0.1/32", "1-3"), id("127.0.0.1/32", "1-4"));
  assert.notEqual(id("127.0.0.1/32", "1-3"), id("127.0.0.2/32", "1-3"));
  assert.notEqual(id("127.0.0.1/32", "1-3"), id("127.0.0.1/32", "1-3", "udp"));
});
