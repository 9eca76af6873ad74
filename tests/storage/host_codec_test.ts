import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_PORT } from "../../src/domain/ports.ts";
import { decodeHost, encodeHost, MAX_TIME, storedTime } from "../../src/storage/host_codec.ts";
import { host, hosts, NOW } from "./builders.ts";

Deno.test("decodeHost() reads what encodeHost() wrote", () => {
  fc.assert(fc.property(hosts, (host) => {
    const { address, protocol } = host;
    assert.deepEqual(decodeHost(address, protocol, encodeHost(host)), host);
  }));
});

Deno.test("encodeHost() stores all ports of a host", () => {
  const open = Array.from({ length: MAX_PORT }, (_, i) => [i + 1, NOW - i, NOW + i] as const);
  const full = host({ open });
  const bytes = encodeHost(full);
  assert.deepEqual(decodeHost(full.address, full.protocol, bytes), full);
  assert.ok(bytes.length < 8 * MAX_PORT, `${bytes.length}`);
});

Deno.test("storedTime() is whole milliseconds in range", () => {
  const f = (time: number, expected: number) => assert.equal(storedTime(time), expected, `${time}`);
  f(NOW, NOW);
  f(NOW + 0.4, NOW);
  f(-0.2, 0);
  f(NaN, 0);
  f(Infinity, MAX_TIME);
  f(-Infinity, -MAX_TIME);
  const far = host({ firstSeen: -Infinity, lastSeen: Infinity, open: [[1, Infinity, -Infinity]] });
  assert.deepEqual(decodeHost(far.address, far.protocol, encodeHost(far)).open, [
    [1, MAX_TIME, -MAX_TIME],
  ]);
});

Deno.test("decodeHost() refuses other bytes with a RangeError, or reads something", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
    try {
      decodeHost("192.0.2.1", "tcp", bytes);
    } catch (error) {
      assert.ok(error instanceof RangeError);
    }
  }));
  const bytes = encodeHost(host());
  assert.throws(() => decodeHost("192.0.2.1", "tcp", bytes.slice(0, -1)), RangeError);
  assert.throws(() => decodeHost("192.0.2.1", "tcp", new Uint8Array([...bytes, 0])), RangeError);
});

Deno.test("encodeHost() refuses a layer that is no port list", () => {
  assert.throws(() => encodeHost(host({ layers: [["１-2", NOW]] })), RangeError);
});
