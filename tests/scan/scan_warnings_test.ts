import assert from "node:assert/strict";
import { DEFAULT_NMAP } from "../../src/config/nmap_options.ts";
import { parseConfig } from "../../src/config/parse_config.ts";
import { PortSet } from "../../src/domain/ports.ts";
import type { NmapOptions } from "../../src/domain/scan.ts";
import { scanWarnings } from "../../src/scan/scan_warnings.ts";

function options(changes: Partial<NmapOptions> = {}): NmapOptions {
  return { ...DEFAULT_NMAP, ...changes };
}
Deno.test("scanWarnings() says with the numbers when no silent address can finish", () => {
  const warnings = (timeout: number, changes: Partial<NmapOptions>, maxTotalRate = 0) =>
    scanWarnings({
      scanning: {
        ports: PortSet.fromRanges([[1, 65_535]]),
        timeout,
        nmap: options(changes),
        maxTotalRate,
      },
      targets: [],
    });
  assert.deepEqual(warnings(3600, {}), []);
  assert.deepEqual(warnings(3600, { hostTimeout: 0 }), []);
  assert.deepEqual(warnings(3600, { minRate: 0, maxRate: 100 }), [
    "scanning.host_timeout: even one silent address cannot finish in 300 s: 2 probes for each of " +
    "65535 ports at 100 packets per second take 1311 s (raise it or the rate, or scan fewer ports)",
  ]);
  assert.deepEqual(warnings(3600, { minRate: 0, hostTimeout: 0 }), []);
  assert.deepEqual(warnings(3600, { minRate: 0, hostTimeout: 0, scanDelay: 100 }), [
    "scanning.timeout: even one silent address cannot finish in 3600 s: 2 probes for each of " +
    "65535 ports, one in 100 ms (scanning.scan_delay), take 13107 s " +
    "(raise it, lower the delay, or scan fewer ports)",
  ]);
  // a delay that is not what makes it slow is not named
  assert.deepEqual(warnings(1000, { minRate: 0, maxRate: 100, hostTimeout: 0, scanDelay: 5 }), [
    "scanning.timeout: even one silent address cannot finish in 1000 s: 2 probes for each of " +
    "65535 ports at 100 packets per second take 1311 s (raise it or the rate, or scan fewer ports)",
  ]);
  assert.deepEqual(warnings(3600, { minRate: 100, maxRate: 100 }, 1000), [
    "scanning.host_timeout: even one silent address cannot finish in 300 s: 2 probes for each of " +
    "65535 ports at 100 packets per second take 1311 s " +
    "(raise it, the rate or scanning.max_total_rate, lower worker_count, or scan fewer ports)",
  ]);
  assert.deepEqual(warnings(60, {}).map((text) => text.split(":", 1)[0]), ["scanning.timeout"]);
  assert.equal(warnings(60, { hostTimeout: 100 }).length, 2);
});

Deno.test("scanWarnings() looks at every schedule of every target, and says once what is the same", () => {
  const f = (targets: string, ...expected: string[]) => {
    const text = `scanning: { port_range: "80" }\ntargets: [${targets}]`;
    const { config } = parseConfig(text, "config.yaml");
    assert.deepEqual(scanWarnings(config), expected);
  };
  const slow = (ports: number, seconds: number) =>
    `scanning.host_timeout: even one silent address cannot finish in 300 s: 2 probes for each of ` +
    `${ports} ports at 10 packets per second take ${seconds} s (raise it or the rate, or scan fewer ports)`;
  const scanning = "scanning: { min_rate: 0, max_rate: 10 }";
  f(`127.0.0.1, { target: 127.0.0.2, ${scanning} }`);
  f(
    `{ target: 127.0.0.2, port_range: "1-2000", ${scanning} }, { target: 127.0.0.3, name: dmz, ${scanning}, ` +
      `sweeps: [{ port_range: known, interval: 1m }, { port_range: "1-2000", interval: 1h }] }`,
    `target "127.0.0.2" and 1 more: ${slow(2000, 400)}`,
  );
  f(
    `{ target: 127.0.0.2, scanning: { timeout: 60, min_rate: 1, max_rate: 1 }, port_range: "1-40" }`,
    'target "127.0.0.2": scanning.timeout: even one silent address cannot finish in 60 s: 2 probes for ' +
      "each of 40 ports at 1 packets per second take 80 s (raise it or the rate, or scan fewer ports)",
  );
});
