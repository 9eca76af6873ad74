import assert from "node:assert/strict";
import FakeTimers from "@sinonjs/fake-timers";
import { Poller } from "../../src/discovery/poller.ts";

/** A poller whose looks end when the test says so. */
function makePoller() {
  const looks: { asked: boolean; end: () => void }[] = [];
  const poller = new Poller({
    intervalMs: 1000,
    look: (asked) => new Promise((end) => looks.push({ asked, end })),
  });
  return { looks, poller };
}

Deno.test("Poller looks at start, at its interval and when asked, one look at a time", async () => {
  const clock = FakeTimers.install({ toFake: ["setInterval", "clearInterval"] });
  try {
    const { looks, poller } = makePoller();
    const asked = () => looks.map(({ asked }) => asked);
    const started = poller.start();
    await Promise.resolve();
    clock.tick(5000);
    assert.deepEqual(asked(), [true]);
    looks[0]!.end();
    await started;
    await Promise.resolve();
    clock.tick(1000);
    const refreshed = poller.refresh();
    for (let i = 0; i < 5; i++) await Promise.resolve();
    assert.deepEqual(asked(), [true, false]);
    looks[1]!.end();
    for (let i = 0; i < 10; i++) await Promise.resolve();
    assert.deepEqual(asked(), [true, false, true]);
    const stopped = poller.stop();
    looks[2]!.end();
    await Promise.all([refreshed, stopped]);
    clock.tick(10_000);
    await poller.refresh();
    assert.equal(looks.length, 3);
    assert.ok(poller.stopped);
  } finally {
    clock.uninstall();
  }
});

Deno.test("Poller goes on after a look that failed in an unexpected way", async () => {
  let looks = 0;
  const poller = new Poller({
    intervalMs: 1000,
    look: () => ++looks === 1 ? Promise.reject(new Error("bug")) : Promise.resolve(),
  });
  await assert.rejects(poller.start(), /bug/);
  await poller.refresh();
  assert.equal(looks, 2);
  await poller.stop();
});
