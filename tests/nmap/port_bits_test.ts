import assert from "node:assert/strict";
import fc from "fast-check";
import { PortBits } from "../../src/nmap/port_bits.ts";

Deno.test("PortBits holds what was added since the last clear(), ascending", () => {
  const bits = new PortBits();
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 65535 })), (ports) => {
    bits.clear();
    assert.ok(bits.isEmpty);
    for (const port of ports) bits.add(port);
    assert.deepEqual(bits.toArray(), [...new Set(ports)].sort((a, b) => a - b));
    assert.equal(bits.isEmpty, ports.length === 0);
  }));
});

Deno.test("PortBits turns all ports into one range", () => {
  const bits = new PortBits();
  for (let port = 1; port <= 65535; port++) bits.add(port);
  assert.equal(bits.toPortSet().toString(), "1-65535");
});
