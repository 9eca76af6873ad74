import assert from "node:assert/strict";
import { parsePorts, PortSet } from "../../src/domain/ports.ts";
import type { HostReport } from "../../src/domain/scan.ts";
import { mergeReports } from "../../src/nmap/merge_reports.ts";

const report = (fields: Partial<HostReport>): HostReport => ({
  address: "127.0.0.1",
  up: true,
  timedOut: false,
  alive: false,
  startTime: 10,
  open: { tcp: [], udp: [] },
  closed: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
  unreachable: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
  ...fields,
});

Deno.test("mergeReports() unites what was open, what was closed and what could be reached", () => {
  const a = report({
    open: { tcp: [80, 443], udp: [] },
    closed: { tcp: parsePorts("1-3"), udp: PortSet.EMPTY },
    unreachable: { tcp: parsePorts("1-5"), udp: PortSet.EMPTY },
    startTime: 20,
  });
  const b = report({
    open: { tcp: [22, 80], udp: [53] },
    closed: { tcp: parsePorts("7"), udp: parsePorts("9") },
    unreachable: { tcp: parsePorts("5-9"), udp: PortSet.EMPTY },
    alive: true,
  });
  const merged = mergeReports(a, b);
  assert.deepEqual(merged.open, { tcp: [22, 80, 443], udp: [53] });
  assert.deepEqual(Object.entries(merged.closed).map(String), ["tcp,1-3,7", "udp,9"]);
  assert.equal(merged.unreachable.tcp.toString(), "5");
  assert.equal(merged.startTime, 10);
  assert.ok(merged.alive && merged.up && !merged.timedOut);
});

Deno.test("mergeReports() prefers the report that says something of ports", () => {
  const full = report({ unreachable: { tcp: parsePorts("1-5"), udp: PortSet.EMPTY } });
  for (const empty of [report({ timedOut: true, alive: true }), report({ up: false })]) {
    for (const merged of [mergeReports(full, empty), mergeReports(empty, full)]) {
      assert.ok(merged.up && !merged.timedOut);
      assert.equal(merged.unreachable.tcp.toString(), "1-5");
      assert.equal(merged.alive, empty.alive);
    }
  }
});
