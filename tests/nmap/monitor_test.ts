import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import type { NmapCapability } from "../../src/nmap/capability.ts";
import { NmapMonitor } from "../../src/nmap/monitor.ts";

const READY: NmapCapability = {
  available: true,
  version: "7.93",
  rawSockets: true,
  reason: "",
  unanswered: false,
};
const UNPRIVILEGED: NmapCapability = { ...READY, rawSockets: false, reason: "no root" };
const UNANSWERED: NmapCapability = { ...UNPRIVILEGED, reason: "no answer", unanswered: true };
const MISSING: NmapCapability = { available: false, reason: "not found" };

/** A monitor on a fake clock of an nmap that takes 100 ms to give each of `answers`, the last for ever. */
function makeMonitor(...answers: NmapCapability[]) {
  const clock = FakeTimers.install({ toFake: ["setTimeout", "clearTimeout"], now: 0 });
  const asked: number[] = [];
  const changes: [now: NmapCapability, before: NmapCapability | undefined][] = [];
  const probes = { running: 0 };
  const monitor = new NmapMonitor({
    probe: async () => {
      asked.push(clock.now);
      probes.running++;
      const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
      await new Promise((resolve) => setTimeout(resolve, 100));
      probes.running--;
      return answer;
    },
    onChange: (now, before) => changes.push([now, before]),
  });
  return {
    clock,
    monitor,
    asked,
    changes,
    probes,
    async [Symbol.asyncDispose]() {
      const stopping = monitor.stop();
      await clock.tickAsync(100);
      await stopping;
      assert.equal(clock.countTimers(), 0);
      clock.uninstall();
    },
  };
}

Deno.test("NmapMonitor knows nothing before the first answer, and counts on no privilege", async () => {
  await using made = makeMonitor(READY);
  const { monitor, clock, changes } = made;
  assert.deepEqual([monitor.capability, monitor.technique], [undefined, "connect"]);
  const refreshed = monitor.refresh();
  assert.equal(monitor.capability, undefined);
  await clock.tickAsync(100);
  await refreshed;
  assert.deepEqual([monitor.capability, monitor.technique], [READY, "syn"]);
  assert.deepEqual(changes, [[READY, undefined]]);
});

Deno.test("NmapMonitor asks one that answered no more by itself", async () => {
  for (const answer of [READY, UNPRIVILEGED]) {
    await using made = makeMonitor(answer);
    void made.monitor.refresh();
    await made.clock.tickAsync(60_000);
    assert.deepEqual(made.asked, [0]);
    assert.equal(made.monitor.technique, answer === READY ? "syn" : "connect");
  }
});

Deno.test("NmapMonitor asks again every 5 s while nmap is missing", async () => {
  await using made = makeMonitor(MISSING, MISSING, READY);
  const { monitor, clock, asked, changes } = made;
  void monitor.refresh();
  await clock.tickAsync(60_000);
  assert.deepEqual(asked, [0, 5100, 10_200]);
  assert.deepEqual(changes, [[MISSING, undefined], [READY, MISSING]]);
  assert.equal(monitor.technique, "syn");
});

Deno.test("NmapMonitor asks again one that gave no answer in time", async () => {
  await using made = makeMonitor(UNANSWERED, UNANSWERED, UNPRIVILEGED);
  const { monitor, clock, asked, changes } = made;
  void monitor.refresh();
  await clock.tickAsync(60_000);
  assert.deepEqual(asked, [0, 5100, 10_200]);
  assert.deepEqual(changes, [[UNANSWERED, undefined], [UNPRIVILEGED, UNANSWERED]]);
});

Deno.test("NmapMonitor.refresh() is shared while an answer is under way, and asks anew afterwards", async () => {
  await using made = makeMonitor(READY);
  const { monitor, clock, asked } = made;
  const all = Promise.all([monitor.refresh(), monitor.refresh(), monitor.refresh()]);
  await clock.tickAsync(100);
  await all;
  assert.deepEqual(asked, [0]);
  void monitor.refresh();
  await clock.tickAsync(100);
  assert.deepEqual(asked, [0, 100]);
});

