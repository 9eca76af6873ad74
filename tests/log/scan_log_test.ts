import assert from "node:assert/strict";
import { PortSet } from "../../src/domain/ports.ts";
import type { ScanJob, ScanKey, ScanOutcome } from "../../src/domain/scan.ts";
import { createLogger, type LogLevel } from "../../src/log/logger.ts";
import { ScanLog } from "../../src/log/scan_log.ts";
import type { Doubt, PortChange } from "../../src/state/port_state.ts";
import type { UnitSummary } from "../../src/state/scan_records.ts";

const KEY: ScanKey = { target: "127.0.0.0/30", portRange: "22,80", protocol: "tcp" };
const SCAN = "target=127.0.0.0/30 port_range=22,80 protocol=tcp";
const SUMMARY: UnitSummary = {
  end: "complete",
  failure: undefined,
  startedAt: 0,
  duration: 1.23456,
  up: 3,
  down: 1,
  timedOut: 2,
  incomplete: 0,
  lookedAtAll: true,
  resumeAt: 0,
};
const DOUBT: Doubt = {
  address: "127.0.0.2",
  protocol: "tcp",
  ports: [22, 80],
  takenAt: 0,
  reason: "vanished",
};

/** The lines that something in the log leaves, without their time. */
function logged(write: (log: ScanLog) => void, level: LogLevel = "debug"): string[] {
  const lines: string[] = [];
  const log = createLogger({
    level,
    format: "logfmt",
    write: (line) => lines.push(line.replace(/^time=\S+ |\n$/g, "")),
    date: () => new Date(0),
  });
  write(new ScanLog(log));
  return lines;
}

Deno.test("ScanLog writes one line when a unit ends, with its scan key and duration", () => {
  const f = (changes: Partial<UnitSummary>, expected: string) =>
    assert.deepEqual(logged((log) => log.ended(KEY, { ...SUMMARY, ...changes })), [expected]);
  const fields = `${SCAN} duration=1.235s up=3 down=1 timed_out=2 incomplete=0`;
  f({}, `level=info msg="Scan complete" ${fields}`);
  f({ end: "stopped" }, `level=info msg="Scan stopped" ${SCAN} duration=1.235s`);
  f(
    { end: "partial", failure: { type: "killed", message: "nmap was ended by SIGKILL" } },
    `level=warn msg="Scan incomplete" ${fields} error_type=killed error="nmap was ended by SIGKILL"`,
  );
  f(
    { end: "failed", failure: { type: "no_answer", message: "a\nb" }, duration: 0 },
    `level=warn msg="Scan failed" ${
      fields.replace("1.235s", "0.000s")
    } error_type=no_answer error="a\\nb"`,
  );
});

Deno.test("ScanLog writes a line for each port that changed, up to a hundred, and one for the rest", () => {
  const change = (port: number, type: PortChange["type"]): PortChange => ({
    address: "127.0.0.2",
    protocol: "tcp",
    port,
    type,
    time: 0,
  });
  assert.deepEqual(logged((log) => log.changed(KEY, [])), []);
  assert.deepEqual(
    logged((log) => log.changed(KEY, [change(22, "closed_to_open"), change(80, "open_to_closed")])),
    [
      'level=info msg="Port opened" ip=127.0.0.2 port=22 protocol=tcp target=127.0.0.0/30',
      'level=info msg="Port closed" ip=127.0.0.2 port=80 protocol=tcp target=127.0.0.0/30',
    ],
  );
  const many = Array.from({ length: 1000 }, (_, i) => change(i + 1, "closed_to_open"));
  assert.equal(logged((log) => log.changed(KEY, many.slice(0, 100))).length, 100);
  const lines = logged((log) => log.changed(KEY, many));
  assert.equal(lines.length, 101);
  assert.equal(lines.at(-1), `level=info msg="More ports changed" ${SCAN} ports=900`);
});

Deno.test("ScanLog tells what a second look said, or that there was none", () => {
  assert.deepEqual(logged((log) => log.unconfirmed(KEY, 2, DOUBT)), [
    `level=info msg="Ports seemed closed but are open" ${SCAN} ip=127.0.0.2 ports=2`,
  ]);
  assert.deepEqual(logged((log) => log.secondLookFailed(KEY, DOUBT, "no answer")), [
    'level=warn msg="Cannot confirm that ports closed: they stay open until the next scan" ' +
    `${SCAN} ip=127.0.0.2 ports=2 error="no answer"`,
  ]);
});

Deno.test("ScanLog keeps what happens all the time to the level debug", () => {
  const job: ScanJob = {
    addresses: ["127.0.0.1", "127.0.0.2"],
    family: 4,
    ports: PortSet.of([22, 80]),
    protocol: "tcp",
    nmap: {} as ScanJob["nmap"],
    timeoutMs: 1000,
    confirming: false,
  };
  const outcome: ScanOutcome = {
    failure: undefined,
    hosts: [],
    covered: { tcp: PortSet.EMPTY, udp: PortSet.EMPTY },
    startedAt: 1000,
    endedAt: 2500,
  };
  const write = (log: ScanLog) => {
    log.skipped(KEY, 3);
    log.processEnded(KEY, job, outcome);
    const failure = { type: "timeout", message: "too slow" } as const;
    log.processEnded(KEY, { ...job, confirming: true }, { ...outcome, failure });
  };
  const ended = `level=debug msg="nmap ended" ${SCAN} addresses=2 first=127.0.0.1`;
  assert.deepEqual(logged(write), [
    `level=debug msg="Scan still waiting or running when due again" ${SCAN} turns=3`,
    `${ended} confirming=false duration=1.500s`,
    `${ended} confirming=true duration=1.500s error_type=timeout error="too slow"`,
  ]);
  assert.deepEqual(logged(write, "info"), []);
});
