import { say } from "./common.ts";
import { largest, number, spread, table } from "./figures.ts";
import { denoPeer } from "./peers.ts";
import { Server } from "./server.ts";

const CHOICES: readonly (readonly string[])[] = [
  [],
  ["--max-semi-space-size=4"],
  ["--max-semi-space-size=8"],
  ["--max-semi-space-size=16"],
];

/** Prints what V8's flags do to a scrape of everything, to memory and to the longest stall. */
export async function v8Flags(
  { series, rounds, port }: { series: number; rounds: number; port: number },
): Promise<void> {
  const measured = CHOICES.map((flags) => ({
    flags,
    start: [] as number[],
    change: [] as number[],
    gzip: [] as number[],
    plain: [] as number[],
    stalls: [] as number[],
    peak: [] as number[],
    gzipPeak: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const choice of measured) {
      const began = performance.now();
      const { command } = denoPeer("ours", choice.flags);
      await using server = await Server.start(command, { series, port });
      choice.start.push(performance.now() - began);
      for (const encoding of ["gzip", "plain"] as const) {
        await server.watched({ format: "text", encoding });
        for (let times = 0; times < 3; times++) {
          const before = performance.now();
          await server.change("all");
          choice.change.push(performance.now() - before);
          choice[encoding].push((await server.watched({ format: "text", encoding })).ms);
        }
        if (encoding === "gzip") choice.gzipPeak.push(server.peak());
      }
      choice.peak.push(server.peak());
      choice.stalls.push(largest(server.poll.times));
    }
  }
  say(`\n${number(series)} series, V8 flags, ${rounds} rounds, ms: median (min..max, xSPREAD)`);
  say(table([
    [
      "flags",
      "start and fill",
      "apply all",
      "gzip, all",
      "plain, all",
      "stall",
      "peak, MiB: gzip alone",
      "both",
    ],
    ...measured.map(({ flags, start, change, gzip, plain, stalls, peak, gzipPeak }) => [
      flags.join(" ") || "(none)",
      ...[start, change, gzip, plain, stalls, gzipPeak, peak].map(spread),
    ]),
  ]));
}
