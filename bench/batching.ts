/**
 * Measures what batching is worth: one /24 of mostly silent addresses behind 50 ms of delay, 200 ports,
 * `-Pn`, in a network of namespaces. First this program's batches against one nmap for the whole network
 * with the same options, and what `max_total_rate` holds them to; then the curves that the rule of
 * src/scan/batch_size.ts was chosen from: so many addresses to a process, in so many processes.
 *
 * deno run -A bench/batching.ts [REPETITIONS]      (root; needs the lab of the shared folder)
 */
import { parseNetwork } from "../src/domain/network.ts";
import { parsePorts } from "../src/domain/ports.ts";
import type { NmapOptions, ScanJob } from "../src/domain/scan.ts";
import { DEFAULTS } from "../src/config/resolve.ts";
import { nmapArguments } from "../src/nmap/arguments.ts";
import { NmapOutputReader } from "../src/nmap/output.ts";
import { Semaphore } from "../src/async/semaphore.ts";
import { BatchPlan } from "../src/scan/batch_plan.ts";
import { atMost } from "../src/scan/rate_budget.ts";
import { rateShare } from "../src/domain/rate_share.ts";
import { lab, labTruth } from "../tests/support/lab.ts";

const REPETITIONS = Number(Deno.args[0] ?? 3);
const WORKERS = DEFAULTS.scanning.workerCount;
const PORTS = "1-200";
const { network } = parseNetwork("10.77.0.0/24");
const ALL = Array.from({ length: 256 }, (_, host) => `10.77.0.${host}`);
/** Those that answer anything; .4 drops everything. */
const LIVE = [1, 2, 3, 5, 6, 7, 254].map((host) => `10.77.0.${host}`);
/** Addresses given to four of the hosts besides their own, so that there are enough live ones to compare batches of. */
const MORE = ["h2", "h3", "h5", "h6"].flatMap((host, index) =>
  Array.from({ length: 8 }, (_, k) => ({ host, address: `10.77.0.${32 + 8 * k + index}` }))
);
const SILENT = ALL.filter((address) => !LIVE.includes(address));
const FAR = ["netns", "exec", "cx-far"];

/** What one way of scanning came to. */
interface Run {
  readonly seconds: number;
  /** Seconds until the last of the live hosts was reported. */
  readonly live: number;
  readonly packets: number;
  readonly processes: number;
  readonly timedOut: number;
  readonly open: ReadonlySet<string>;
}

const say = (text: string) => {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
};

/** Packets that the scanner's namespace has sent. */
async function sent(): Promise<number> {
  const args = [...FAR, "cat", "/sys/class/net/eth0/statistics/tx_packets"];
  const { stdout } = await new Deno.Command("ip", { args }).output();
  return Number(new TextDecoder().decode(stdout));
}

async function scan(addresses: readonly string[], nmap: NmapOptions) {
  const ports = parsePorts(PORTS);
  const job: ScanJob = {
    addresses,
    family: 4,
    ports,
    protocol: "tcp",
    nmap,
    timeoutMs: DEFAULTS.scanning.timeout * 1000,
    confirming: false,
  };
  const reader = new NmapOutputReader({ asked: new Set(addresses), ports });
  const args = [...FAR, "nmap", ...nmapArguments(job, "syn")];
  const child = new Deno.Command("ip", { args, stdout: "piped", stderr: "null" }).spawn();
  for await (const chunk of child.stdout) reader.write(chunk);
  reader.end();
  await child.status;
  return reader.hosts;
}

/** Scans batches, as many at once as there are workers, beginning with the next when one has ended. */
async function run(
  batches: readonly (readonly string[])[],
  { nmap = DEFAULTS.scanning.nmap, workers = WORKERS } = {},
): Promise<Run> {
  const slots = new Semaphore(workers);
  const before = await sent();
  const began = performance.now();
  const open = new Set<string>();
  let live = 0;
  let timedOut = 0;
  await Promise.all(batches.map(async (addresses) => {
    using _slot = await slots.acquire(new AbortController().signal);
    for (const host of await scan(addresses, nmap)) {
      if (host.timedOut) timedOut++;
      if (host.alive) live = performance.now() - began;
      for (const port of host.open.tcp) open.add(`${host.address} tcp ${port}`);
    }
  }));
  const seconds = (performance.now() - began) / 1000;
  const packets = await sent() - before;
  return { seconds, live: live / 1000, packets, processes: batches.length, timedOut, open };
}

function chunks(addresses: readonly string[], size: number): string[][] {
  return Array.from(
    { length: Math.ceil(addresses.length / size) },
    (_, index) => addresses.slice(index * size, (index + 1) * size),
  );
}

/** The batches of a round of this program in which `alive` are known to answer. */
function planned(alive: readonly string[], nmap = DEFAULTS.scanning.nmap, workers = WORKERS) {
  const { timeout } = DEFAULTS.scanning;
  const cost = { ports: parsePorts(PORTS).size, nmap, timeout };
  const plan = new BatchPlan({ network, alive, resumeAt: 0, workers, cost });
  return Array.from({ length: plan.count }, () => plan.take()!.addresses);
}

