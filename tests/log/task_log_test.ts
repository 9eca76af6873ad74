import assert from "node:assert/strict";
import { createLogger } from "../../src/log/logger.ts";
import { TaskLog } from "../../src/log/task_log.ts";
import type { TaskRecord } from "../../src/tasks/scan_task.ts";

const RECORD: TaskRecord = {
  id: "t1",
  number: 1,
  state: "pending",
  submittedAt: 0,
  startedAt: undefined,
  finishedAt: undefined,
  summary: { hostsUp: 0, hostsDown: 0, openTuples: 0 },
  error: "",
  targets: ["127.0.0.1/32"],
  targetCount: 1,
  portRange: "22,80",
  protocols: ["tcp"],
  priority: "high",
  dedupeKey: undefined,
  units: { total: 1, waiting: 1, running: 0, done: 0, failed: 0 },
  progress: 0,
  expectedEnd: undefined,
  retries: 0,
  retriesMade: 0,
  nextTryAt: undefined,
};

/** A log of lines without their time. */
function makeLog() {
  const lines: string[] = [];
  const log = createLogger({
    level: "info",
    format: "logfmt",
    write: (line) => lines.push(line.trim().replace(/^time=\S+ /, "")),
    date: () => new Date(0),
  });
  return { lines, tasks: new TaskLog(log) };
}

Deno.test("TaskLog says what was asked for", () => {
  const { lines, tasks } = makeLog();
  tasks.accepted(RECORD);
  tasks.accepted({ ...RECORD, dedupeKey: "a b", targets: [..."123456"], targetCount: 200 });
  const rest = "ports=22,80 protocol=tcp priority=high";
  assert.deepEqual(lines, [
    `level=info msg="Task accepted" task_id=t1 targets=127.0.0.1/32 ${rest} scans=1`,
    `level=info msg="Task accepted" task_id=t1 targets="1,2,3,4,5 and 195 more" ${rest} dedupe_key="a b" scans=1`,
  ]);
});

Deno.test("TaskLog says what came of it", () => {
  const { lines, tasks } = makeLog();
  const summary = { hostsUp: 3, hostsDown: 1, openTuples: 7 };
  const over = { ...RECORD, startedAt: 1000, finishedAt: 2500, summary };
  tasks.ended({ ...over, state: "succeeded" });
  tasks.ended({ ...RECORD, state: "cancelled", finishedAt: 5 });
  tasks.ended({ ...over, state: "failed", error: "no \u001broute" });
  const begin = "task_id=t1 targets=127.0.0.1/32 state=";
  assert.deepEqual(lines, [
    `level=info msg="Task ended" ${begin}succeeded hosts_up=3 hosts_down=1 open_tuples=7 duration=1.500s`,
    `level=info msg="Task ended" ${begin}cancelled hosts_up=0 hosts_down=0 open_tuples=0`,
    `level=warn msg="Task failed" ${begin}failed hosts_up=3 hosts_down=1 open_tuples=7 duration=1.500s error="no \\u001broute"`,
  ]);
});
