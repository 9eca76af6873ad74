import assert from "node:assert/strict";
import fc from "fast-check";
import { AddressSet } from "../../src/state/address_set.ts";

Deno.test("AddressSet does what a Set does", () => {
  const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "10.0.0.3");
  const step = fc.record({ add: fc.boolean(), address });
  fc.assert(fc.property(fc.array(address), fc.array(step), (first, steps) => {
    const set = new AddressSet(first);
    const expected = new Set(first);
    for (const { add, address } of steps) {
      if (add) set.add(address);
      else set.delete(address);
      if (add) expected.add(address);
      else expected.delete(address);
      assert.deepEqual([...set], [...expected]);
      assert.deepEqual([...set.values()], [...expected]);
      assert.equal(set.size, expected.size);
      assert.equal(set.has(address), expected.has(address));
    }
  }));
});
