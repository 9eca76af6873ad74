/**
 * Loaded before the program (`deno run --preload`): a timer inside of it, which says on stderr how late
 * it was since the last SIGUSR2.
 */
import { percentiles } from "../scrape/figures.ts";

const TICK_MS = 10;
let late: number[] = [];
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  late.push(Math.max(0, now - last - TICK_MS));
  last = now;
}, TICK_MS);
Deno.unrefTimer(timer);
Deno.addSignalListener("SIGUSR2", () => {
  Deno.stderr.writeSync(new TextEncoder().encode(`drift ${percentiles(late)}\n`));
  late = [];
});
