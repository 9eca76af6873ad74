/**
 * Measures what the pages cost: each thing that they ask for, the first time and again, with 1,000
 * targets and 100,000 open ports, and with 100,000 targets and 1,000,000 open ports. Nothing is
 * scanned: the state is made up, of addresses in 10.0.0.0/8.
 *
 * deno run --frozen -A bench/overview.ts
 */
import type { Config } from "../src/config/config.ts";
import { parsePorts, PortSet } from "../src/domain/ports.ts";
import { unitOf } from "../src/schedule/plan.ts";
import { openStore } from "../src/storage/open_store.ts";
import { say } from "./scrape/common.ts";
import { World } from "../tests/overview/make_world.ts";
import { makeLook, makeSummary } from "../tests/scan/builders.ts";
import { makeConfig, plainTarget } from "../tests/schedule/builders.ts";
import { MemoryStore } from "../src/storage/memory_store.ts";

const OPEN = Array.from({ length: 10 }, (_, index) => 22 + index * 29);
const REPEATS = 20;
const CHANGES = 100_000;

interface Size {
  readonly targets: number;
  /** Each with ten open ports. */
  readonly hosts: number;
}

function* addressesOf(count: number): Iterable<string> {
  for (let i = 0; i < count; i++) yield `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
}

/** Targets of as many addresses each as it takes, with a policy that some ports deviate from. */
function configOf({ targets, hosts }: Size): Config {
  const perTarget = hosts / targets;
  const config = makeConfig([], { ports: "1-1000", interval: 3600 });
  const addresses = [...addressesOf(hosts)];
  const made = Array.from({ length: targets }, (_, index) => {
    const own = addresses.slice(index * perTarget, (index + 1) * perTarget);
    const parts = own.map((text) => plainTarget(text, config.scanning));
    return {
      ...parts[0]!,
      name: `site-${index}`,
      texts: own,
      networks: parts.flatMap(({ networks }) => networks),
      expected: { tcp: parsePorts("22,51,999"), udp: PortSet.EMPTY },
      allowed: { tcp: parsePorts("80-200"), udp: PortSet.EMPTY },
      hasPolicy: true,
    };
  });
  return { ...config, targets: made };
}

function fill(world: World, hosts: number): void {
  for (const address of addressesOf(hosts)) {
    world.state.apply([makeLook({ address, covered: "1-1000", open: OPEN })], "everything");
  }
  let index = 0;
  for (const target of world.plan.targets) {
    const record = world.records.open(target.unitAt(0), { configured: true });
    const failure = { type: "timeout", message: "It took too long" } as const;
    const isFailing = index++ % 100 === 0;
    world.records.finish(record, makeSummary(isFailing ? { end: "failed", failure } : {}));
    world.view.noteTried(record);
  }
}

function fillHistory(world: World, hosts: number): void {
  const addresses = [...addressesOf(hosts)];
  for (let from = 0; from < CHANGES; from += 1000) {
    world.store.save({
      changes: Array.from({ length: 1000 }, (_, index) => {
        const opened = (from + index) % 2 === 0;
        return {
          time: 1_700_000_000_000 + from + index,
          address: addresses[(from + index) % 2 === 0 ? (from + index) % hosts : 7]!,
          protocol: "tcp" as const,
          port: 22,
          from: opened ? "closed" as const : "open" as const,
          to: opened ? "open" as const : "closed" as const,
          target: "10.0.0.0/24",
        };
      }),
    });
  }
}

function measure(name: string, call: () => unknown, before: () => void = () => {}): void {
  const time = () => {
    before();
    const began = performance.now();
    call();
    return performance.now() - began;
  };
  const first = time();
  const again = Array.from({ length: REPEATS }, time).sort((a, b) => a - b);
  const text = [first, again[REPEATS >> 1]!, again.at(-1)!].map((ms) => ms.toFixed(2).padStart(9));
  say(`${name.padEnd(44)}${text.join("")}`);
}

function report(size: Size, memory: boolean): void {
  const path = Deno.makeTempFileSync({ suffix: ".db" });
  Deno.removeSync(path);
  const store = memory ? new MemoryStore() : openStore(path, { wallClock: Date.now }).store;
  const world = new World(configOf(size), { store, now: () => performance.now() });
  fill(world, size.hosts);
  fillHistory(world, size.hosts);
  const { overview } = world;
  const ports = size.hosts * OPEN.length;
  say(
    `\n${size.targets} targets, ${ports} open ports; history in ${memory ? "memory" : "a file"}`,
  );
  say(
    `${"".padEnd(44)}${"first".padStart(9)}${"again".padStart(9)}${"worst".padStart(9)} ms`,
  );
  const rows = { offset: 0, limit: 50 };
  const last = `10.${((size.hosts - 1) >> 16) & 255}.${((size.hosts - 1) >> 8) & 255}.${
    (size.hosts - 1) & 255
  }`;
  measure("status", () => overview.status());
  let turn = 0;
  measure("status, something was scanned", () => overview.status(), () => scanOne(world, turn++));
  measure("upcoming", () => overview.upcoming(10));
  measure("changes", () => overview.changes({ limit: 20 }));
  measure("targets", () => overview.targets({ search: "", ...rows }));
  measure(
    "targets, last page",
    () => overview.targets({ search: "", offset: size.targets - 50, limit: 50 }),
  );
  measure("targets, of an address", () => overview.targets({ search: last, ...rows }));
  measure(
    "targets, of a name that there is not",
    () => overview.targets({ search: "nothing", ...rows }),
  );
  measure("hosts", () => overview.hosts({ search: "", ...rows }));
  measure(
    "hosts, something was scanned",
    () => overview.hosts({ search: "", ...rows }),
    () => scanOne(world, turn++),
  );
  measure(
    "hosts, last page",
    () => overview.hosts({ search: "", offset: size.hosts - 50, limit: 50 }),
  );
  measure("hosts, an address", () => overview.hosts({ search: last, ...rows }));
  measure("hosts, a network", () => overview.hosts({ search: "10.0.0.0/8", ...rows }));
  measure("hosts, a port of all", () => overview.hosts({ search: "22", ...rows }));
  measure("hosts, a port of none", () => overview.hosts({ search: "23/tcp", ...rows }));
  measure("hosts, a name of all", () => overview.hosts({ search: "site", ...rows }));
  measure(
    "hosts, a name of one",
    () => overview.hosts({ search: `site-${size.targets - 1}`, ...rows }),
  );
  measure("hosts, a name of none", () => overview.hosts({ search: "nothing", ...rows }));
  measure("violations", () => overview.violations({ search: "", ...rows }));
  measure(
    "violations, something was scanned",
    () => overview.violations({ search: "", ...rows }),
    () => scanOne(world, turn++),
  );
  measure(
    "violations, last page",
    () => overview.violations({ search: "", offset: 7 * size.hosts, limit: 50 }),
  );
  measure("violations, a name of none", () => overview.violations({ search: "nothing", ...rows }));
  measure("violations, a port of none", () => overview.violations({ search: "1", ...rows }));
  measure("host with 50,000 changes", () => overview.host("10.0.0.7"));
  world.store.close();
  for (const suffix of ["", "-wal", "-shm"]) if (!memory) removeIfThere(path + suffix);
}

/** A scan that closes and opens a port, as it does to the state and the records. */
function scanOne(world: World, turn: number): void {
  const target = world.plan.targets[(turn * 7919) % world.plan.targets.length]!;
  const unit = unitOf(target, target.unitAt(0));
  const record = world.records.open(unit, { configured: true });
  const address = unit.key.target.split("/")[0]!;
  const open = turn % 2 === 0 ? OPEN.slice(1) : OPEN;
  const takenAt = performance.now();
  world.state.apply([makeLook({ address, covered: "1-1000", open, takenAt })], "everything");
  world.records.finish(record, makeSummary({ startedAt: takenAt }));
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

report({ targets: 1000, hosts: 10_000 }, false);
report({ targets: 1000, hosts: 10_000 }, true);
report({ targets: 100_000, hosts: 100_000 }, false);
