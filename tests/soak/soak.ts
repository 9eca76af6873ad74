/**
 * Runs the exporter under a Prometheus that scrapes it every second, scans 20 addresses as often as it can and
 * opens and closes ports under it, each state held for at least two rounds. Ends with what was missed, what was
 * reported falsely, whether `up` was always 1, the memory and whether an nmap was left behind.
 *
 *   deno task soak --minutes 10                       on loopback
 *   deno task soak --minutes 10 --namespaces          in the namespaces of ../shared/lab, 2 % loss (root)
 */
import { parseArgs } from "node:util";
import { Exporter } from "../support/exporter.ts";
import { LAB } from "../support/lab.ts";
import { Prometheus } from "../support/prometheus.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    namespaces: { type: "boolean", default: false },
    inside: { type: "boolean", default: false },
    ports: { type: "string", default: "1-10000" },
  },
});
const SELF = import.meta.filename!;
const TOGGLER = `${import.meta.dirname}/toggler.ts`;
const ADDRESSES = Array.from(
  { length: 20 },
  (_, index) => values.namespaces ? `10.77.0.${101 + index}` : `127.0.0.${11 + index}`,
);
const PROMETHEUS_PORT = 19_090;

// deno-lint-ignore no-console
const say = (text: string) => console.log(text);

async function sh(...words: string[]): Promise<void> {
  const [command, ...args] = words;
  const { success } = await new Deno.Command(command!, { args, stdin: "null" }).spawn().status;
  if (!success) throw new Error(`Failed: ${words.join(" ")}`);
}

if (values.namespaces && !values.inside) {
  await sh(LAB, "up", "--delay", "25", "--loss", "2");
  for (const address of ADDRESSES) {
    await sh("ip", "-n", "cx-h2", "addr", "add", `${address}/24`, "dev", "eth0");
  }
  try {
    await sh(
      "ip",
      "netns",
      "exec",
      "cx-far",
      Deno.execPath(),
      "run",
      "-A",
      SELF,
      "--inside",
      ...Deno.args,
    );
  } finally {
    await sh(LAB, "down");
  }
  Deno.exit(0);
}

interface Toggle {
  readonly address: string;
  readonly port: number;
  open: boolean;
  /** Complete scans of the address when the state last changed. */
  since: number;
  seen: boolean;
}

const key = (address: string) =>
  `{target="${address}/32",port_range="${values.ports}",protocol="tcp"}`;
const rounds = (samples: Map<string, number>, address: string) =>
  samples.get(`scans_successful_total${key(address)}`) ?? 0;

await using exporter = await Exporter.start({
  config: `scanning: { interval: 1, port_range: "${values.ports}", worker_count: 10 }
targets: ${JSON.stringify(ADDRESSES)}
`,
});
await using prometheus = await Prometheus.start({
  target: exporter.url.slice("http://".length),
  scrapeInterval: 1,
  port: PROMETHEUS_PORT,
});
const through = values.namespaces ? ["ip", "netns", "exec", "cx-h2"] : [];
const [command, ...args] = [...through, Deno.execPath(), "run", "-A", TOGGLER];
const toggler = new Deno.Command(command!, { args, stdin: "piped", stdout: "piped" }).spawn();
const orders = toggler.stdin.getWriter();
const answers = toggler.stdout.getReader();
async function order(toggle: Toggle): Promise<void> {
  const { open, address: hostname, port } = toggle;
  await orders.write(new TextEncoder().encode(`${JSON.stringify({ open, hostname, port })}\n`));
  await answers.read();
}

await exporter.until((samples) => ADDRESSES.every((address) => rounds(samples, address) > 0), {
  seconds: 300,
  what: "every address is scanned once",
});
say(`first round done; ${values.minutes} minutes of toggling begin`);

const toggles = ADDRESSES.flatMap((address, index): Toggle[] =>
  [101, 2_345, 7_777].map((base) => ({
    address,
    port: base + index,
    open: false,
    since: 0,
    seen: true,
  }))
);
const done = new Map(ADDRESSES.map((address) => [address, { opened: 0, closed: 0 }]));
const changesOf = (samples: Map<string, number>, address: string, type: string) =>
  samples.get(`port_state_changes_total{target="${address}/32",change_type="${type}"}`) ?? 0;
let missed = 0;
let stop = performance.now() + Number(values.minutes) * 60_000;
let draining = false;
for (;;) {
  const samples = await exporter.metrics();
  for (const toggle of toggles) {
    const { address, port } = toggle;
    const value = samples.get(`open_port_status{ip="${address}",port="${port}",protocol="tcp"}`) ??
      0;
    if (value === Number(toggle.open)) toggle.seen = true;
    // A scan may have been under way at the change: the two after it must show the state.
    if (rounds(samples, address) < toggle.since + 3) continue;
    if (!toggle.seen) {
      missed++;
      say(`missed: ${address}:${port} open=${toggle.open}`);
    }
    if (draining || Math.random() < 0.5) continue;
    toggle.open = !toggle.open;
    toggle.seen = false;
    await order(toggle);
    toggle.since = rounds(await exporter.metrics(), address);
    const count = done.get(address)!;
    if (toggle.open) count.opened++;
    else count.closed++;
  }
  if (performance.now() > stop) {
    if (draining) break;
    draining = true;
    stop = performance.now() + (values.namespaces ? 240_000 : 30_000);
  }
  if (draining && toggles.every((toggle) => toggle.seen)) break;
  await new Promise((resolve) => setTimeout(resolve, 500));
}

const samples = await exporter.metrics();
let [opened, closed, falseChanges, unconfirmed] = [0, 0, 0, 0];
for (const [address, count] of done) {
  opened += count.opened;
  closed += count.closed;
  falseChanges += Math.abs(changesOf(samples, address, "closed_to_open") - count.opened) +
    Math.abs(changesOf(samples, address, "open_to_closed") - count.closed);
  unconfirmed += samples.get(`openport_changes_unconfirmed_total{target="${address}/32"}`) ?? 0;
}
const total = (name: string) =>
  [...samples].filter(([sample]) => sample.startsWith(`${name}{`)).reduce(
    (sum, [, n]) => sum + n,
    0,
  );
const one = async (expression: string) => (await prometheus.query(expression))[0]?.value;
const window = `${values.minutes}m`;
say(`openings ${opened}, closings ${closed}, missed ${missed}, false changes ${falseChanges}`);
say(
  `complete scans ${total("scans_successful_total")}, failed ${
    total("scans_failed_total")
  }, second looks that found the port open ${unconfirmed}`,
);
say(
  `up: min ${await one(`min_over_time(up[${window}])`)} of ${await one(
    `count_over_time(up[${window}])`,
  )} scrapes`,
);
const memory = async (offset: string) =>
  (await one(`avg_over_time(process_resident_memory_bytes[1m]${offset})`) ?? NaN) / 1e6;
const half = Math.max(1, Math.floor(Number(values.minutes) / 2));
say(
  `memory: ${(await memory(` offset ${half}m`)).toFixed(1)} MB half-way, ${
    (await memory("")).toFixed(1)
  } MB at the end`,
);

exporter.kill("SIGTERM");
const { code } = await exporter.ended();
toggler.kill("SIGKILL");
await toggler.status;
const left = await new Deno.Command("pgrep", { args: ["-x", "nmap"] }).output();
say(
  `exit code ${code}; nmap processes left: ${
    new TextDecoder().decode(left.stdout).trim() || "none"
  }`,
);
const good = missed === 0 && falseChanges === 0 && code === 0 && left.stdout.length === 0;
say(good ? "passed" : "FAILED");
Deno.exitCode = good ? 0 : 1;
