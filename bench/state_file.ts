/**
 * Measures the state file: rows per second, size, start with a million open ports, and how long the
 * event loop is held up while outcomes are stored.
 *
 * deno run --frozen --allow-read --allow-write --allow-env bench/state_file.ts [DIRECTORY]
 */
import type { SavedHost } from "../src/state/saved_state.ts";
import { openStore } from "../src/storage/open_store.ts";
import type { SqliteStore } from "../src/storage/sqlite_store.ts";

/** Addresses in one nmap process, and so in one transaction. */
const BATCH = 16;
const HOSTS = 100_000;
const PORTS = 10;
const CHANGES = 100_000;
const START = Date.UTC(2026, 0, 1);

const say = (text: string) => {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
};

/** A host of 10.0.0.0/8 with `ports` open ports, looked at at `time`. */
function host(index: number, { ports, time }: { ports: number; time: number }): SavedHost {
  const firstSeen = START + index * 1000;
  return {
    address: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    protocol: "tcp",
    everAlive: ports > 0,
    firstSeen: ports > 0 ? firstSeen : undefined,
    lastSeen: ports > 0 ? time : undefined,
    layers: [["1-65535", time]],
    open: Array.from({ length: ports }, (_, i) => {
      const seen = firstSeen + ((i * 7919 + index) % 90) * 86_400_000;
      return [20 + i * Math.floor(60_000 / Math.max(ports, 1)) + index % 19, seen, seen] as const;
    }),
    closed: [],
  };
}

function ms(from: number): number {
  return performance.now() - from;
}

/** Bytes of the file once everything is in it. */
function sizeOf(path: string): number {
  openStore(path, { wallClock: Date.now }).store.close();
  return Deno.statSync(path).size;
}

function fill(store: SqliteStore, count: number, ports: number, time: number): number {
  const began = performance.now();
  for (let i = 0; i < count; i += BATCH) {
    const size = Math.min(BATCH, count - i);
    store.save({ hosts: Array.from({ length: size }, (_, k) => host(i + k, { ports, time })) });
  }
  return count / ms(began) * 1000;
}

function open(path: string): SqliteStore {
  return openStore(path, { wallClock: Date.now }).store;
}

function bytesPerHost(directory: string, ports: number, count: number): number {
  const path = `${directory}/size-${ports}.db`;
  const empty = `${directory}/empty.db`;
  const store = open(path);
  fill(store, count, ports, START);
  store.close();
  return (sizeOf(path) - sizeOf(empty)) / count;
}

/** Stores the outcomes of 65,536 hosts, each in a turn of the event loop, and watches a 1 ms timer. */
async function drift(store: SqliteStore, time: number, pause: number): Promise<number[]> {
  const late: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(now - last - 1);
    last = now;
  }, 1);
  for (let i = 0; i < 65_536; i += BATCH) {
    store.save({
      hosts: Array.from({ length: BATCH }, (_, k) => host(i + k, { ports: PORTS, time })),
    });
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  clearInterval(timer);
  return late.sort((a, b) => a - b);
}

function quantiles(sorted: readonly number[]): string {
  const at = (q: number) => (sorted[Math.floor(q * (sorted.length - 1))] ?? 0).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, p99.9 ${at(0.999)} ms, worst ${at(1)} ms`;
}

const directory = await Deno.makeTempDir({ dir: Deno.args[0] ?? ".", prefix: "state-file-" });
try {
  for (const ports of [0, 1, 10, 100, 1000]) {
    const count = ports >= 100 ? 1000 : 10_000;
    const bytes = bytesPerHost(directory, ports, count);
    const perThousand = ports === 0
      ? ""
      : `, ${(bytes / ports * 1000 / 1024).toFixed(1)} KiB per 1,000 open ports`;
    say(`size: ${bytes.toFixed(0)} B per host with ${ports} open ports${perThousand}`);
  }

  const path = `${directory}/million.db`;
  const store = open(path);
  const made = fill(store, HOSTS, PORTS, START);
  say(
    `new: ${made.toFixed(0)} hosts/s (${
      (made * PORTS).toFixed(0)
    } open ports/s), ${BATCH} to a transaction`,
  );
  const again = fill(store, HOSTS, PORTS, START + 3_600_000);
  say(`again: ${again.toFixed(0)} hosts/s`);
  store.close();
  say(
    `file: ${
      (sizeOf(path) / 2 ** 20).toFixed(1)
    } MiB for ${HOSTS} hosts with ${PORTS} open ports each`,
  );

  const began = performance.now();
  const opened = open(path);
  const toOpen = ms(began);
  let loaded = 0;
  for (const { open } of opened.load().hosts) loaded += open.length;
  say(
    `start: ${toOpen.toFixed(0)} ms to open and check, ${
      (ms(began) - toOpen).toFixed(0)
    } ms to read ${loaded} open ports`,
  );

  say(`drift without storing: ${quantiles(await idle())}`);
  say(
    `drift while storing 65,536 hosts as fast as possible: ${
      quantiles(await drift(opened, START + 7_200_000, 0))
    }`,
  );
  say(
    `drift while storing 65,536 hosts, an outcome each 5 ms: ${
      quantiles(await drift(opened, START + 9_000_000, 5))
    }`,
  );

  const wal = Deno.statSync(`${path}-wal`).size;
  say(`-wal: ${(wal / 2 ** 20).toFixed(1)} MiB`);
  const changesBegan = performance.now();
  for (let i = 0; i < CHANGES; i += BATCH) {
    opened.save({
      changes: Array.from({ length: BATCH }, (_, k) => ({
        time: START + i * 1000,
        address: host((i + k) % HOSTS, { ports: 0, time: 0 }).address,
        protocol: "tcp" as const,
        port: 1 + (i + k) % 65_535,
        from: "closed" as const,
        to: "open" as const,
        target: "10.0.0.0/8",
      })),
    });
  }
  say(`changes: ${(CHANGES / ms(changesBegan) * 1000).toFixed(0)}/s`);
  const before = Deno.statSync(path).size;
  let listed = performance.now();
  opened.changes({ limit: 1000 });
  say(`1,000 newest of ${CHANGES} changes: ${ms(listed).toFixed(1)} ms`);
  listed = performance.now();
  opened.changes({ limit: 1000, address: "10.0.1.1" });
  say(`changes of an address: ${ms(listed).toFixed(1)} ms`);
  listed = performance.now();
  opened.pruneChanges(START + 86_400_000_000, 1000);
  say(`pruning 1,000 changes: ${ms(listed).toFixed(1)} ms`);
  opened.close();
  const grown = Deno.statSync(path).size;
  say(
    `file with ${CHANGES} changes: ${(grown / 2 ** 20).toFixed(1)} MiB (was ${
      (before / 2 ** 20).toFixed(1)
    } before the last checkpoint)`,
  );
} finally {
  await Deno.remove(directory, { recursive: true });
}

async function idle(): Promise<number[]> {
  const late: number[] = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push(now - last - 1);
    last = now;
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  clearInterval(timer);
  return late.sort((a, b) => a - b);
}
