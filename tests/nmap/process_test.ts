import assert from "node:assert/strict";
import { join } from "node:path";
import { NmapProcesses, type ProcessRequest, type ProcessResult } from "../../src/nmap/process.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";

/** A directory with an executable `nmap` that is this shell script. */
async function shellNmap(body: string): Promise<{ dir: string } & AsyncDisposable> {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(join(dir, "nmap"), `#!/bin/sh\n${body}\n`);
  await Deno.chmod(join(dir, "nmap"), 0o755);
  return {
    dir,
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

/** Runs `nmap` out of `dir`, collecting what it prints. */
async function runIn(
  dir: string,
  { killGraceMs = 300, ...request }: Partial<ProcessRequest> & { killGraceMs?: number } = {},
) {
  const processes = new NmapProcesses({ path: `${dir}:${Deno.env.get("PATH")}`, killGraceMs });
  const started = performance.now();
  let output = "";
  const decoder = new TextDecoder();
  const result = await processes.run({
    args: [],
    signal: new AbortController().signal,
    timeoutMs: 30_000,
    onOutput: (chunk) => output += decoder.decode(chunk, { stream: true }),
    ...request,
  });
  assert.equal(processes.size, 0);
  return { result, output, ms: performance.now() - started };
}

function ended(result: ProcessResult): Extract<ProcessResult, { kind: "ended" }> {
  assert.ok(result.kind === "ended", JSON.stringify(result));
  return result;
}

Deno.test("NmapProcesses gives output, stderr and exit code", async () => {
  await using nmap = await shellNmap('echo "out $1"; echo err >&2; exit 3');
  const { result, output } = await runIn(nmap.dir, { args: ["a b"] });
  assert.equal(output, "out a b\n");
  assert.deepEqual(result, {
    kind: "ended",
    code: 3,
    signal: null,
    endedBy: "itself",
    outputError: undefined,
    stderr: "err\n",
  });
});

Deno.test("NmapProcesses clears the environment and gives no input", async () => {
  await using nmap = await shellNmap("env; cat");
  Deno.env.set("NMAP_PRIVILEGED", "secret");
  try {
    const { output } = await runIn(nmap.dir);
    const names = output.trim().split("\n").map((line) => line.split("=")[0]);
    // The shell adds PWD and the like itself.
    assert.deepEqual(
      names.filter((name) => !["PWD", "OLDPWD", "SHLVL", "_"].includes(name!)).sort(),
      ["LC_ALL", "PATH"],
    );
  } finally {
    Deno.env.delete("NMAP_PRIVILEGED");
  }
});

Deno.test("NmapProcesses ends one that takes too long", async () => {
  await using nmap = await shellNmap("exec sleep 60");
  const { result, ms } = await runIn(nmap.dir, { timeoutMs: 200 });
  assert.deepEqual([ended(result).endedBy, ended(result).signal], ["timeout", "SIGTERM"]);
  assert.ok(ms < 2000);
});

Deno.test("NmapProcesses waits for a timeout longer than a timer can be", async () => {
  await using nmap = await shellNmap("sleep 0.2; echo done");
  const { result, output } = await runIn(nmap.dir, { timeoutMs: 1e12 });
  assert.deepEqual([ended(result).endedBy, output], ["itself", "done\n"]);
});

Deno.test("NmapProcesses ends one that was aborted, and starts none that is", async () => {
  await using nmap = await shellNmap("echo up; exec sleep 60");
  const controller = new AbortController();
  const { result } = await runIn(nmap.dir, {
    signal: controller.signal,
    onOutput: () => controller.abort(),
  });
  assert.deepEqual([ended(result).endedBy, ended(result).signal], ["abort", "SIGTERM"]);
  assert.deepEqual((await runIn(nmap.dir, { signal: AbortSignal.abort() })).result, {
    kind: "stopped",
  });
});

Deno.test("NmapProcesses kills one that ignores SIGTERM", async () => {
  // A shell, because it ignores the signal long before the time is over, on a busy machine too.
  await using nmap = await shellNmap("trap '' TERM; exec sleep 30");
  const { result, ms } = await runIn(nmap.dir, { timeoutMs: 1000 });
  assert.deepEqual([ended(result).endedBy, ended(result).signal], ["timeout", "SIGKILL"]);
  assert.ok(ms >= 1300 && ms < 10_000, String(ms));
});

Deno.test("NmapProcesses ends one whose output is refused, and reads on meanwhile", async () => {
  await using nmap = await shellNmap("trap '' TERM; yes; exit 0");
  const refusal = new Error("no");
  let calls = 0;
  const { result } = await runIn(nmap.dir, {
    onOutput: () => {
      calls++;
      throw refusal;
    },
  });
  assert.equal(calls, 1);
  assert.equal(ended(result).outputError, refusal);
  assert.equal(ended(result).endedBy, "output");
});

Deno.test("NmapProcesses tells a signal that it did not send", async () => {
  await using nmap = await shellNmap("kill -KILL $$");
  const { result } = await runIn(nmap.dir);
  assert.deepEqual([ended(result).endedBy, ended(result).signal], ["itself", "SIGKILL"]);
});

Deno.test("NmapProcesses reads floods on both pipes, keeping the ends of stderr", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { fault: "floods_stderr" } });
  const before = Deno.memoryUsage().rss;
  const { result, output } = await runIn(fake.dir, { args: ["-p", "1-9", "--", "127.0.0.1"] });
  assert.equal(ended(result).code, 0);
  assert.match(output, /<\/nmaprun>/);
  assert.ok(ended(result).stderr.length < 13_000);
  assert.match(ended(result).stderr, /\d+ bytes left out/);
  assert.ok(Deno.memoryUsage().rss - before < 150e6);
});

