import assert from "node:assert/strict";
import { join } from "node:path";
import denoJson from "../../deno.json" with { type: "json" };
import { host, openNow } from "../storage/builders.ts";
import { ROOT } from "../support/root.ts";

/** The command of `deno task start`, word by word: what users run, with its permissions. */
const [, ...START] = denoJson.tasks.start.command.split(" ");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(args: readonly string[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...START, ...args],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  });
}

async function run(...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await command(args).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A directory with one file, `config.yaml`, removed when the scope ends. */
async function writeConfig(text: string): Promise<{ path: string } & AsyncDisposable> {
  const dir = await Deno.makeTempDir();
  const path = join(dir, "config.yaml");
  await Deno.writeTextFile(path, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

/** Lines of a log, read as they come. */
class LogLines {
  readonly seen: string[] = [];
  readonly #reader: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next line that has `text` in it; undefined when the log ends before. */
  async until(text: string): Promise<string | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end < 0) {
        const { value, done } = await this.#reader.read();
        if (done) return undefined;
        this.#rest += value;
        continue;
      }
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 1);
      this.seen.push(line);
      if (line.includes(text)) return line;
    }
  }
}

Deno.test("run() prints help and version on stdout, without a configuration", async () => {
  const [help, version] = await Promise.all([
    run("--help", "--config.file=/nonexistent"),
    run("--version"),
  ]);
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  assert.match(help.stdout, /^usage: openport-exporter \[flags\]\n/);
  assert.deepEqual([version.code, version.stderr], [0, ""]);
  assert.match(
    version.stdout,
    /^openport-exporter, version \d+\.\d+\.\d+ \(revision: (?:[0-9a-f]{7,40}(?:-dirty)?|unknown)\)\n {2}runtime: deno [\d.]+\n {2}platform: linux\/\w+\n$/,
  );
  assert.ok(version.stdout.includes(`version ${denoJson.version} (`));
});

Deno.test("run() ends with 2 and a hint when the command line is wrong", async () => {
  const results = await Promise.all([
    run("--config.flie=x"),
    run("scan", "127.0.0.1", "--ports=0"),
    run("--web.config.file="),
  ]);
  for (const { code, stdout, stderr } of results) {
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^openport-exporter: .+\nTry: openport-exporter --help\n$/);
  }
});

Deno.test("run() checks the example configuration: the plan and a verdict on stdout, nothing else", async () => {
  const { code, stdout, stderr } = await run("--config.check");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^TARGET .*\n127\.0\.0\.1 +1 +1-65535 +tcp +5m +65,535 +2\.2 min +44 %\n\n/);
  assert.match(stdout, /\n\nconfig\.yaml: OK\n$/);
});

Deno.test("run() checks with the warnings between the plan and the verdict", async () => {
  await using config = await writeConfig("scanning: { interval: 5 }\ntargets: [127.0.0.9/31]\n");
  const { code, stdout, stderr } = await run("--config.check", `--config.file=${config.path}`);
  assert.deepEqual([code, stderr], [0, ""]);
  const lines = stdout.split("\n\n").at(-1)!.split("\n");
  const warnings = lines.slice(0, -2);
  assert.deepEqual(lines.slice(-2), [`${config.path}: OK (${warnings.length} warnings)`, ""]);
  assert.ok(warnings.length >= 2 && warnings.every((line) => line.startsWith("warning: ")), stdout);
});

Deno.test("run() learns from the state file when nothing listens, and says what it cannot do", async () => {
  await using config = await writeConfig("state: { path: gone.db }\ntargets: [127.0.0.1]\n");
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const flags = [`--config.file=${config.path}`, `--web.listen-address=:${port}`];
  const gone = await run("learn", ...flags);
  assert.deepEqual([gone.code, gone.stdout], [1, ""]);
  assert.match(gone.stderr, /^openport-exporter: Cannot learn what is open: nothing listens on /);
  const path = join(config.path, "../state.db");
  const { store } = openNow(path);
  store.save({ hosts: [host({ address: "127.0.0.1" })] });
  store.close();
  await Deno.writeTextFile(config.path, `state: { path: ${path} }\ntargets: [127.0.0.1]\n`);
  const { code, stdout, stderr } = await run("learn", ...flags);
  assert.deepEqual([code, stderr], [
    0,
    `openport-exporter: Nothing listens on 127.0.0.1:${port}: read ${path}\n`,
  ]);
  assert.match(stdout, /\ntargets:\n {2}- target: 127\.0\.0\.1\n {4}expected_ports: "22"\n$/);
});

