/**
 * One side of `bench/scrape.ts`: the port families and the route of this program, `ours.ts SERIES PORT`.
 * Memory is told after a collection when it is run with `--v8-flags=--expose-gc`.
 */
import { Hono } from "@hono/hono";
import { PortSet } from "../../src/domain/ports.ts";
import { metricsRoute } from "../../src/http/metrics_route.ts";
import { portMetrics } from "../../src/metrics/port_metrics.ts";
import { Registry } from "../../src/prometheus/registry.ts";
import { PortState } from "../../src/state/port_state.ts";
import { changedHosts, HOST_PORTS, ipOf, say } from "./common.ts";

/** Milliseconds between two ticks of the timer whose drift is told. */
const TICK_MS = 10;

const [series = 10_000, port = 9101] = Deno.args.map(Number);
const hosts = series / HOST_PORTS.length;
const state = new PortState({
  wallClock: Date.now,
  now: () => performance.now(),
  closedRetention: 7 * 86_400_000,
});
const covered = PortSet.fromRanges([[1, 65535]]);
const registry = new Registry();
for (const family of portMetrics(state, { perHost: () => 1000, total: () => 1_000_000 })) {
  registry.register(family);
}

/** Applies one look at each of these hosts, 16 at a time, with their last port closed or open. */
function look(indexes: readonly number[], { lastOpen }: { lastOpen: boolean }): void {
  const open = lastOpen ? HOST_PORTS : HOST_PORTS.slice(0, -1);
  for (let from = 0; from < indexes.length; from += 16) {
    const takenAt = performance.now();
    const looks = indexes.slice(from, from + 16).map((index) => ({
      address: ipOf(index),
      protocol: "tcp" as const,
      covered,
      open,
      alive: true,
      takenAt,
    }));
    state.apply(looks, "everything");
    state.takeUnsaved();
  }
}

const gc = (globalThis as { gc?: () => void }).gc;
const memory = () => {
  gc?.();
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return { heapUsed, external, rss };
};
const before = memory();
look(Array.from({ length: hosts }, (_, index) => index), { lastOpen: true });
const after = memory();

/** A body of constant bytes in pieces as large as those of a scrape: what HTTP alone costs here. */
function constantBody(bytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const piece = new Uint8Array(32 * 1024);
  let left = bytes;
  return new ReadableStream({
    pull(controller) {
      const now = piece.subarray(0, Math.min(left, piece.length));
      left -= now.length;
      if (now.length > 0) controller.enqueue(now);
      else controller.close();
    },
  }, { highWaterMark: 0 });
}

let late: number[] = [];
let lastTick = performance.now();
setInterval(() => {
  const tick = performance.now();
  late.push(Math.max(0, tick - lastTick - TICK_MS));
  lastTick = tick;
}, TICK_MS);

let lastOpen = true;
const app = new Hono();
app.get(
  "/metrics",
  metricsRoute({ openExposition: (format, encoding) => registry.open(format, encoding) }),
);
app.get("/healthz", (c) => c.text("ok"));
app.get("/memory", (c) => c.json({ before, after, now: memory() }));
app.get("/constant", (c) => c.body(constantBody(Number(c.req.query("bytes")))));
app.get("/drift", (c) => {
  const told = late;
  late = [];
  return c.json(told);
});
app.post("/change", (c) => {
  const changed = changedHosts(hosts, c.req.query("how") ?? "all");
  if (changed.length > 0) lastOpen = !lastOpen;
  look(changed, { lastOpen });
  return c.text("ok");
});
Deno.serve({ hostname: "127.0.0.1", port, onListen: () => say("ready") }, app.fetch);
