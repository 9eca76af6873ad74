import assert from "node:assert/strict";
import { parseAddress } from "../../src/domain/address.ts";
import { LastTries } from "../../src/policy/last_tries.ts";
import { makeUnit } from "../scan/builders.ts";

Deno.test("LastTries.since() is when the youngest scan began that should have looked at a port", () => {
  const tries = new LastTries();
  const tried = (text: string, lastBeganAt: number | undefined, parts = {}) => ({
    ...makeUnit(text, parts),
    lastBeganAt,
  });
  const [here, there] = ["10.0.0.1", "10.0.0.2"].map(parseAddress);
  const f = (expected: number | undefined, address = here!, port = 22) => {
    assert.equal(tries.since(address, "tcp", port), expected);
  };
  f(undefined);
  const net = tried("10.0.0.0/24", 5);
  tries.add(net);
  f(5);
  f(5, there);
  f(undefined, here, 101);
  const one = tried("10.0.0.1", 9);
  // asked for the same address before and after
  f(5);
  tries.add(one);
  f(9);
  f(5, there);
  tries.add(tried("10.0.0.1", 20, { protocol: "udp" }));
  tries.add(tried("10.0.0.1", 20, { ports: "23" }));
  tries.add(tried("10.0.0.1", undefined, { ports: "20-30" }));
  f(9);
  f(20, here, 23);
  // the time of a unit is read when it is asked for
  net.lastBeganAt = 12;
  f(12);
  tries.keep((unit) => unit !== net);
  f(9);
  f(undefined, there);
});
