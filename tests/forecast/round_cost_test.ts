import assert from "node:assert/strict";
import { parseNetwork } from "../../src/domain/network.ts";
import { roundCost, type RoundOptions } from "../../src/forecast/round_cost.ts";
import { DEFAULTS } from "../../src/config/resolve.ts";

const OPTIONS: RoundOptions = {
  ports: 1000,
  nmap: DEFAULTS.scanning.nmap,
  timeout: 3600,
  maxCidrSize: 24,
  workers: 10,
};

function cost(networks: readonly string[], options: Partial<RoundOptions> = {}) {
  return roundCost(networks.map((text) => parseNetwork(text).network), { ...OPTIONS, ...options });
}

Deno.test("roundCost() counts two packets for each port, and a second for each process", () => {
  // 1000 packets per second.
  assert.deepEqual(cost(["10.0.0.1"]), { probes: 1000, work: 3, seconds: 3 });
  assert.deepEqual(cost(["10.0.0.1", "2001:db8::1"]), { probes: 2000, work: 6, seconds: 3 });
  // One process for 16 addresses, which is worth its start.
  assert.deepEqual(cost(["10.0.0.0/28"]), { probes: 16_000, work: 33, seconds: 33 });
  assert.deepEqual(cost([]), { probes: 0, work: 0, seconds: 0 });
});

Deno.test("roundCost() shares processes out among the workers", () => {
  const singles = (count: number) => Array.from({ length: count }, (_, i) => `10.0.0.${i}`);
  assert.equal(cost(singles(10)).seconds, 3);
  // The eleventh waits for a worker.
  assert.equal(cost(singles(11)).seconds, 6);
  assert.equal(cost(singles(11), { workers: 1 }).seconds, 33);
  // 256 units of 256 addresses.
  const broad = cost(["10.0.0.0/16"], { ports: 1 });
  assert.equal(broad.probes, 65_536);
  assert.ok(Math.abs(broad.seconds - broad.work / 10) < 2);
  assert.equal(cost(["10.0.0.0/23"]).work, 2 * cost(["10.0.0.0/24"]).work);
});

Deno.test("roundCost() keeps to the rate and the delay of the options", () => {
  const { nmap } = OPTIONS;
  assert.equal(cost(["10.0.0.1"], { nmap: { ...nmap, minRate: 0, maxRate: 100 } }).seconds, 21);
  assert.equal(cost(["10.0.0.1"], { nmap: { ...nmap, minRate: 0, scanDelay: 100 } }).seconds, 201);
});