Deno.test("NmapProcesses does not wait for a grandchild that holds the pipes", async () => {
  await using nmap = await shellNmap("echo said; sleep 20 & exit 0");
  const { result, output, ms } = await runIn(nmap.dir);
  assert.deepEqual([ended(result).endedBy, ended(result).code, output], ["itself", 0, "said\n"]);
  assert.ok(ms > 800 && ms < 4000, String(ms));
});

Deno.test("NmapProcesses tries every candidate at every start", async () => {
  await using nmap = await shellNmap("exit 0");
  const plain = join(nmap.dir, "plain");
  await Deno.writeTextFile(plain, "");
  const processes = new NmapProcesses({
    path: "/nonexistent",
    candidates: ["nmap", "/nonexistent/nmap", plain, nmap.dir, join(nmap.dir, "later")],
  });
  const run = () =>
    processes.run({
      args: [],
      signal: new AbortController().signal,
      timeoutMs: 5000,
      onOutput: () => {},
    });
  const missing = await run();
  assert.ok(missing.kind === "missing");
  assert.match(
    missing.message,
    /tried nmap: .*later: NotFound; install it \(apt-get install nmap\)/,
  );
  await Deno.rename(join(nmap.dir, "nmap"), join(nmap.dir, "later"));
  assert.equal(ended(await run()).code, 0);
});

Deno.test("NmapProcesses reports what the system refuses to start", async () => {
  const processes = new NmapProcesses({ path: Deno.env.get("PATH"), candidates: ["true"] });
  const result = await processes.run({
    args: ["x".repeat(5_000_000)],
    signal: new AbortController().signal,
    timeoutMs: 5000,
    onOutput: () => {},
  });
  assert.ok(result.kind === "refused");
  assert.match(result.message, /^Cannot start nmap: .*too long/i);
});

Deno.test("NmapProcesses can end all of them at once", async () => {
  await using nmap = await shellNmap("exec sleep 60");
  const processes = new NmapProcesses({ path: `${nmap.dir}:${Deno.env.get("PATH")}` });
  const runs = [1, 2, 3].map(() =>
    processes.run({
      args: [],
      signal: new AbortController().signal,
      timeoutMs: 30_000,
      onOutput: () => {},
    })
  );
  assert.equal(processes.size, 3);
  processes.killAll("SIGKILL");
  for (const result of await Promise.all(runs)) {
    assert.deepEqual([ended(result).endedBy, ended(result).signal], ["abort", "SIGKILL"]);
  }
  processes.killAll("SIGKILL");
  assert.equal(processes.size, 0);
});
