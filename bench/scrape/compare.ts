import { say } from "./common.ts";
import { calibrate, largest, median, number, spread, table } from "./figures.ts";
import type { Peer } from "./peers.ts";
import { type Memory, type ScrapeOptions, Server } from "./server.ts";

const HOWS = ["none", "together", "scattered", "all"] as const;
const FORMATS = ["text", "openmetrics"] as const;
type Encoding = ScrapeOptions["encoding"];

/** What is to be reached at a million series, as times faster (issue "A million series", point 1). */
const GOALS: Readonly<Record<string, number>> = {
  "prom-client plain together": 60,
  "prom-client plain all": 20,
  "client_golang plain together": 100,
  "client_golang plain all": 20,
  "client_golang gzip together": 200,
  "client_golang gzip all": 20,
};

/** What one comparison measures; keys name the server and the case. */
class Results {
  readonly #values = new Map<string, number[]>();

  /** Adds a value. */
  add(key: string, value: number): void {
    const values = this.#values.get(key) ?? [];
    values.push(value);
    this.#values.set(key, values);
  }

  /** All values so far. */
  of(key: string): readonly number[] {
    return this.#values.get(key) ?? [];
  }
}

/** Compares the peers at one number of series and prints the tables. */
export async function compare(
  peers: readonly Peer[],
  { series, rounds, port }: { series: number; rounds: number; port: number },
): Promise<void> {
  const results = new Results();
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      results.add("calibration", calibrate());
      await using server = await Server.start(peer.command, { series, port });
      const watch = { server, results, name: peer.name };
      if (peer.name === "ours") await roundOfOurs(watch);
      else await roundOfPeer(watch, { isFirst: round === 0 });
      results.add(`${peer.name} stall`, largest(server.poll.times));
    }
  }
  print(results, { peers, series, rounds });
}

interface Watch {
  readonly server: Server;
  readonly results: Results;
  readonly name: Peer["name"];
}

async function roundOfOurs({ server, results, name }: Watch): Promise<void> {
  results.add(`${name} filled`, server.rss());
  // Plain comes last, so that the peak until then is that of a program which only sees gzip.
  for (const encoding of ["gzip", "plain"] as const) {
    const first = await server.watched({ format: "text", encoding });
    results.add(`${name} ${encoding} first`, first.ms);
    results.add(`${name} ${encoding} bytes`, first.bytes);
    for (const format of FORMATS) {
      await server.change("all");
      await server.watched({ format, encoding });
    }
    // Before the first format of each case ports close, before the second they open again.
    for (const how of HOWS) {
      for (const format of FORMATS) {
        await server.change(how);
        const { ms } = await server.watched({ format, encoding });
        results.add(`${name} ${encoding} ${how} ${format}`, ms);
      }
    }
    results.add(`${name} ${encoding} peak`, server.peak());
    results.add(`${name} ${encoding} rss`, server.rss());
  }
  const { ms } = await server.constant(median(results.of(`${name} plain bytes`)));
  results.add("constant plain", ms);
  const gzip = await server.constant(median(results.of(`${name} gzip bytes`)));
  results.add("constant gzip", gzip.ms);
}

/** Peers render everything each time. */
async function roundOfPeer(
  { server, results, name }: Watch,
  { isFirst }: { isFirst: boolean },
): Promise<void> {
  await server.watched({ format: "text", encoding: "gzip" });
  for (const encoding of ["gzip", "plain"] as const) {
    const { ms, bytes } = await server.watched({ format: "text", encoding });
    results.add(`${name} ${encoding}`, ms);
    results.add(`${name} ${encoding} bytes`, bytes);
  }
  if (isFirst && name === "prom-client") {
    await server.change("all");
    const { ms } = await server.watched({ format: "text", encoding: "plain" });
    results.add(`${name} changed`, ms);
  }
  results.add(`${name} peak`, server.peak());
}

