import { say } from "./common.ts";
import { largest, number, table } from "./figures.ts";
import type { Peer } from "./peers.ts";
import { type ScrapeOptions, Server } from "./server.ts";

const AT_ONCE = 50;

/**
 * Prints what scrapes at once cost against one: what rendering adds to the processor time of the server
 * is that of one scrape, however many there are.
 */
export async function fiftyAtOnce(
  peer: Peer,
  { series, port }: { series: number; port: number },
): Promise<void> {
  await using server = await Server.start(peer.command, { series, port });
  const rows = [[
    "scrapes",
    "wall, ms",
    "processor, ms: all changed",
    "nothing changed",
    "difference (rendering)",
    "peak memory growth, MiB",
    "stall, ms",
  ]];
  for (const encoding of ["gzip", "plain"] as const) {
    for (let warm = 0; warm < 3; warm++) {
      await server.change("all");
      await server.scrape({ format: "text", encoding });
    }
    for (const count of [1, AT_ONCE]) {
      const changed = await measure(server, { count, encoding, how: "all" });
      const same = await measure(server, { count, encoding, how: "none" });
      rows.push([
        `${count} ${encoding}`,
        number(changed.wall),
        number(changed.cpu),
        number(same.cpu),
        number(changed.cpu - same.cpu),
        number(changed.growth),
        number(changed.stall),
      ]);
    }
  }
  say(`\n${number(series)} series, ${AT_ONCE} scrapes at once`);
  say(table(rows));
}

interface Measured {
  readonly wall: number;
  readonly cpu: number;
  readonly growth: number;
  readonly stall: number;
}

async function measure(
  server: Server,
  { count, encoding, how }: {
    count: number;
    encoding: ScrapeOptions["encoding"];
    how: string;
  },
): Promise<Measured> {
  await server.change(how);
  server.poll.times.length = 0;
  server.resetPeak();
  const rss = server.rss();
  const cpu = server.cpu();
  const began = performance.now();
  await server.poll.during(() =>
    Promise.all(Array.from({ length: count }, () => server.scrape({ format: "text", encoding })))
  );
  const wall = performance.now() - began;
  return {
    wall,
    cpu: server.cpu() - cpu,
    growth: server.peak() - rss,
    stall: largest(server.poll.times),
  };
}
