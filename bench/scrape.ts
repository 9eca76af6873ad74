/**
 * Compares scrapes of this program with those of prom-client and client_golang, side by side: time,
 * peak memory and how long another request waits. Rounds alternate between the servers, each of which
 * runs alone, is asked by curl, and is warm; /healthz is polled every 5 ms meanwhile. Then: what a
 * series takes in memory, 50 scrapes at once, and V8's flags.
 *
 * deno run --frozen -A bench/scrape.ts [--series 10000,100000,1000000] [--rounds 7] [--quick]
 *   [--client-golang ../shared/bench/client_golang]
 */
import { parseArgs } from "node:util";
import { say } from "./scrape/common.ts";
import { bytesPerSeries, compare } from "./scrape/compare.ts";
import { fiftyAtOnce } from "./scrape/fifty.ts";
import { denoPeer, golangPeer } from "./scrape/peers.ts";
import { v8Flags } from "./scrape/v8_flags.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    series: { type: "string", default: "10000,100000,1000000" },
    rounds: { type: "string", default: "7" },
    quick: { type: "boolean", default: false },
    "client-golang": { type: "string", default: "../shared/bench/client_golang" },
  },
});
const sizes = (values.quick ? "10000,100000" : values.series).split(",").map(Number);
const rounds = values.quick ? 3 : Number(values.rounds);
/** Of loopback, free while this runs. */
const PORT = 9151;

say(`deno run --frozen -A bench/scrape.ts ${Deno.args.join(" ")}`);
say(`${navigator.hardwareConcurrency} cores, deno ${Deno.version.deno}, v8 ${Deno.version.v8}`);
const directory = await Deno.makeTempDir({ prefix: "bench-scrape-" });
try {
  // With the flags that the program is started with, and compiled with.
  const peers = [denoPeer("ours", ["--max-semi-space-size=8"]), denoPeer("prom-client")];
  const golang = await golangPeer(values["client-golang"], { directory });
  if (typeof golang === "string") say(`client_golang is left out: ${golang}`);
  else peers.push(golang);
  for (const series of sizes) {
    await compare(peers, { series, rounds, port: PORT });
    await bytesPerSeries(denoPeer("ours", ["--expose-gc"]), { series, port: PORT });
  }
  const series = Math.max(...sizes);
  await fiftyAtOnce(denoPeer("ours"), { series, port: PORT });
  await v8Flags({ series, rounds: Math.ceil(rounds / 2), port: PORT });
} finally {
  await Deno.remove(directory, { recursive: true });
}
