import assert from "node:assert/strict";
import fc from "fast-check";
import type { NmapOptions } from "../../src/domain/scan.ts";
import {
  addressesThatFinish,
  evenBatch,
  heldRate,
  liveBatch,
  secondsForSilentAddress,
  silentStretch,
  sizeClass,
} from "../../src/scan/batch_size.ts";
import { makeUnit } from "./builders.ts";

function options(changes: Partial<NmapOptions> = {}): NmapOptions {
  return {
    technique: "auto",
    disableDnsResolution: true,
    disableHostDiscovery: true,
    minRate: 1000,
    maxRate: 0,
    minParallelism: 1000,
    maxRetries: 6,
    hostTimeout: 300,
    scanDelay: 0,
    maxScanDelay: 0,
    initialRttTimeout: 0,
    maxRttTimeout: 0,
    minRttTimeout: 0,
    ...changes,
  };
}

Deno.test("heldRate() is what nmap is told, and 50 where it is told nothing", () => {
  const f = (expected: number, changes: Partial<NmapOptions>) =>
    assert.equal(heldRate(options(changes)), expected, JSON.stringify(changes));
  f(1000, {});
  f(1000, { maxRate: 5000 });
  f(200, { maxRate: 200 });
  f(200, { minRate: 0, maxRate: 200 });
  f(50, { minRate: 0 });
  // whatever the delay
  f(50, { minRate: 0, scanDelay: 100 });
  f(500, { minRate: 0, maxRate: 500, scanDelay: 5 });
  f(1000, { scanDelay: 100 });
});

Deno.test("addressesThatFinish() is what half of host_timeout and a quarter of timeout allow, 1 to 256", () => {
  const f = (
    expected: number,
    ports: number,
    parts: Partial<NmapOptions> & { timeout?: number },
  ) => {
    const { timeout = 3600, ...changes } = parts;
    assert.equal(addressesThatFinish({ ports, nmap: options(changes), timeout }), expected);
  };
  f(1, 65_535, {});
  f(3, 20_000, {});
  f(7, 10_000, {});
  f(8, 9375, {});
  f(7, 9376, {});
  f(75, 1000, {});
  f(256, 200, {});
  f(256, 1, {});
  f(1, 65_535, { hostTimeout: 1 });
  f(1, 65_535, { minRate: 0 });
  f(3, 1000, { minRate: 0 });
  f(2, 65_535, { minRate: 2000 });
  f(3, 1000, { minRate: 0, scanDelay: 1000 });
  // nothing but the time of the process bounds it
  f(6, 65_535, { hostTimeout: 0 });
  f(2, 65_535, { hostTimeout: 0, timeout: 1200 });
  f(37, 200, { timeout: 60 });
  f(1, 65_535, { timeout: 1 });
});

Deno.test("silentStretch() keeps all workers busy in few rounds, with processes worth their start", () => {
  const f = (expected: number, addresses: number, ports: number, workers = 10, minRate = 1000) =>
    assert.equal(
      silentStretch({ addresses, workers, ports, nmap: options({ minRate }), timeout: 3600 }),
      expected,
      `${addresses} x ${ports}, ${workers}`,
    );
  f(26, 256, 200);
  f(25, 250, 200);
  f(16, 128, 200);
  // 75 of them take 30 s
  f(64, 256, 200, 2);
  f(64, 256, 200, 1);
  f(69, 4096, 200);
  f(205, 4096, 10);
  f(256, 2 ** 32, 10);
  f(16, 256, 1000);
  f(16, 256, 4000);
  f(7, 256, 10_000);
  f(1, 256, 65_535);
  f(1, 256, 200, 10, 1);
  f(16, 0, 200);
});

Deno.test("silentStretch() is never more than can finish, nor less than pays", () => {
  const cases = fc.record({
    addresses: fc.integer({ min: 1, max: 70_000 }),
    workers: fc.integer({ min: 1, max: 1000 }),
    ports: fc.integer({ min: 1, max: 65_535 }),
    minRate: fc.integer({ min: 1, max: 10_000 }),
    timeout: fc.integer({ min: 1, max: 10_000 }),
  });
  fc.assert(fc.property(cases, ({ addresses, workers, ports, minRate, timeout }) => {
    const cost = { ports, nmap: options({ minRate }), timeout };
    const finish = addressesThatFinish(cost);
    const stretch = silentStretch({ addresses, workers, ...cost });
    assert.ok(stretch <= finish && stretch >= Math.min(finish, 16));
    assert.ok(liveBatch(cost) >= 1 && liveBatch(cost) <= Math.min(finish, 16));
  }));
});

Deno.test("liveBatch() is a few addresses of few ports, and one of many", () => {
  const f = (expected: number, ports: number, changes: Partial<NmapOptions> = {}) =>
    assert.equal(liveBatch({ ports, nmap: options(changes), timeout: 3600 }), expected);
  f(16, 1);
  f(10, 100);
  f(5, 200);
  f(1, 1000);
  f(1, 65_535);
  f(1, 200, { minRate: 100 });
});

Deno.test("evenBatch() deals addresses out evenly to as few processes", () => {
  const f = (expected: number, addresses: number, batch: number) =>
    assert.equal(evenBatch(addresses, batch), expected);
  f(10, 20, 16);
  f(16, 32, 16);
  f(1, 1, 16);
  f(25, 249, 25);
  f(16, 0, 16);
});

Deno.test("secondsForSilentAddress() counts two probes for each port, at the rate or the delay that is slower", () => {
  const f = (expected: number, ports: number, changes: Partial<NmapOptions> = {}) =>
    assert.equal(
      secondsForSilentAddress({ ports, nmap: options(changes) }),
      expected,
      JSON.stringify(changes),
    );
  f(131.07, 65_535);
  f(4, 100, { minRate: 0 });
  f(20, 100, { minRate: 0, scanDelay: 100 });
  f(4, 100, { minRate: 0, scanDelay: 20 });
  f(4, 100, { minRate: 0, scanDelay: 5 });
  f(1, 100, { minRate: 0, maxRate: 500, scanDelay: 5 });
  // nmap ignores the delay beside a minimum rate
  f(0.2, 100, { scanDelay: 100 });
});

Deno.test("sizeClass() grows by one when a unit has eight times as many batches", () => {
  const f = (target: string, ports: string, expected: number) =>
    assert.equal(
      sizeClass(makeUnit(target, { ports, nmap: { minRate: 1000 } })),
      expected,
      `${target} ${ports}`,
    );
  f("10.0.0.1", "1-65535", 0);
  f("10.0.0.0/28", "1-100", 0);
  f("10.0.0.0/26", "1-100", 0);
  f("10.0.0.0/25", "1-100", 1);
  f("10.0.0.0/30", "1-65535", 0);
  f("10.0.0.0/29", "1-65535", 1);
  f("10.0.0.0/24", "1-100", 1);
  f("10.0.0.0/24", "1-65535", 2);
  f("10.0.0.0/22", "1-100", 2);
  f("0.0.0.0/0", "1-100", 9);
});
