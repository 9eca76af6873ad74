import assert from "node:assert/strict";
import { makeForecast } from "../../src/forecast/forecast.ts";
import { addressWarnings, emptyWarnings, loadWarnings } from "../../src/forecast/plan_warnings.ts";
import { read } from "./builders.ts";

Deno.test("loadWarnings() begins above 80 % of an interval, and of all workers' time", () => {
  const f = (scanning: string, targets: string, ...expected: readonly string[]) => {
    const config = read(`scanning: { port_range: "1-500", ${scanning} }\ntargets: [${targets}]`);
    assert.deepEqual(loadWarnings(makeForecast(config)), expected);
  };
  f("interval: 3", "10.0.0.1");
  f(
    "interval: 2",
    "10.0.0.1",
    'target "10.0.0.1": a round of 1-500/tcp takes about 2 s of the 2 s from one start to the next: ' +
      "little is left for second looks and hosts that answer late " +
      "(raise the interval or the rate, or scan fewer ports)",
  );
  f(
    "interval: 10, worker_count: 1",
    "10.0.0.1, { target: 10.0.0.2, name: x }, { target: 10.0.0.3, interval: 3 }, " +
      "{ target: 10.0.0.4, interval: 1h }",
    "targets: all schedules together take about 107 % of the time of 1 worker: " +
      "it cannot be kept up with " +
      "(raise intervals, scanning.worker_count or the rate, or scan fewer ports)",
  );
});

Deno.test("loadWarnings() tells ten of many, and those that are alike together", () => {
  const named = Array.from({ length: 12 }, (_, i) => `{ target: 10.0.1.${i}, name: n${i} }`);
  const alike = Array.from({ length: 5 }, (_, i) => `10.0.0.${i}`);
  const config = read(`scanning: { interval: 10, worker_count: 100 }
targets: [${[...alike, ...named].join()}]`);
  const lines = loadWarnings(makeForecast(config));
  assert.equal(lines.length, 12);
  assert.match(
    lines[0]!,
    /^target "10\.0\.0\.0" and 4 more: a round of 1-65535\/tcp takes about 133 s /,
  );
  assert.equal(lines[10], "3 more rounds take too long");
  assert.match(lines[11]!, /^targets: all schedules together /);
});

Deno.test("addressWarnings() names what is excluded and asked for all the same", () => {
  const f = (targets: string, ...expected: readonly string[]) => {
    const config = read(`scanning: { exclude: [10.0.0.0/30] }\ntargets: [${targets}]`);
    assert.deepEqual(addressWarnings(config), expected);
  };
  const nothing = "all of it is in scanning.exclude: nothing of it is scanned";
  f("10.0.0.1, 10.0.0.4, 10.0.0.0/24", `target "10.0.0.1": ${nothing}`);
  f("{ target: [10.0.0.1, 10.0.0.2/31], name: x }", `target "x": ${nothing}`);
  f("{ target: [10.0.0.1, a.example.org], name: x }");
  f(
    "{ target: 10.0.0.0/24, name: x, expected_ports: '22' }, { target: 10.0.0.0/24, name: y, allowed_ports: '22' }",
    'target "x": ports are expected on 4 addresses that are in scanning.exclude: they are never seen there',
  );
  const lines = addressWarnings(
    read(`scanning: { exclude: [10.0.0.0/8] }
targets: [${Array.from({ length: 30 }, (_, i) => `10.0.0.${i}`)}]`),
  );
  assert.equal(lines.length, 11);
  assert.equal(lines[10], "20 more targets have addresses in scanning.exclude");
});

Deno.test("addressWarnings() names broad networks of the internet", () => {
  const f = (targets: string, expected?: string) => {
    const config = read(`scanning: { exclude: [9.9.0.0/25] }\ntargets: [${targets}]`);
    const text = ": scan only what you are allowed to";
    assert.deepEqual(addressWarnings(config), expected === undefined ? [] : [expected + text]);
  };
  f("8.8.8.0/24, 10.0.0.0/16, 192.0.2.0/23, '2001:db8::/112'");
  f("8.8.8.0/23", 'target "8.8.8.0/23": 512 of its addresses are public');
  f("9.9.0.0/23", 'target "9.9.0.0/23": 384 of its addresses are public');
  f("'2a00::/112'", 'target "2a00::/112": 65,536 of its addresses are public');
});

Deno.test("emptyWarnings() is for those who are scanned on request alone", () => {
  assert.equal(emptyWarnings(read("{}")).length, 1);
  assert.match(emptyWarnings(read("targets_files: [a.json]"))[0]!, /none, also in targets_files:/);
  assert.deepEqual(emptyWarnings(read("targets: [10.0.0.1]")), []);
  assert.deepEqual(emptyWarnings(read("targets_http: ['http://127.0.0.1/']")), []);
});