function print(
  results: Results,
  { peers, series, rounds }: { peers: readonly Peer[]; series: number; rounds: number },
): void {
  const others = peers.map(({ name }) => name).filter((name) => name !== "ours");
  const goals = series >= 1_000_000 ? GOALS : {};
  say(`\n${number(series)} series, ${rounds} rounds, ms: median (min..max, xSPREAD)`);
  say(`calibration loop: ${spread(results.of("calibration"))}`);
  const rows = [["case", "ours", ...others.flatMap((name) => [name, "ratio", "goal"])]];
  const row = (label: string, key: string, encoding: Encoding, how: string) => {
    const mine = results.of(key);
    rows.push([
      label,
      spread(mine),
      ...others.flatMap((name) => {
        const theirs = results.of(`${name} ${encoding}`);
        const goal = goals[`${name} ${encoding} ${how}`];
        const ratio = (median(theirs) / median(mine)).toFixed(0);
        return [spread(theirs), `${ratio} x`, goal === undefined ? "" : `${goal} x`];
      }),
    ]);
  };
  for (const encoding of ["plain", "gzip"] as const) {
    row(`${encoding}, first scrape`, `ours ${encoding} first`, encoding, "first");
    for (const how of HOWS) {
      for (const format of FORMATS) {
        row(
          `${encoding}, ${how}, ${format}`,
          `ours ${encoding} ${how} ${format}`,
          encoding,
          how,
        );
      }
    }
    row(`${encoding}, constant bytes`, `constant ${encoding}`, encoding, "constant");
  }
  say(table(rows));
  const changed = results.of("prom-client changed");
  if (changed.length > 0) {
    say(`  prom-client, plain, after all hosts changed, once: ${spread(changed)}`);
  }
  const longest = (key: string) => number(largest(results.of(key)));
  say(table([
    ["whole server", "ours", ...others],
    ...(["plain", "gzip"] as const).map((encoding) => [
      `page, bytes (${encoding})`,
      longest(`ours ${encoding} bytes`),
      ...others.map((name) => longest(`${name} ${encoding} bytes`)),
    ]),
    [
      "peak memory, MiB",
      `${longest("ours gzip peak")} gzip alone, ${longest("ours plain peak")} both`,
      ...others.map((name) => longest(`${name} peak`)),
    ],
    [
      "resident memory, MiB",
      `${longest("ours filled")} filled, ${longest("ours gzip rss")} after gzip, ${
        longest("ours plain rss")
      } after both`,
    ],
    [
      "longest stall of /healthz, ms",
      spread(results.of("ours stall")),
      ...others.map((name) => spread(results.of(`${name} stall`))),
    ],
  ]));
}

/** Prints what a series takes: its state, its plain page and its gzip page, measured after collections. */
export async function bytesPerSeries(
  peer: Peer,
  { series, port }: { series: number; port: number },
): Promise<void> {
  await using server = await Server.start(peer.command, { series, port });
  const ask = () => server.ask<{ before: Memory; after: Memory; now: Memory }>("/memory");
  const total = ({ heapUsed, external }: Memory) => heapUsed + external;
  const { before, after } = await ask();
  await server.scrape({ format: "text", encoding: "gzip" });
  const gzip = (await ask()).now;
  await server.scrape({ format: "text", encoding: "plain" });
  const plain = (await ask()).now;
  const per = (to: Memory, from: Memory) => ((total(to) - total(from)) / series).toFixed(1);
  say(`\n${number(series)} series, bytes a series (heap and buffers, after a collection)`);
  say(
    `  state ${per(after, before)}, gzip pages ${per(gzip, after)}, plain pages ${
      per(plain, gzip)
    }`,
  );
  const mib = (memory: Memory) => number(memory.rss / 2 ** 20);
  say(
    `  resident, MiB: ${mib(before)} empty, ${mib(after)} filled, ${mib(gzip)} after gzip, ${
      mib(plain)
    } after both`,
  );
}
