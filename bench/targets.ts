/**
 * Measures what many targets and many waiting units cost: start, first scan, idle memory and
 * processor, reload, restart, and how long the program answers nothing meanwhile. Nothing is scanned:
 * nmap is a fake that sleeps, and every address is in 127.0.0.0/8.
 *
 * deno run --frozen -A bench/targets.ts [NAME OF A CASE ...]
 *
 * OPENPORT_ROOT names another checkout to measure, for a comparison.
 */
import { makeFakeNmap } from "../tests/support/fake_nmap.ts";

const ROOT = Deno.env.get("OPENPORT_ROOT") ?? new URL("..", import.meta.url).pathname;
/** Milliseconds from the end of what a start does to the measurement of the idle program. */
const SETTLE_MS = 6000;
const IDLE_MS = 5000;

interface Case {
  readonly name: string;
  readonly targets: () => Iterable<string>;
  readonly scanning?: string;
}

/** `count` single addresses, scattered so that no two are neighbours. */
function* singles(count: number): Iterable<string> {
  for (let i = 0; i < count; i++) {
    const n = (i * 101) % 2 ** 24;
    yield `127.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
  }
}

const CASES: readonly Case[] = [
  { name: "1", targets: () => singles(1) },
  { name: "1,000", targets: () => singles(1000) },
  { name: "10,000", targets: () => singles(10_000) },
  { name: "100,000", targets: () => singles(100_000) },
  { name: "/8", targets: () => ["127.0.0.0/8"] },
  // A /8 is all the addresses that there may be.
  { name: "/9 + 100,000", targets: () => ["127.0.0.0/9", ...singles(100_000)] },
  {
    name: "100,000, all wait",
    targets: () => singles(100_000),
    scanning: "task_queue_size: 1000000",
  },
  {
    name: "/8 as /32s, 750,000 wait",
    targets: () => ["127.0.0.0/8"],
    scanning: "task_queue_size: 1000000, max_cidr_size: 32",
  },
];

interface Exporter extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly listening: number;
  /** Milliseconds of processor time until then. */
  readonly cpu: number;
}

async function start(directory: string, path: string): Promise<Exporter> {
  const began = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--frozen",
      `--config=${ROOT}/deno.json`,
      "-A",
      `${ROOT}/main.ts`,
      `--config.file=${directory}/config.yaml`,
      "--web.listen-address=127.0.0.1:0",
    ],
    cwd: directory,
    env: { PATH: `${path}:${Deno.env.get("PATH")}` },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const listening = Promise.withResolvers<string>();
  const text: string[] = [];
  const reading = (async () => {
    for await (const chunk of child.stderr.pipeThrough(new TextDecoderStream() as never)) {
      if (text.length < 1000) text.push(chunk as string);
      const address = /msg=Listening address=(\S+)/.exec(text.join(""))?.[1];
      if (address !== undefined) listening.resolve(address);
    }
    listening.reject(new Error(text.join("").slice(-2000)));
  })();
  listening.promise.catch(() => {});
  const address = await listening.promise;
  return {
    pid: child.pid,
    url: `http://${address}`,
    listening: performance.now() - began,
    cpu: await cpu(child.pid),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const killer = setTimeout(() => child.kill("SIGKILL"), 60_000);
      await child.status;
      clearTimeout(killer);
      await reading;
    },
  };
}

interface Health {
  readonly workers_busy: number;
  readonly queue_size: number;
}

async function health(url: string): Promise<Health> {
  return await (await fetch(`${url}/healthz`)).json();
}

/** Asks for `/healthz` until `until` resolves; gives the slowest answer in milliseconds. */
async function slowest(url: string, until: Promise<unknown>): Promise<number> {
  let over = false;
  void until.finally(() => over = true);
  let worst = 0;
  while (!over) {
    const began = performance.now();
    await health(url);
    worst = Math.max(worst, performance.now() - began);
    await pause(2);
  }
  return worst;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Memory of a process in MB: now and at most. */
async function memory(pid: number): Promise<{ now: number; peak: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const mb = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)![1]) / 1024;
  return { now: mb("VmRSS"), peak: mb("VmHWM") };
}

/** Milliseconds of processor time of a process so far; a tick is 10 ms. */
async function cpu(pid: number): Promise<number> {
  const fields = (await Deno.readTextFile(`/proc/${pid}/stat`)).split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function quiet(pid: number): Promise<void> {
  for (let still = 0, before = -Infinity; still < 2;) {
    const now = await cpu(pid);
    still = now - before < 50 ? still + 1 : 0;
    before = now;
    await pause(500);
  }
}

async function measure({ name, targets, scanning = "" }: Case): Promise<string[]> {
  const directory = await Deno.makeTempDir({ prefix: "bench-targets-" });
  await using fake = await makeFakeNmap(undefined, { scenario: { delayMs: 3_600_000 } });
  try {
    const lines = [...targets()].map((target) => `  - ${target}\n`);
    await Deno.writeTextFile(
      `${directory}/config.yaml`,
      `scanning: { port_range: "80", worker_count: 2, ${scanning} }\ntargets:\n${lines.join("")}`,
    );
    const row = [name];
    const ms = (value: number) => row.push(value.toFixed(0));
    {
      await using exporter = await start(directory, fake.dir);
      const { pid, url, listening } = exporter;
      ms(listening);
      ms(exporter.cpu);
      const began = performance.now();
      const scanning = (async () => {
        while ((await health(url)).workers_busy === 0) await pause(2);
        return performance.now() - began;
      })();
      const stall = slowest(url, scanning.then(() => pause(1000)).then(() => quiet(pid)));
      ms(listening + await scanning);
      ms(await stall);
      await pause(SETTLE_MS);
      const { now, peak } = await memory(pid);
      ms(now);
      ms(peak);
      const before = await cpu(pid);
      await pause(IDLE_MS);
      row.push(((await cpu(pid) - before) / IDLE_MS * 100).toFixed(1));
      row.push(String((await health(url)).queue_size));
      const asked = performance.now();
      const reload = fetch(`${url}/-/reload`, { method: "POST" }).then(async (answer) => {
        await answer.body?.cancel();
        return answer.ok ? performance.now() - asked : NaN;
      });
      const reloadStall = slowest(url, reload.then(() => quiet(pid)));
      ms(await reload);
      ms(await reloadStall);
      ms((await memory(pid)).now);
    }
    await using again = await start(directory, fake.dir);
    ms(again.listening);
    ms(again.cpu);
    row.push(((await Deno.stat(`${directory}/openport-exporter.db`)).size / 2 ** 20).toFixed(1));
    return row;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const COLUMNS = [
  "targets",
  "listening ms",
  "its CPU ms",
  "first scan ms",
  "stall ms",
  "RSS MB",
  "peak MB",
  "idle CPU %",
  "waiting",
  "reload ms",
  "stall ms",
  "RSS MB after",
  "restart ms",
  "its CPU ms",
  "file MB",
];

function say(cells: readonly string[]): void {
  const line = cells.map((cell, index) =>
    index === 0 ? cell.padEnd(25) : cell.padStart(COLUMNS[index]!.length + 1)
  ).join("");
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

say(COLUMNS);
for (const one of CASES) {
  if (Deno.args.length > 0 && !Deno.args.includes(one.name)) continue;
  say(await measure(one));
}
