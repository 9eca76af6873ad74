/**
 * Measures whether the program stays awake: a million series are scraped without pause, deflated and
 * plain, while 10 nmaps stream results; then 65,536 hosts that arrive as fast as they are taken.
 * Nothing is scanned: nmap is a fake, and every address is in 127.0.0.0/8. Needs curl and Perl.
 *
 * deno run --frozen -A bench/awake.ts [--hosts 100000] [--seconds 20] [--pause 10] [--v8-flags=FLAGS]
 *   --pause: milliseconds between two hosts that one nmap reports
 */
import { parseArgs } from "node:util";
import { openStore } from "../src/storage/open_store.ts";
import { Exporter, PERMISSION_FLAGS } from "../tests/support/exporter.ts";
import { makeFakeNmap } from "../tests/support/fake_nmap.ts";
import { arrival } from "./awake/arrival.ts";
import { streamingNmap } from "./awake/streaming_nmap.ts";
import { say } from "./scrape/common.ts";
import { number, percentiles, spread } from "./scrape/figures.ts";
import { HealthPoll } from "./scrape/health_poll.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    hosts: { type: "string", default: "100000" },
    seconds: { type: "string", default: "20" },
    pause: { type: "string", default: "10" },
    "v8-flags": { type: "string", default: "" },
  },
});
const hosts = Number(values.hosts);
const seconds = Number(values.seconds);
const ROOT = new URL("..", import.meta.url).pathname;
const PORTS = Array.from({ length: 10 }, (_, index) => 100 + index * 7);

/** Stores hosts of 127.0.0.0/8 with ten open ports each. */
function fill(path: string): void {
  const { store } = openStore(path, { wallClock: Date.now });
  const time = Date.now() - 60_000;
  const open = PORTS.map((port) => [port, time, time] as const);
  for (let from = 0; from < hosts; from += 1000) {
    store.save({
      hosts: Array.from({ length: Math.min(1000, hosts - from) }, (_, index) => {
        const n = from + index;
        return {
          address: `127.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
          protocol: "tcp" as const,
          everAlive: true,
          firstSeen: time,
          lastSeen: time,
          layers: [["1-1000", time] as const],
          open,
          closed: [],
        };
      }),
    });
  }
  store.close();
}

/** Scrapes again and again until `isOver`; gives back the milliseconds of each scrape. */
async function scrapeWithoutPause(
  url: string,
  { gzip, isOver }: { gzip: boolean; isOver: () => boolean },
): Promise<number[]> {
  const times: number[] = [];
  while (!isOver()) {
    const { success, stdout } = await new Deno.Command("curl", {
      args: [
        ...["-s", "-f", "-o", "/dev/null", "-w", "%{time_total}", "-H"],
        `Accept-Encoding: ${gzip ? "gzip" : "identity"}`,
        `${url}/metrics`,
      ],
    }).output();
    if (!success) throw new Error("Cannot scrape the exporter");
    times.push(Number(new TextDecoder().decode(stdout)) * 1000);
  }
  return times;
}

/** A script that starts the program with a timer inside. */
async function programWithTimer(directory: string): Promise<string> {
  const path = `${directory}/exporter`;
  const args = [
    ...["run", "--frozen", `--config=${ROOT}deno.json`, `--preload=${ROOT}bench/awake/drift.ts`],
    ...(values["v8-flags"] === "" ? [] : [`--v8-flags=${values["v8-flags"]}`]),
    ...PERMISSION_FLAGS,
    `${ROOT}main.ts`,
  ];
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${Deno.execPath()} ${args.join(" ")} "$@"\n`);
  await Deno.chmod(path, 0o755);
  return path;
}

/** Samples of `/healthz`, the scrapes and the drift while `scrapes` and nmaps go on. */
async function watch(
  exporter: Exporter,
  { title, scrapes }: { title: string; scrapes: boolean },
): Promise<void> {
  const port = Number(new URL(exporter.url).port);
  const changes = async () => {
    const page = await exporter.metrics();
    const sum = (start: string) =>
      [...page].reduce((total, [name, value]) => total + (name.startsWith(start) ? value : 0), 0);
    return [sum("port_state_changes_total"), sum("scans_successful_total")] as const;
  };
  using poll = await HealthPoll.connect(port, { everyMs: 10 });
  const before = await changes();
  exporter.kill("SIGUSR2");
  const late: number[] = [];
  let last = performance.now();
  const own = setInterval(() => {
    late.push(Math.max(0, performance.now() - last - 10));
    last = performance.now();
  }, 10);
  let isOver = false;
  const over = () => isOver;
  const [gzip, plain] = await poll.during(async () => {
    const timer = setTimeout(() => isOver = true, seconds * 1000);
    const all = scrapes
      ? [true, false].map((gzip) => scrapeWithoutPause(exporter.url, { gzip, isOver: over }))
      : [new Promise<number[]>((resolve) => setTimeout(() => resolve([]), seconds * 1000))];
    const times = await Promise.all(all);
    clearTimeout(timer);
    return times;
  });
  clearInterval(own);
  const said = exporter.log.length;
  exporter.kill("SIGUSR2");
  while (!exporter.log.slice(said).some((line) => line.startsWith("drift"))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const after = await changes();
  say(`${title}:`);
  say(`  /healthz ${percentiles(poll.times)}`);
  say(`  10 ms timer inside: ${exporter.log.findLast((line) => line.startsWith("drift"))}`);
  say(`  10 ms timer of this benchmark, for the noise: drift ${percentiles(late)}`);
  if (gzip !== undefined && gzip.length > 0) {
    say(`  gzip scrapes, ms: ${spread(gzip)}; ${gzip.length} in all`);
    say(`  plain scrapes, ms: ${spread(plain ?? [])}; ${plain?.length} in all`);
  }
  say(
    `  ${number(after[0] - before[0])} changes and ${
      number(after[1] - before[1])
    } units of 256 addresses came in`,
  );
  const status = await Deno.readTextFile(`/proc/${exporter.pid}/status`);
  say(`  peak memory so far ${number(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024)} MiB`);
}

say(`deno run --frozen -A bench/awake.ts ${Deno.args.join(" ")}`);
const directory = await Deno.makeTempDir({ prefix: "bench-awake-" });
try {
  await using fake = await makeFakeNmap();
  fill(`${directory}/openport-exporter.db`);
  {
    await Deno.writeTextFile(fake.path, streamingNmap({ pauseMs: Number(values.pause) }));
    await using exporter = await Exporter.start({
      config: `scanning: { interval: 1, port_range: "1-1000", worker_count: 10 }
targets: ["127.0.0.0/${hosts > 65_536 ? 15 : 16}"]
`,
      directory,
      executable: await programWithTimer(directory),
      pathPrefix: fake.dir,
    });
    await watch(exporter, { title: "10 nmaps stream", scrapes: false });
    await watch(exporter, { title: "10 nmaps stream, scraped without pause", scrapes: true });
  }
  say("65,536 hosts arrive:");
  for (const [batch, atOnce] of [[16, 1], [16, 10], [256, 1], [256, 10]] as const) {
    await arrival(directory, { batch, atOnce });
  }
} finally {
  await Deno.remove(directory, { recursive: true });
}
