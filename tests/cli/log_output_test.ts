import assert from "node:assert/strict";
import { LogOutput } from "../../src/cli/log_output.ts";

/** A log whose reader takes `perWrite` bytes each time that it is let read; `fail` makes a write throw. */
function makeOutput({ perWrite = Infinity }: { perWrite?: number } = {}) {
  const decoder = new TextDecoder();
  const lost: number[] = [];
  let read = "";
  let gate = Promise.withResolvers<void>();
  const failures: Error[] = [];
  const output: LogOutput = new LogOutput({
    write: async (bytes) => {
      await gate.promise;
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      const taken = Math.min(perWrite, bytes.length);
      read += decoder.decode(bytes.subarray(0, taken), { stream: true });
      return taken;
    },
    onLost: (lines) => {
      lost.push(lines);
      output.write(`lost ${lines}\n`);
    },
  });
  return {
    output,
    lost,
    failures,
    read: () => read,
    resume: () => gate.resolve(),
    pause: () => void (gate = Promise.withResolvers()),
  };
}

Deno.test("LogOutput writes every line in order, however little is taken at once", async () => {
  for (const perWrite of [1, 7, Infinity]) {
    const t = makeOutput({ perWrite });
    t.output.write("grüße\n");
    t.output.write("two\n");
    t.resume();
    await t.output.flush(10_000);
    t.output.write("three\n");
    await t.output.flush(10_000);
    assert.equal(t.read(), "grüße\ntwo\nthree\n");
  }
});

Deno.test("LogOutput keeps so much for a reader that stopped, and says then what is missing", async () => {
  const t = makeOutput();
  const line = `${"x".repeat(1023)}\n`;
  t.output.write(line);
  // The first is being written, for so long that its reader has stopped.
  await t.output.flush(1500);
  for (let index = 0; index < 1024 + 50; index++) t.output.write(line);
  assert.equal(t.read(), "");
  t.resume();
  await t.output.flush(10_000);
  assert.deepEqual(t.lost, [50]);
  assert.ok(t.read() === `${line.repeat(1 + 1024)}lost 50\n`);
  t.output.write("on\n");
  await t.output.flush(10_000);
  assert.match(t.read().slice(-20), /^lost 50\non\n$/m);
});

Deno.test("LogOutput loses nothing of what is said at one stretch, however much it is", async () => {
  const t = makeOutput();
  t.resume();
  const line = `${"x".repeat(1023)}\n`;
  for (let index = 0; index < 3000; index++) t.output.write(line);
  await t.output.flush(10_000);
  assert.ok(t.read() === line.repeat(3000));
  assert.deepEqual(t.lost, []);
});

Deno.test("LogOutput tries a full pipe again, and goes on without a reader", async () => {
  const t = makeOutput();
  t.resume();
  t.failures.push(new Deno.errors.WouldBlock("full"), new Deno.errors.WouldBlock("full"));
  t.output.write("one\n");
  await t.output.flush(10_000);
  t.failures.push(new Deno.errors.BrokenPipe("gone"));
  t.output.write("nobody reads this\n");
  await t.output.flush(10_000);
  t.output.write("two\n");
  await t.output.flush(10_000);
  assert.equal(t.read(), "one\ntwo\n");
});
