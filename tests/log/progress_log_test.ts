import assert from "node:assert/strict";
import { createLogger } from "../../src/log/logger.ts";
import { ProgressLog } from "../../src/log/progress_log.ts";

const KEY = { target: "127.0.0.0/24", portRange: "1-65535", protocol: "tcp" } as const;

/** A log of lines without their time. */
function makeLog() {
  const lines: string[] = [];
  const log = createLogger({
    level: "info",
    format: "logfmt",
    write: (line) => lines.push(line.trim().replace(/^time=\S+ /, "")),
    date: () => new Date(0),
  });
  return { lines, progress: new ProgressLog(log) };
}

Deno.test("ProgressLog says how far a long scan is", () => {
  const { lines, progress } = makeLog();
  const scan = { id: "a", key: KEY, startedAt: 1000, fraction: 0.45678, remaining: 99.6 };
  progress.look([scan], 30_999);
  assert.deepEqual(lines, []);
  progress.look([scan], 31_000);
  progress.look([{ ...scan, id: "b", remaining: undefined }], 41_000);
  const line = 'level=info msg="Scan under way" target=127.0.0.0/24 port_range=1-65535 ' +
    "protocol=tcp percent=45.6 since=";
  assert.deepEqual(lines, [`${line}30s remaining=100s`, `${line}40s`]);
});

Deno.test("ProgressLog speaks of one scan more and more rarely, but every 10 minutes at least", () => {
  const { lines, progress } = makeLog();
  const scan = { id: "a", key: KEY, startedAt: 0, fraction: 0.5, remaining: undefined };
  for (let now = 0; now <= 3 * 3600_000; now += 5000) progress.look([scan], now);
  const minutes = lines.map((line) => Number(/since=(\d+)s/.exec(line)![1]) / 60);
  assert.deepEqual(minutes.slice(0, 8), [0.5, 1, 2, 4, 8, 16, 26, 36]);
  assert.ok(lines.length < 30, `${lines.length} lines`);
});

Deno.test("ProgressLog takes the next scan of a unit for another one", () => {
  const { lines, progress } = makeLog();
  const scan = { id: "a", key: KEY, startedAt: 0, fraction: 0.5, remaining: undefined };
  progress.look([scan], 30_000);
  progress.look([], 35_000);
  progress.look([{ ...scan, startedAt: 36_000 }], 66_000);
  assert.equal(lines.length, 2);
});