Deno.test("run() prints every problem of a configuration on stderr, ends with 2, and never listens", async () => {
  // Who tried to listen on a port that is taken would end with 1.
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await using config = await writeConfig(
    `server: { address: 127.0.0.1, port: ${port}, prot: 1 }\n` +
      "scanning: { intervall: 5, max_retries: 51 }\n" +
      "auth: { basic: { username: u, password: sesame, pass: x } }\n" +
      "targets: [127.1, 10.0.0.0/33]\n",
  );
  const lines = await Promise.all(
    [[], ["--config.check"]].map(async (flags) => {
      const { code, stdout, stderr } = await run(`--config.file=${config.path}`, ...flags);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.ok(!stderr.includes("sesame"));
      return stderr.split("\n");
    }),
  );
  assert.deepEqual(lines[0], lines[1]);
  const places = lines[0]!.slice(0, -1).map((line) => {
    assert.ok(line.startsWith(`${config.path}:`), line);
    return line.slice(config.path.length + 1).split(": ")[1];
  });
  assert.deepEqual(places, [
    "server.prot",
    "scanning.intervall",
    "scanning.max_retries",
    "auth.basic.pass",
    "targets[0]",
    "targets[1]",
  ]);
  assert.match(lines[0]![1]!, /did you mean "interval"\?/);
});

Deno.test("run() ends with 2 when the configuration cannot be read", async () => {
  const results = await Promise.all([
    run("--config.file=/nonexistent/x.yaml"),
    run("--config.file=/nonexistent/x.yaml", "--config.check"),
    run("--config.file=/"),
  ]);
  for (const { code, stdout, stderr } of results) {
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^\/[^\n]*: Cannot read the configuration: [^\n]+\n$/);
  }
});

Deno.test("run() ends with 1 when it cannot listen, and says where to change that", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  await using config = await writeConfig("server: { port: 0 }\n");
  const { code, stdout, stderr } = await run(
    `--config.file=${config.path}`,
    `--web.listen-address=127.0.0.1:${port}`,
  );
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(
    stderr,
    new RegExp(
      `level=error msg="Cannot listen: choose another address [^\\n]*address=127\\.0\\.0\\.1:${port} `,
    ),
  );
});

Deno.test("run() serves, logs nothing but its lines, and ends with 0 on SIGTERM also while a request is open", async () => {
  await using config = await writeConfig(
    `server: { address: 127.0.0.1, port: 0 }\nstate: { path: "" }\n`,
  );
  const child = command([`--config.file=${config.path}`, "--log.format=json"]).spawn();
  const log = new LogLines(child.stderr);
  const stdout = new Response(child.stdout).text();
  const listening = await log.until("Listening");
  const address: string = JSON.parse(listening ?? "{}").address;
  assert.match(address, /^127\.0\.0\.1:[1-9]\d*$/);
  const held = JSON.parse(await log.until("Permissions held") ?? "{}");
  assert.deepEqual([held.net, held.write, held.sys, held.ffi], ["none", "none", "none", "none"]);
  assert.match(held.run, /nmap/);
  const ask = (path: string, init?: RequestInit) => fetch(`http://${address}${path}`, init);
  const page = await ask("/metrics");
  assert.equal(page.status, 200);
  assert.match(await page.text(), /^task_queue_size 0$/m);
  const queried = await ask("/query?ip=-iL/etc/passwd&ports=22");
  assert.deepEqual([queried.status, (await queried.json()).details], [400, { parameter: "ip" }]);
  // A body in chunks, which Deno must not comment on.
  const chunked = await ask("/query", {
    method: "POST",
    body: ReadableStream.from([new Uint8Array(9)]),
  });
  assert.deepEqual([chunked.status, (await chunked.json()).details], [400, {
    parameter: "Content-Type",
  }]);
  const [hostname, port] = address.split(":");
  using open = await Deno.connect({ hostname: hostname!, port: Number(port) });
  const half = "POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{";
  await open.write(new TextEncoder().encode(half));
  // Answered after the half request has arrived.
  await (await ask("/healthz")).text();
  const signalled = performance.now();
  child.kill("SIGTERM");
  assert.equal(await log.until("no such line"), undefined);
  const { code } = await child.status;
  assert.equal(code, 0, log.seen.join("\n"));
  assert.ok(performance.now() - signalled < 10_000);
  assert.equal(await stdout, "");
  const messages = log.seen.map((line) => JSON.parse(line).msg);
  assert.deepEqual(messages.slice(-2), ["Stopping", "Stopped"]);
});

for (const name of ["rules", "dashboard", "--config.check", "--help", "--version"]) {
  Deno.test(`${name} fails when what it prints cannot be written`, async () => {
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", `exec "$@" ${name} >/dev/full`, "sh", Deno.execPath(), ...START],
      cwd: ROOT,
      stdin: "null",
      env: { NO_COLOR: "1" },
    }).output();
    assert.match(new TextDecoder().decode(stderr), /^openport-exporter: Cannot print the result: /);
    assert.equal(code, 1);
  });
}