Deno.test("NmapMonitor asks once at a time, with one timer, however often it is refreshed", async () => {
  await using made = makeMonitor(MISSING);
  const { monitor, clock, asked } = made;
  for (let time = 0; time < 3; time++) {
    void monitor.refresh();
    await clock.tickAsync(1000);
  }
  assert.deepEqual(asked, [0, 1000, 2000]);
  assert.equal(clock.countTimers(), 1);
  await clock.tickAsync(4100);
  assert.deepEqual(asked, [0, 1000, 2000, 7100]);
});

Deno.test("NmapMonitor calls onChange only when an answer differs from the one before", async () => {
  const answers = [READY, READY, UNPRIVILEGED, { ...UNPRIVILEGED }, MISSING, MISSING, READY];
  await using made = makeMonitor(...answers);
  for (const _answer of answers) {
    void made.monitor.refresh();
    await made.clock.tickAsync(100);
  }
  assert.deepEqual(made.changes, [
    [READY, undefined],
    [UNPRIVILEGED, READY],
    [MISSING, UNPRIVILEGED],
    [READY, MISSING],
  ]);
});

Deno.test("NmapMonitor.noteMissing() says so at once, and has nmap asked 5 s later", async () => {
  await using made = makeMonitor(READY);
  const { monitor, clock, asked, changes } = made;
  void monitor.refresh();
  await clock.tickAsync(1000);
  monitor.noteMissing("not found");
  assert.deepEqual([monitor.capability, monitor.technique], [MISSING, "connect"]);
  // what every scan says until then is no news, and puts nothing off
  await clock.tickAsync(3000);
  monitor.noteMissing("still not found");
  assert.deepEqual(monitor.capability, MISSING);
  await clock.tickAsync(2100);
  assert.deepEqual(asked, [0, 6000]);
  assert.deepEqual(monitor.capability, READY);
  assert.deepEqual(changes, [[READY, undefined], [MISSING, READY], [READY, MISSING]]);
});

Deno.test("NmapMonitor.noteMissing() gives way to the answer that is under way", async () => {
  await using made = makeMonitor(READY);
  const { monitor, clock, asked, changes } = made;
  void monitor.refresh();
  monitor.noteMissing("not found");
  await clock.tickAsync(60_000);
  assert.deepEqual(monitor.capability, READY);
  assert.deepEqual(asked, [0]);
  assert.deepEqual(changes, [[MISSING, undefined], [READY, MISSING]]);
});

Deno.test("NmapMonitor.stop() resolves when a question under way has ended, whose answer counts no more", async () => {
  await using made = makeMonitor(READY);
  const { monitor, clock, changes, probes } = made;
  void monitor.refresh();
  await clock.tickAsync(50);
  const stopping = monitor.stop().then(() => assert.equal(probes.running, 0));
  let stopped = false;
  void stopping.then(() => stopped = true);
  await clock.tickAsync(49);
  assert.equal(stopped, false);
  await clock.tickAsync(1);
  await stopping;
  assert.deepEqual([monitor.capability, changes], [undefined, []]);
});

Deno.test("NmapMonitor.stop() asks no more and takes no more notes", async () => {
  await using made = makeMonitor(MISSING);
  const { monitor, clock, asked, changes } = made;
  void monitor.refresh();
  await clock.tickAsync(1000);
  await monitor.stop();
  monitor.noteMissing("not found either");
  await clock.tickAsync(60_000);
  assert.deepEqual(asked, [0]);
  assert.deepEqual(changes, [[MISSING, undefined]]);
  assert.equal(clock.countTimers(), 0);
});

Deno.test("NmapMonitor.stop() tells the question that is under way to end", async () => {
  let told: AbortSignal | undefined;
  const monitor = new NmapMonitor({
    probe: (signal) =>
      new Promise((resolve) => {
        told = signal;
        signal.addEventListener("abort", () => resolve(MISSING));
      }),
    onChange: () => assert.fail("nobody wants to know any more"),
  });
  const asking = monitor.refresh();
  await monitor.stop();
  await asking;
  assert.ok(told?.aborted);
  assert.equal(monitor.capability, undefined);
});