/** Median, and where the repetitions lay. */
function spread(values: readonly number[], digits = 1): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, mid, high] = [sorted[0]!, sorted[sorted.length >> 1]!, sorted.at(-1)!];
  return `${mid.toFixed(digits).padStart(6)} (${low.toFixed(digits)}..${high.toFixed(digits)})`;
}

const HEAD = "                                processes   seconds (min..max)   " +
  "all live seen after    packets/s  timed out  missed  wrong";

/** Runs one way several times, prints its line and returns the median of its seconds. */
async function measure(
  name: string,
  batches: readonly (readonly string[])[],
  options: Parameters<typeof run>[1] & { times?: number } = {},
): Promise<number> {
  const asked = new Set(batches.flat());
  const truth = new Set([...OPEN].filter((line) => asked.has(line.split(" ")[0]!)));
  const runs: Run[] = [];
  for (let time = 0; time < (options.times ?? REPETITIONS); time++) {
    runs.push(await run(batches, options));
  }
  const most = (count: (run: Run) => number) => Math.max(...runs.map(count));
  const seconds = runs.map((one) => one.seconds);
  say(
    name.padEnd(34) + String(batches.length).padStart(7) + "   " + spread(seconds).padEnd(21) +
      spread(runs.map(({ live }) => live)).padEnd(22) +
      spread(runs.map(({ packets, seconds }) => packets / seconds), 0).padStart(12) +
      String(most(({ timedOut }) => timedOut)).padStart(6) +
      String(most(({ open }) => truth.difference(open).size)).padStart(8) +
      String(most(({ open }) => open.difference(truth).size)).padStart(7),
  );
  return seconds.sort((a, b) => a - b)[seconds.length >> 1]!;
}

let OPEN: ReadonlySet<string> = new Set();

await lab("up", "--delay", "25", "--loss", "0");
try {
  OPEN = new Set(await labTruth(PORTS, ["tcp"], []));
  say(
    `${REPETITIONS} repetitions; ${WORKERS} workers, ports ${PORTS}, 50 ms, defaults otherwise\n`,
  );

  say(HEAD);
  say("the /24: one nmap, the fixed rule of before, and this program's batches");
  const single = await measure("  one nmap", [ALL]);
  await measure("  16 to a process, in order", chunks(ALL, 16));
  const first = await measure("  first round (nothing known)", planned([]));
  const later = await measure("  later rounds (live ones known)", planned(LIVE));
  say(
    `  times faster than one nmap: ${(single / first).toFixed(1)}, ${(single / later).toFixed(1)}`,
  );

  say("\nmax_total_rate (to be compared with packets/s)");
  for (const total of [500, 2000, 5000]) {
    const { workers, rate } = rateShare(total, WORKERS);
    const nmap = atMost(rate, DEFAULTS.scanning.nmap);
    // A quarter of the addresses: at 500 packets per second all would take minutes.
    const some = planned(LIVE, nmap, workers).map((batch) => batch.filter(quarter))
      .filter((batch) => batch.length > 0);
    await measure(`  ${total}: ${workers} x ${rate}`, some, { nmap, workers, times: 1 });
  }

  say("\nsilent addresses only");
  for (const size of [4, 8, 16, 25, 32, 64, 128, 256]) {
    await measure(`  ${size} to a process`, chunks(SILENT, size), { times: timesOf(size) });
  }
  say("\nall of the /24 in order, nothing known of it");
  for (const size of [4, 8, 16, 26, 32, 64, 128]) {
    await measure(`  ${size} to a process`, chunks(ALL, size), { times: timesOf(size) });
  }
  say("\nwith 2 workers");
  for (const size of [16, 64]) {
    await measure(`  ${size} to a process`, chunks(ALL, size), { workers: 2, times: 1 });
  }
  say("\nmin_rate 3000");
  for (const size of [8, 16, 26, 64]) {
    const nmap = { ...DEFAULTS.scanning.nmap, minRate: 3000 };
    await measure(`  ${size} to a process`, chunks(ALL, size), { nmap });
  }

  for (const { host, address } of MORE) {
    const args = [
      "netns",
      "exec",
      `cx-${host}`,
      "ip",
      "addr",
      "add",
      `${address}/24`,
      "dev",
      "eth0",
    ];
    await new Deno.Command("ip", { args }).output();
  }
  const known = [...OPEN];
  OPEN = new Set([
    ...known,
    ...MORE.flatMap(({ host, address }) =>
      known.filter((line) => line.startsWith(`10.77.0.${host.slice(1)} `))
        .map((line) => line.replace(/^\S+/, address))
    ),
  ]);
  say("\nlive hosts only, 32 of them");
  for (const workers of [WORKERS, 1]) {
    for (const size of [1, 2, 4, 5, 8, 16, 32]) {
      const batches = chunks(MORE.map(({ address }) => address), size);
      await measure(`  ${size} to a process, ${workers} workers`, batches, { workers });
    }
  }
} finally {
  await lab("down");
}

/** Large batches take minutes, and always the same. */
function timesOf(size: number): number {
  return size > 32 ? 1 : REPETITIONS;
}

function quarter(address: string): boolean {
  return LIVE.includes(address) || Number(address.split(".")[3]) % 4 === 0;
}
