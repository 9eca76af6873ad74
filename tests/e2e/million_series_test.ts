import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { openStore } from "../../src/storage/open_store.ts";
import { Exporter } from "../support/exporter.ts";
import { makeFakeNmap } from "../support/fake_nmap.ts";
import { Prometheus } from "../support/prometheus.ts";

const PORT = 19_192;
const HOSTS = 100_000;
const OPEN = Array.from({ length: 10 }, (_, index) => 100 + index * 7);
/** Each of these hosts has a series for each open port and one for their number. */
const SERIES = HOSTS * (OPEN.length + 1);
/** Seconds; also what a scrape may take. Prometheus begins with each job at some moment of it. */
const INTERVAL = 20;
/** The most that was read of each job; one scrape is enough, since on a busy machine another may be too late. */
const READ = "max_over_time((scrape_samples_scraped and up == 1)[10m:1s])";
/** What a job asks for; the name of a job names both. */
const ACCEPT = {
  text: "text/plain;version=0.0.4",
  openmetrics: "application/openmetrics-text;version=1.0.0",
};
const ENCODINGS = ["gzip", "plain"] as const;
const JOBS = Object.entries(ACCEPT).flatMap(([format, accept]) =>
  ENCODINGS.map((encoding) => ({ name: `${format}_${encoding}`, accept, encoding }))
);

/** Stores hosts of 127.0.0.0/8 that were looked at a moment ago. */
function fill(path: string): void {
  const { store } = openStore(path, { wallClock: Date.now });
  const time = Date.now() - 60_000;
  const open = OPEN.map((port) => [port, time, time] as const);
  for (let from = 0; from < HOSTS; from += 1000) {
    store.save({
      hosts: Array.from({ length: 1000 }, (_, index) => ({
        address: `127.${(from + index) >> 16}.${((from + index) >> 8) & 255}.${
          (from + index) & 255
        }`,
        protocol: "tcp",
        everAlive: true,
        firstSeen: time,
        lastSeen: time,
        layers: [["1-1000", time]],
        open,
        closed: [],
      })),
    });
  }
  store.close();
}

/** What came back for one scrape. */
interface Seen {
  readonly type: string | undefined;
  readonly encoding: string | undefined;
}

/**
 * A proxy that asks for what the first part of the path names, because Prometheus itself cannot be told
 * to; bodies pass through as they are.
 */
async function startProxy(target: string): Promise<{
  readonly port: number;
  readonly seen: ReadonlyMap<string, Seen>;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const seen = new Map<string, Seen>();
  const server = createServer((incoming, outgoing) => {
    const job = JOBS.find(({ name }) => incoming.url === `/${name}`)!;
    const headers = {
      Accept: job.accept,
      "Accept-Encoding": job.encoding === "gzip" ? "gzip" : "identity",
    };
    const asking = request(`${target}/metrics`, { headers }, (answer) => {
      const { "content-type": type, "content-encoding": encoding } = answer.headers;
      seen.set(job.name, { type, encoding });
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    asking.on("error", () => outgoing.destroy());
    asking.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Lines of the first job and whole further jobs, whose samples are all read and then dropped. */
function jobs(target: string): string {
  const options = ({ name }: { name: string }) =>
    `    metrics_path: /${name}
    scrape_timeout: ${INTERVAL}s
    metric_relabel_configs: [{ action: drop, source_labels: [__name__], regex: ".+" }]
    relabel_configs: [{ target_label: asked_for, replacement: ${name} }]
`;
  const [first, ...others] = JOBS;
  return options(first!) + others.map((job) =>
    `  - job_name: ${job.name}
    static_configs: [{ targets: ["${target}"] }]
${options(job)}`
  ).join("");
}

Deno.test("a real Prometheus reads a million series in both formats, deflated and plain", async () => {
  await using fake = await makeFakeNmap(undefined, { scenario: { fault: "silent" } });
  const directory = await Deno.makeTempDir({ prefix: "openport-million-" });
  try {
    fill(`${directory}/openport-exporter.db`);
    await using exporter = await Exporter.start({
      // The first process never ends, and there is one worker: nothing changes any more.
      config: `scanning: { port_range: "1-1000", worker_count: 1 }\ntargets: ["127.0.0.0/15"]\n`,
      directory,
      pathPrefix: fake.dir,
    });
    await using proxy = await startProxy(exporter.url);
    const target = `127.0.0.1:${proxy.port}`;
    await using prometheus = await Prometheus.start({
      target,
      scrapeInterval: INTERVAL,
      port: PORT,
      job: jobs(target),
    });
    const read = async () =>
      new Map(
        (await prometheus.query(READ)).map((
          { labels, value },
        ) => [labels["asked_for"], value]),
      );
    const deadline = performance.now() + 200_000;
    let samples = await read();
    while (samples.size < JOBS.length && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      samples = await read();
    }
    for (const { name, accept, encoding } of JOBS) {
      const said = `${name}: ${(await prometheus.target()).lastError}\n${exporter.log.join("\n")}`;
      assert.ok((samples.get(name) ?? 0) >= SERIES, said);
      const { type, encoding: received } = proxy.seen.get(name)!;
      assert.equal(type?.split(";")[0], accept.split(";")[0]);
      assert.equal(received, encoding === "gzip" ? "gzip" : undefined);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
