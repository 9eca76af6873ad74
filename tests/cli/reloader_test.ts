import FakeTimers from "@sinonjs/fake-timers";
import assert from "node:assert/strict";
import { AUTO_RELOAD_MS, readContent, Reloader } from "../../src/cli/reloader.ts";
import type { Config } from "../../src/config/config.ts";
import { createLogger } from "../../src/log/logger.ts";

const NOW = 1_700_000_000_000;

/** A reloader of a file in a directory of its own. */
async function makeReloader(content: string, { refuse = (): string[] => [] } = {}) {
  const directory = await Deno.makeTempDir({ prefix: "openport-reloader-" });
  const configFile = `${directory}/config.yaml`;
  const write = (text: string) => Deno.writeTextFile(configFile, text);
  await write(content);
  const lines: string[] = [];
  const applied: number[] = [];
  const asked: boolean[] = [];
  const clock = { now: NOW };
  const reloader = new Reloader({
    configFile,
    log: createLogger({
      level: "info",
      format: "logfmt",
      write: (line) => lines.push(line),
      date: () => new Date(NOW),
    }),
    wallClock: () => clock.now,
    apply: (config: Config, how) => {
      asked.push(how.asked);
      const refused = refuse();
      if (refused.length === 0) applied.push(config.scanning.interval);
      return Promise.resolve(refused);
    },
  });
  return {
    reloader,
    clock,
    configFile,
    write,
    remove: () => Deno.remove(configFile),
    applied,
    asked,
    said: (level: string) => lines.filter((line) => line.includes(`level=${level}`)),
    async [Symbol.asyncDispose]() {
      reloader.stop();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

const every = (seconds: number) => `scanning: { interval: ${seconds} }\n`;

Deno.test("Reloader counts the start as a success", async () => {
  await using t = await makeReloader(every(60));
  assert.deepEqual(t.reloader.last, { successful: true, succeededAt: NOW / 1000 });
  assert.deepEqual(t.applied, []);
});

Deno.test("Reloader.reload() applies a good file and says so", async () => {
  await using t = await makeReloader(every(60));
  await t.write(every(120));
  t.clock.now += 5000;
  assert.deepEqual(await t.reloader.reload(), { ok: true });
  assert.deepEqual(t.asked, [true]);
  assert.deepEqual(t.applied, [120]);
  assert.deepEqual(t.reloader.last, { successful: true, succeededAt: NOW / 1000 + 5 });
  assert.equal(t.said("info").length, 1);
});

Deno.test("Reloader.reload() gives the warnings of a good file", async () => {
  await using t = await makeReloader("scanning: { interval: 5, host_timeout: 1 }\n");
  await t.reloader.reload();
  const warnings = t.said("warn").join("");
  assert.match(warnings, /scanning\.interval/);
  assert.match(warnings, /scanning\.host_timeout/);
});

Deno.test("Reloader.reload() applies nothing of a bad file and names every problem", async () => {
  await using t = await makeReloader(every(60));
  await t.write("scanning: { interval: 0, worker_count: -1 }\nfoo: 1\n");
  t.clock.now += 5000;
  const result = await t.reloader.reload();
  assert.ok(!result.ok);
  assert.equal(result.problems.length, 3);
  assert.ok(result.problems.every((line) => line.startsWith(`${t.configFile}:`)));
  assert.equal(t.said("error").length, 3);
  assert.deepEqual(t.applied, []);
  assert.deepEqual(t.reloader.last, { successful: false, succeededAt: NOW / 1000 });
  await t.write(every(90));
  assert.deepEqual(await t.reloader.reload(), { ok: true });
  assert.deepEqual(t.reloader.last, { successful: true, succeededAt: NOW / 1000 + 5 });
});

Deno.test("Reloader.reload() fails for a file that is not there", async () => {
  await using t = await makeReloader(every(60));
  await t.remove();
  const result = await t.reloader.reload();
  assert.ok(!result.ok);
  assert.match(result.problems.join(), /there is no such file/);
});

Deno.test("Reloader.reload() does not wait for a pipe that was read before", async () => {
  await using t = await makeReloader(every(60));
  await t.remove();
  assert.ok((await new Deno.Command("mkfifo", { args: [t.configFile] }).output()).success);
  const result = await t.reloader.reload();
  assert.match(JSON.stringify(result), /Cannot read the configuration again: it is a pipe/);
  assert.equal(await readContent(t.configFile), undefined);
});

Deno.test("Reloader.reload() passes on why a good file needs a restart", async () => {
  const problem = "config.yaml: server.port: Cannot change while the program runs: restart it";
  await using t = await makeReloader(every(60), { refuse: () => [problem] });
  assert.deepEqual(await t.reloader.reload(), {
    ok: false,
    problems: [problem],
  });
  assert.equal(t.reloader.last.successful, false);
  assert.equal(t.said("error").length, 1);
});

Deno.test("Reloader.reload() goes on after one that failed in an unexpected way", async () => {
  let broken = true;
  await using t = await makeReloader(every(60), {
    refuse: () => {
      if (broken) throw new TypeError("unexpected");
      return [];
    },
  });
  await assert.rejects(t.reloader.reload(), { message: "unexpected" });
  broken = false;
  assert.deepEqual(await t.reloader.reload(), { ok: true });
});

Deno.test("Reloader.reload() serves those who ask at once one after the other", async () => {
  await using t = await makeReloader(every(60));
  const results = [t.reloader.reload(), t.reloader.reload()];
  await t.write(every(70));
  results.push(t.reloader.reload());
  for (const result of await Promise.all(results)) assert.deepEqual(result, { ok: true });
  assert.equal(t.applied.length, 3);
  assert.equal(t.applied.at(-1), 70);
});

Deno.test("Reloader.reload() does nothing once it is stopped", async () => {
  await using t = await makeReloader(every(60));
  t.reloader.stop();
  assert.deepEqual(await t.reloader.reload(), {
    ok: false,
    problems: ["The exporter is shutting down"],
  });
  assert.deepEqual(t.applied, []);
  assert.equal(t.reloader.last.successful, true);
});

Deno.test("Reloader.watch() reloads when the content changed, and only then", async () => {
  await using t = await makeReloader(every(60));
  const timers = FakeTimers.install({ toFake: ["setInterval", "clearInterval"] });
  const look = async () => {
    timers.tick(AUTO_RELOAD_MS);
    // real time for the file to be read
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  try {
    t.reloader.watch(await readContent(t.configFile));
    await look();
    assert.deepEqual(t.applied, [], "unchanged");
    await t.write(every(60));
    await look();
    assert.deepEqual(t.applied, [], "written again");
    await t.write(every(61));
    timers.tick(AUTO_RELOAD_MS - 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(t.applied, [], "not before 30 s");
    timers.tick(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(t.applied, [61]);
    await look();
    assert.deepEqual(t.applied, [61], "once");
    assert.deepEqual(t.asked, [false], "nobody asked");

    await t.remove();
    await look();
    assert.equal(t.reloader.last.successful, true, "missing while it is being replaced");
    await t.write(every(61));
    await look();
    assert.deepEqual(t.applied, [61], "back as it was");

    await t.write("nonsense: [");
    await look();
    assert.equal(t.reloader.last.successful, false);
    const errors = t.said("error").length;
    await look();
    assert.equal(t.said("error").length, errors, "said once for each content");
    await t.write(every(61));
    await look();
    assert.deepEqual(t.applied, [61, 61], "good again");
    assert.equal(t.reloader.last.successful, true);

    t.reloader.stop();
    await t.write(every(62));
    await look();
    assert.deepEqual(t.applied, [61, 61], "stopped");
    assert.equal(timers.countTimers(), 0);
  } finally {
    timers.uninstall();
  }
});

Deno.test("Reloader.watch() takes a refused file once it is not refused any more, and says once why it was", async () => {
  let problems = ["auth: Cannot let everybody in"];
  await using t = await makeReloader(every(60), { refuse: () => problems });
  const timers = FakeTimers.install({ toFake: ["setInterval", "clearInterval"] });
  const look = async () => {
    timers.tick(AUTO_RELOAD_MS);
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  try {
    t.reloader.watch(await readContent(t.configFile));
    await t.write(every(61));
    await look();
    await look();
    assert.equal(t.said("error").length, 1);
    problems = ["password_file: Cannot read it"];
    await look();
    await look();
    assert.equal(t.said("error").length, 2);
    await t.reloader.reload();
    assert.equal(t.said("error").length, 3, "somebody asked");
    problems = [];
    await look();
    await look();
    assert.deepEqual(t.applied, [61]);
    assert.equal(t.reloader.last.successful, true);
  } finally {
    timers.uninstall();
  }
});

Deno.test("Reloader.watch() notices what changed between the first load and the watch", async () => {
  await using t = await makeReloader(every(60));
  const content = await readContent(t.configFile);
  await t.write(every(61));
  const timers = FakeTimers.install({ toFake: ["setInterval", "clearInterval"] });
  try {
    t.reloader.watch(content);
    timers.tick(AUTO_RELOAD_MS);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(t.applied, [61]);
  } finally {
    timers.uninstall();
  }
});

Deno.test("readContent() knows nothing of a file that cannot be read", async () => {
  await using t = await makeReloader("a: 1");
  assert.equal(await readContent(t.configFile), "a: 1");
  await t.remove();
  assert.equal(await readContent(t.configFile), undefined);
});
