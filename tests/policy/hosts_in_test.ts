import assert from "node:assert/strict";
import fc from "fast-check";
import { networkContains, parseNetwork } from "../../src/domain/network.ts";
import { hostsIn } from "../../src/policy/hosts_in.ts";
import { makeLook } from "../scan/builders.ts";
import { makeState } from "./make_state.ts";

Deno.test("hostsIn() gives the hosts of a network, wherever blocks begin and end", () => {
  const { state } = makeState();
  const looks = Array.from(
    { length: 700 },
    (_, n) => makeLook({ address: `10.0.${n % 5}.${n * 7 % 256}`, open: [22] }),
  );
  state.apply(looks, "closings");
  state.apply([makeLook({ address: "10.0.0.1" }), makeLook({ address: "::5" })], "closings");
  const all = state.blocks.flatMap(({ items }) => items);
  const someNetwork = fc.oneof(
    fc.tuple(fc.nat(5), fc.nat(255), fc.integer({ min: 0, max: 32 }))
      .map(([third, last, prefix]) => `10.0.${third}.${last}/${prefix}`),
    fc.constantFrom("::/112", "::5", "::6", "255.0.0.0/8"),
  );
  fc.assert(fc.property(someNetwork, (text) => {
    const { network } = parseNetwork(text);
    assert.deepEqual(
      [...hostsIn(state.blocks, network)],
      all.filter(({ address }) => networkContains(network, address)),
    );
  }));
});

Deno.test("hostsIn() gives nothing where nothing is known", () => {
  assert.deepEqual([...hostsIn([], parseNetwork("10.0.0.0/8").network)], []);
});
