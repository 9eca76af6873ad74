import assert from "node:assert/strict";
import { parsePorts } from "../../src/domain/ports.ts";
import type { Protocol } from "../../src/domain/scan.ts";
import { NmapOutputReader } from "../../src/nmap/output.ts";
import { processProgress, type TaskProgress, tellsOnlyVerbosely } from "../../src/nmap/progress.ts";

function job(addresses: number, { ports = "1-100", protocol = "tcp" as Protocol } = {}) {
  const texts = Array.from({ length: addresses }, (_, index) => `127.0.0.${index}`);
  return { addresses: texts, ports: parsePorts(ports), protocol };
}

function said(percent: number, rest: Partial<TaskProgress> = {}): TaskProgress {
  return { task: "Connect Scan", percent, remaining: 7, reported: 0, ...rest };
}

Deno.test("processProgress() counts the group that is scanned and those before it", () => {
  const cases: [TaskProgress, ReturnType<typeof job>, number, number | undefined][] = [
    [said(40), job(1), 40, 7],
    [said(40), job(64), 40, 7],
    [said(50), job(128), 25, undefined],
    [said(50, { reported: 64 }), job(128), 75, 7],
    // nmap begins with 4 hosts where there are many ports, then fills up to 64
    [said(50), job(16, { ports: "1-2000" }), 12.5, undefined],
    [said(50, { reported: 4 }), job(16, { ports: "1-2000" }), 62.5, 7],
    [said(50, { reported: 4 }), job(128, { ports: "1-2000" }), 100 * 34 / 128, undefined],
    [said(25, { task: "UDP Scan" }), job(128, { protocol: "udp" }), 25, 7],
    [said(100, { reported: 1 }), job(1), 100, 7],
  ];
  for (const [progress, asked, percent, remaining] of cases) {
    assert.deepEqual(
      processProgress(progress, asked),
      { task: progress.task, percent, remaining },
      JSON.stringify([progress, asked.addresses.length]),
    );
  }
});

Deno.test("processProgress() says nothing of what goes before the scan of ports", () => {
  for (const task of ["Ping Scan", "ARP Ping Scan", "Parallel DNS resolution of 1 host.", ""]) {
    assert.equal(processProgress(said(99, { task }), job(1)), undefined, task);
  }
});

Deno.test("NmapOutputReader hands on how far nmap is, and takes nonsense for nothing", () => {
  const heard: TaskProgress[] = [];
  const reader = new NmapOutputReader({
    asked: new Set(["127.0.0.1"]),
    onProgress: (progress) => heard.push(progress),
  });
  const text = `<?xml version="1.0"?><nmaprun scanner="nmap">
<taskprogress task="Connect Scan" time="1795389161" percent="9.77" remaining="10" etc="1795389170"/>
<taskprogress task="Connect Scan" percent="many"/>
<taskprogress task="Connect Scan" percent="-1" remaining="10"/>
<taskprogress task="Connect Scan" percent="101"/>
<taskprogress percent="100" remaining="soon"/>
<debugging><taskprogress task="Connect Scan" percent="50"/></debugging></nmaprun>`;
  reader.write(new TextEncoder().encode(text));
  assert.deepEqual(heard, [
    { task: "Connect Scan", percent: 9.77, remaining: 10, reported: 0 },
    { task: "", percent: 100, remaining: undefined, reported: 0 },
  ]);
});

Deno.test("tellsOnlyVerbosely() is so of releases after 7.93, and of those that nobody knows", () => {
  const newer = (version: string) => tellsOnlyVerbosely(version);
  assert.deepEqual(["6.40", "7.80", "7.93", "7.93SVN"].filter(newer), []);
  assert.deepEqual(["7.94", "7.94SVN", "7.95", "8.0", "", "unknown"].filter((v) => !newer(v)), []);
});
