import assert from "node:assert/strict";
import { makeForecast } from "../../src/forecast/forecast.ts";
import { read } from "./builders.ts";

const PORTS = 'scanning: { port_range: "1-500", interval: 100s, worker_count: 1 }';

/** The load of a configuration, in percent of the workers' time. */
function load(text: string): number {
  return Math.round(makeForecast(read(text)).load * 1000) / 10;
}

Deno.test("makeForecast() says how much of all workers' time is planned", () => {
  // 500 ports at 1000 packets per second, two packets each, and a second for the process.
  assert.equal(load(`${PORTS}\ntargets: [10.0.0.1]`), 2);
  assert.equal(load(`${PORTS}\ntargets: [10.0.0.1, 10.0.0.2, "2001:db8::1"]`), 6);
  assert.equal(load(`${PORTS.replace("count: 1", "count: 4")}\ntargets: [10.0.0.1, 10.0.0.2]`), 1);
  assert.equal(load(`${PORTS}\ntargets: [{ target: 10.0.0.1, protocol: both }]`), 4);
  assert.equal(
    load(`${PORTS}\ntargets: [a.example.org, { target: [b.example.org, 10.0.0.1] }]`),
    6,
  );
  assert.equal(load(PORTS), 0);
});

Deno.test("makeForecast() counts once what two targets ask for, and leaves out what is excluded", () => {
  const twice = "targets: [10.0.0.1, { target: 10.0.0.1, name: again, expected_ports: '22' }]";
  assert.equal(load(`${PORTS}\n${twice}`), 2);
  const excluded = PORTS.replace(" }", ", exclude: [10.0.0.1] }");
  const { addresses, targets } = makeForecast(read(`${excluded}\ntargets: [10.0.0.0/31]`));
  assert.deepEqual([addresses, targets[0]!.addresses], [1n, 1n]);
  assert.equal(load(`${excluded}\ntargets: [10.0.0.0/31]`), 2);
});

Deno.test("makeForecast() shares max_total_rate out, and does without what known sweeps take", () => {
  const text =
    `scanning: { port_range: "1-500", interval: 100s, worker_count: 4, max_total_rate: 400 }
targets: [{ target: 10.0.0.1, sweeps: [{ port_range: known, interval: 60s }] }]`;
  const { targets, workers } = makeForecast(read(text));
  assert.equal(workers, 4);
  assert.deepEqual(targets[0]!.schedules.map(({ cost }) => cost), [
    { probes: 500, work: 11, seconds: 11 },
    "known",
  ]);
  assert.equal(load(text), 2.8);
  // Fewer packets than workers: fewer processes at once.
  const few = text.replace("rate: 400", "rate: 2");
  assert.equal(makeForecast(read(few)).workers, 2);
});
