import assert from "node:assert/strict";
import fc from "fast-check";
import { PortSet } from "../../src/domain/ports.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import { SilentHosts } from "../../src/state/silent_hosts.ts";

const someAddress = fc.oneof(
  fc.nat(300).map((n) => `10.0.${n >> 8}.${n & 255}`),
  fc.nat(300).map((n) => `2001:db8::${(n + 1).toString(16)}`),
);

Deno.test("SilentHosts gives back what was set last, whatever was taken", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          address: someAddress,
          protocol: fc.constantFrom(...PROTOCOLS),
          take: fc.boolean(),
          at: fc.nat(),
        }),
        { maxLength: 400, size: "max" },
      ),
      (steps) => {
        const hosts = new SilentHosts();
        const model = new Map<string, number>();
        for (const { address, protocol, take, at } of steps) {
          const name = `${address} ${protocol}`;
          const expected = model.get(name);
          assert.equal(hosts.get(address, protocol)?.[0]?.takenAt, expected);
          if (take) {
            assert.equal(hosts.take(address, protocol)?.[0]?.takenAt, expected);
            model.delete(name);
          } else {
            hosts.set(address, protocol, [{ ports: PortSet.EMPTY, takenAt: at }]);
            model.set(name, at);
          }
        }
        const entries = [...hosts.entries()].map(([address, protocol, [layer]]) =>
          [`${address} ${protocol}`, layer!.takenAt] as const
        );
        assert.deepEqual(new Map(entries), model);
      },
    ),
  );
});
