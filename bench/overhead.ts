/**
 * Measures what the exporter adds to nmap: wall time of a scan of all ports of loopback through the
 * exporter against nmap alone with the same arguments, and what the exporter costs while it does nothing.
 *
 * deno run --frozen -A bench/overhead.ts [ROUNDS] [EXECUTABLE]
 */
import { Exporter } from "../tests/support/exporter.ts";

const rounds = Number(Deno.args[0] ?? 15);
const executable = Deno.args[1];

/** nmap alone; its arguments are read from one that the exporter runs. */
async function alone(args: readonly string[]): Promise<number> {
  const began = performance.now();
  const { success } = await new Deno.Command("nmap", { args: [...args], clearEnv: true, env: ENV })
    .output();
  if (!success) throw new Error("Cannot measure: nmap alone failed");
  return performance.now() - began;
}

const ENV = { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", LC_ALL: "C" };
const QUERY = "/query?ip=127.0.0.1&ports=1-65535";

/** From the request until the exporter says that the scan is done; the log is read, which costs it least. */
async function through(exporter: Exporter): Promise<number> {
  const lines = exporter.log.length;
  const began = performance.now();
  const response = await fetch(exporter.url + QUERY);
  if (response.status !== 200) throw new Error(`Cannot measure: ${await response.text()}`);
  await response.body?.cancel();
  while (!exporter.log.slice(lines).some((line) => line.includes("Scan complete"))) {
    await pause();
  }
  return performance.now() - began;
}

/** Arguments of the nmap that the exporter runs now. */
async function argumentsOf(exporter: Exporter): Promise<string[]> {
  for (;;) {
    const { stdout } = await new Deno.Command("pgrep", {
      args: ["-P", String(exporter.pid), "nmap"],
    }).output();
    const pid = new TextDecoder().decode(stdout).trim();
    const line = pid === "" ? "" : await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
    const args = line.split("\0").slice(1, -1);
    if (args.includes("1-65535")) return args;
    await pause();
  }
}

function pause(): Promise<void> {
  return new Promise((done) => setTimeout(done, 2));
}

function describe(values: readonly number[], digits = 0): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number) => sorted[Math.round(q * (sorted.length - 1))]!.toFixed(digits);
  return `median ${at(0.5)} (${at(0)}..${at(1)})`;
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

const starts: number[] = [];
for (let round = 0; round < 5; round++) {
  const began = performance.now();
  await using _exporter = await Exporter.start({
    config: "targets: []\nstate: { path: '' }\n",
    ...(executable !== undefined && { executable }),
  });
  starts.push(performance.now() - began);
}

await using exporter = await Exporter.start({
  config: "targets: []\nscanning: { rate_limit: 0 }\nstate: { path: '' }\n",
  ...(executable !== undefined && { executable }),
});
const [args] = await Promise.all([argumentsOf(exporter), through(exporter)]);
const times: Record<"alone" | "through", number[]> = { alone: [], through: [] };
const ratios: number[] = [];
for (let round = 0; round < rounds; round++) {
  // In turn, and each first half of the time: what the machine does meanwhile hits both.
  const order = round % 2 === 0 ? ["alone", "through"] as const : ["through", "alone"] as const;
  for (const what of order) {
    times[what].push(what === "alone" ? await alone(args) : await through(exporter));
  }
  ratios.push(times.through.at(-1)! / times.alone.at(-1)!);
}
say(`nmap ${args.join(" ")}`);
say(`alone    ${describe(times.alone)} ms`);
say(`through  ${describe(times.through)} ms`);
say(`ratio    ${describe(ratios, 3)}`);
say(`start to listening  ${describe(starts)} ms`);
