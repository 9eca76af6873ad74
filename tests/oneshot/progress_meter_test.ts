import assert from "node:assert/strict";
import fc from "fast-check";
import { ProgressMeter } from "../../src/oneshot/progress_meter.ts";
import { parsePorts } from "../../src/domain/ports.ts";
import type { ScanJob } from "../../src/domain/scan.ts";
import { DEFAULTS } from "../scan/builders.ts";

const job = (addresses: number, changes: Partial<ScanJob> = {}): ScanJob => ({
  addresses: Array.from({ length: addresses }, (_, index) => `10.0.0.${index}`),
  family: 4,
  ports: parsePorts("1-100"),
  protocol: "tcp",
  nmap: DEFAULTS,
  timeoutMs: 1000,
  confirming: false,
  ...changes,
});

const scan = (percent: number, remaining?: number) => ({
  task: "SYN Stealth Scan",
  percent,
  remaining,
});

Deno.test("ProgressMeter adds up what ended and what runs, by addresses times ports", () => {
  const meter = new ProgressMeter({ probes: 400, now: () => 0 });
  assert.equal(meter.share, 0);
  const first = meter.begin(job(1));
  const second = meter.begin(job(1));
  first.update(scan(50));
  assert.ok(Math.abs(meter.share - 0.125) < 0.01, `${meter.share}`);
  first.end();
  first.end();
  assert.equal(meter.share, 0.25);
  second.end();
  meter.begin(job(2)).end();
  assert.equal(meter.share, 1);
});

Deno.test("ProgressMeter counts neither tasks that look at no port nor second looks", () => {
  const meter = new ProgressMeter({ probes: 100, now: () => 0 });
  meter.begin(job(1)).update({ task: "ARP Ping Scan", percent: 90, remaining: 1 });
  meter.begin(job(1, { confirming: true })).update(scan(50));
  assert.equal(meter.share, 0);
});

Deno.test("ProgressMeter takes nmap's word for the last process, and the pace before", () => {
  let time = 0;
  const meter = new ProgressMeter({ probes: 300, now: () => time });
  assert.equal(meter.remaining, undefined);
  meter.begin(job(1)).end();
  time = 10_000;
  assert.equal(Math.round(meter.remaining!), 20_000);
  const last = meter.begin(job(2));
  last.update(scan(10, 7));
  assert.equal(meter.remaining, 7000);
  time = 12_000;
  assert.equal(meter.remaining, 5000);
  time = 60_000;
  assert.equal(meter.remaining, 0);
});

Deno.test("ProgressMeter never goes back and is never done before its processes are", () => {
  const percents = fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { maxLength: 30 });
  fc.assert(fc.property(percents, (all) => {
    const meter = new ProgressMeter({ probes: 200, now: () => 0 });
    const process = meter.begin(job(2));
    let before = 0;
    for (const percent of all) {
      process.update(scan(percent));
      assert.ok(meter.share >= before && meter.share < 1, `${meter.share} after ${before}`);
      before = meter.share;
    }
    process.end();
    assert.equal(meter.share, 1);
  }));
});
