import { PortSet } from "../../src/domain/ports.ts";
import { PortState } from "../../src/state/port_state.ts";
import { ScanRecords } from "../../src/state/scan_records.ts";
import { historyOf } from "../../src/storage/history.ts";
import { openStore } from "../../src/storage/open_store.ts";
import { StateKeeper } from "../../src/storage/state_keeper.ts";
import { say } from "../scrape/common.ts";
import { largest, number, percentiles } from "../scrape/figures.ts";

const HOSTS = 65_536;
const OPEN = Array.from({ length: 10 }, (_, index) => 100 + index * 7);

/**
 * Has 65,536 hosts arrive as fast as they are taken, `batch` to an outcome and `atOnce` outcomes in one
 * turn of the event loop, each applied and stored; prints how long the loop was held up.
 */
export async function arrival(
  directory: string,
  { batch, atOnce }: { batch: number; atOnce: number },
): Promise<void> {
  const { store } = openStore(`${directory}/arrival-${batch}-${atOnce}.db`, {
    wallClock: Date.now,
  });
  const now = () => performance.timeOrigin + performance.now();
  const wallClock = Date.now;
  const state = new PortState({ wallClock, now, closedRetention: 7 * 86_400_000 });
  const records = new ScanRecords({
    wallClock,
    now,
    requestedLimit: 1000,
    requestedRetention: () => state.closedRetention,
    onDropped: () => {},
  });
  const keeper = new StateKeeper({
    store,
    state,
    records,
    takeMoved: () => new Map(),
    wallOffset: () => 0,
  });
  const covered = PortSet.fromRanges([[1, 1000]]);
  for (const round of ["new", "again, a port of each opened", "again, a port of each closed"]) {
    const open = round.endsWith("opened") ? [...OPEN, 999] : OPEN;
    const late: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      late.push(Math.max(0, performance.now() - last - 1));
      last = performance.now();
    }, 1);
    const turns: number[] = [];
    const began = performance.now();
    for (let from = 0; from < HOSTS; from += batch * atOnce) {
      const turn = performance.now();
      for (let at = from; at < Math.min(HOSTS, from + batch * atOnce); at += batch) {
        const takenAt = now();
        const looks = Array.from({ length: batch }, (_, index) => ({
          address: `10.0.${(at + index) >> 8}.${(at + index) & 255}`,
          protocol: "tcp" as const,
          covered,
          open,
          alive: true,
          takenAt,
        }));
        keeper.save(historyOf(state.apply(looks, "everything").changes, "10.0.0.0/16"));
      }
      turns.push(performance.now() - turn);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    const wall = performance.now() - began;
    clearInterval(timer);
    say(
      `  ${batch} to an outcome, ${atOnce} at once, ${round}: ${number(wall)} ms in all (${
        number(turns.reduce((sum, ms) => sum + ms, 0))
      } of work), turns ${percentiles(turns)}, 1 ms timer late by ${
        number(largest(late))
      } ms at most`,
    );
  }
  store.close();
}
