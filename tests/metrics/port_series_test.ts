import assert from "node:assert/strict";
import fc from "fast-check";
import { PortSet } from "../../src/domain/ports.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import { portMetrics } from "../../src/metrics/port_metrics.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { PortState } from "../../src/state/port_state.ts";
import { portsOf } from "../state/ports_of.ts";
import { pageText } from "../support/page_text.ts";

const ALL = PortSet.fromRanges([[1, 12]]);

function makePage({ perHost, total }: { perHost: number; total: number }) {
  const limits = { perHost, total };
  let now = 1000;
  const state = new PortState({ wallClock: () => now, now: () => now, closedRetention: 30 });
  const registry = new Registry();
  const families = portMetrics(state, { perHost: () => limits.perHost, total: () => limits.total });
  for (const family of families) registry.register(family);
  const see = (address: string, open: readonly number[], protocol: "tcp" | "udp" = "tcp") => {
    now++;
    const ports = [...open].sort((a, b) => a - b);
    const look = { address, protocol, covered: ALL, open: ports, alive: true, takenAt: now };
    state.apply([look], "closings");
  };
  /** `IP port/protocol value` of each series, and the number of those that were dropped. */
  const page = () => {
    const text = pageText(registry);
    const series = [...text.matchAll(
      /^open_port_status\{ip="(.+)",port="(\d+)",protocol="(.+)"\} (.)$/gm,
    )].map(([, ip, port, protocol, value]) => `${ip} ${port}/${protocol} ${value}`);
    const dropped = Number(/^openport_port_series_dropped (\d+)$/m.exec(text)?.[1]);
    return { series, dropped, text };
  };
  return { state, see, page, limits, wait: (ms: number) => void (now += ms) };
}

Deno.test("a host with too many ports keeps the series that it had, and its exact count", () => {
  const { see, page } = makePage({ perHost: 3, total: 100 });
  see("10.0.0.1", [5, 6]);
  see("10.0.0.1", [1, 2, 3, 5, 6]);
  const { series, dropped, text } = page();
  assert.deepEqual(series, ["10.0.0.1 1/tcp 1", "10.0.0.1 5/tcp 1", "10.0.0.1 6/tcp 1"]);
  assert.equal(dropped, 2);
  assert.match(text, /^open_ports_total\{ip="10\.0\.0\.1"\} 5$/m);
  assert.match(text, /^openport_host_port_limit_exceeded\{ip="10\.0\.0\.1"\} 1$/m);
});

Deno.test("a port that opens takes the place of a closed one of its host, and never of an open one", () => {
  const { see, page, wait } = makePage({ perHost: 2, total: 100 });
  see("10.0.0.1", [5, 6]);
  see("10.0.0.1", [6]);
  assert.deepEqual(page().series, ["10.0.0.1 6/tcp 1", "10.0.0.1 5/tcp 0"]);
  see("10.0.0.1", [1, 6]);
  assert.deepEqual(page().series, ["10.0.0.1 1/tcp 1", "10.0.0.1 6/tcp 1"]);
  see("10.0.0.1", [1, 2, 6]);
  assert.deepEqual(page().series, ["10.0.0.1 1/tcp 1", "10.0.0.1 6/tcp 1"]);
  assert.equal(page().dropped, 2);
  wait(31);
  assert.equal(page().dropped, 1);
});

Deno.test("the page as a whole keeps the series that it had, whatever comes before them in order", () => {
  const { see, page, limits } = makePage({ perHost: 100, total: 3 });
  see("10.0.0.9", [1, 2]);
  see("10.0.0.1", [7, 8, 9]);
  assert.deepEqual(page().series, ["10.0.0.1 7/tcp 1", "10.0.0.9 1/tcp 1", "10.0.0.9 2/tcp 1"]);
  assert.equal(page().dropped, 2);
  limits.total = 4;
  assert.equal(page().series.length, 4);
  limits.total = 100;
  assert.deepEqual([page().series.length, page().dropped], [5, 0]);
});

Deno.test("series stay until their port closes or is forgotten, none is over the limits, and all are counted", () => {
  const someStep = fc.record({
    host: fc.nat(5),
    protocol: fc.constantFrom(...PROTOCOLS),
    open: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 6 }),
    wait: fc.constantFrom(0, 0, 0, 10, 31),
  });
  fc.assert(
    fc.property(
      fc.record({
        perHost: fc.integer({ min: 1, max: 6 }),
        total: fc.integer({ min: 1, max: 20 }),
      }),
      fc.array(someStep, { maxLength: 40 }),
      (limits, steps) => {
        const { state, see, page, wait } = makePage(limits);
        let before = new Set<string>();
        for (const step of steps) {
          see(`10.0.0.${step.host}`, step.open, step.protocol);
          wait(step.wait);
          const { series, dropped } = page();
          const known = portsOf(state).map(([ip, { port, protocol }]) =>
            `${ip} ${port}/${protocol}`
          );
          const shown = new Set(series.map((each) => each.slice(0, -2)));
          assert.equal(series.length + dropped, known.length);
          assert.ok(series.length <= limits.total);
          const isOpen = new Set(
            portsOf(state).filter(([, { open }]) => open)
              .map(([ip, { port, protocol }]) => `${ip} ${port}/${protocol}`),
          );
          // With both limits at work, a port that closes on one host may cost another one its place.
          const crowded = known.length > limits.total;
          for (const name of crowded ? [] : before) {
            assert.ok(shown.has(name) || !isOpen.has(name), name);
          }
          for (let host = 0; host <= 5; host++) {
            const ofHost = series.filter((name) => name.startsWith(`10.0.0.${host} `));
            assert.ok(ofHost.length <= limits.perHost);
          }
          before = shown;
        }
      },
    ),
  );
});
