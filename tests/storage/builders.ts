import fc from "fast-check";
import type {
  SavedChange,
  SavedHost,
  SavedLearnt,
  SavedRecord,
  SavedRound,
  SavedState,
  SavedTarget,
} from "../../src/state/saved_state.ts";
import { FAILURE_TYPES, type Protocol } from "../../src/domain/scan.ts";
import { formatAddress } from "../../src/domain/address.ts";
import { MAX_PORT, PortSet } from "../../src/domain/ports.ts";
import { type OpenedStore, openStore } from "../../src/storage/open_store.ts";

/** Some time, unix milliseconds. */
export const NOW = Date.UTC(2026, 6, 1, 12, 30, 15);

/** A wall clock that stands still. */
export const wallClock = () => NOW;

/** Opens a store without waiting for locks. */
export function openNow(path: string): OpenedStore {
  return openStore(path, { wallClock, lockTimeout: 0 });
}

/** Runs with a new directory that is removed afterwards. */
export async function inDirectory(
  run: (directory: string) => void | Promise<void>,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "openport-storage-" });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** A host that answered and has port 22 open. */
export function host(changes: Partial<SavedHost> = {}): SavedHost {
  return {
    address: "192.0.2.1",
    protocol: "tcp",
    everAlive: true,
    firstSeen: NOW - 1000,
    lastSeen: NOW,
    layers: [["1-1000", NOW]],
    open: [[22, NOW - 1000, NOW - 500]],
    closed: [],
    ...changes,
  };
}

/** A record of a unit that was scanned once. */
export function record(changes: Partial<SavedRecord> = {}): SavedRecord {
  return {
    key: { target: "192.0.2.0/28", portRange: "1-1000", protocol: "tcp" },
    ports: "1-1000",
    configured: true,
    successes: 1,
    failures: { timeout: 0 },
    timeouts: 0,
    partials: 0,
    skipped: 0,
    lastHostsTimedOut: 0,
    lastHostsIncomplete: undefined,
    lastCompleteAt: NOW / 1000,
    lastDuration: 1.25,
    durations: { counts: [0, 1, 0], sum: 1.25, count: 1 },
    resumeAt: 0,
    alive: ["192.0.2.1"],
    answeredAt: NOW,
    silentSince: undefined,
    lastBeganAt: undefined,
    lastEndAt: NOW,
    pending: false,
    ...changes,
  };
}

/** A target with one change. */
export function target(changes: Partial<SavedTarget> = {}): SavedTarget {
  return {
    target: "192.0.2.0/28",
    closedToOpen: 1,
    openToClosed: 0,
    unconfirmed: 0,
    hostsUp: 1,
    hostsDown: undefined,
    ...changes,
  };
}

/** A port that opened. */
export function change(changes: Partial<SavedChange> = {}): SavedChange {
  return {
    time: NOW,
    address: "192.0.2.1",
    protocol: "tcp",
    port: 22,
    from: "closed",
    to: "open",
    target: "192.0.2.0/28",
    ...changes,
  };
}

/** Everything in a state as arrays in a fixed order. */
export function arrays({ hosts, records, targets, rounds, learnt }: SavedState) {
  const sorted = <T>(items: Iterable<T>, name: (item: T) => string) =>
    [...items].sort((a, b) => name(a) < name(b) ? -1 : 1);
  return {
    hosts: sorted(hosts, ({ address, protocol }) => `${address} ${protocol}`),
    records: sorted(records, ({ key, ports }) => `${key.target} ${key.protocol} ${ports}`),
    targets: sorted(targets, ({ target }) => target),
    rounds: sorted(rounds, ({ id }) => id),
    learnt: sorted(learnt, ({ source }) => source),
  };
}

const plain = { noNullPrototype: true } as const;
const time = fc.oneof(
  fc.integer({ min: NOW - 1e10, max: NOW + 1e10 }),
  fc.constantFrom(0, -1, 1, 4e12, 1e15, -1e15),
);
const port = fc.integer({ min: 1, max: MAX_PORT });
const protocol = fc.constantFrom<Protocol>("tcp", "udp");
const count = fc.nat();
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const portList = fc.array(fc.tuple(port, port), { minLength: 1, maxLength: 30 }).map((ranges) =>
  PortSet.fromRanges(
    ranges.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
  ).toString()
);

/** IPv4 and IPv6 addresses as canonical text. */
export const addresses = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => formatAddress(4, value)),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => formatAddress(6, value)),
);

/** Hosts of every shape. */
export const hosts: fc.Arbitrary<SavedHost> = fc.record({
  address: addresses,
  protocol,
  everAlive: fc.boolean(),
  firstSeen: maybe(time),
  lastSeen: maybe(time),
  layers: fc.array(fc.tuple(portList, time), { maxLength: 4 }),
  open: fc.array(fc.tuple(port, time, time), { maxLength: 40 }),
  closed: fc.array(fc.tuple(port, time, time, time), { maxLength: 10 }),
}, plain);

const text = fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("\0", "?"));

/** Records of every shape. */
export const records: fc.Arbitrary<SavedRecord> = fc.record({
  key: fc.record({ target: text, portRange: text, protocol }, plain),
  ports: portList,
  configured: fc.boolean(),
  successes: count,
  failures: fc.dictionary(fc.constantFrom(...FAILURE_TYPES), count, { noNullPrototype: true }),
  timeouts: count,
  partials: count,
  skipped: count,
  lastHostsTimedOut: maybe(count),
  lastHostsIncomplete: maybe(count),
  lastCompleteAt: maybe(fc.double({ min: 0, max: 1e12, noNaN: true })),
  lastDuration: maybe(fc.double({ min: 0, max: 1e9, noNaN: true })),
  durations: fc.record({
    counts: fc.array(count),
    sum: fc.double({ min: 0, max: 1e9, noNaN: true }),
    count,
  }, plain),
  resumeAt: count,
  alive: fc.array(addresses),
  answeredAt: maybe(time),
  silentSince: maybe(time),
  lastBeganAt: maybe(time),
  lastEndAt: time,
  pending: fc.boolean(),
}, plain);

/** Targets of every shape. */
export const targets: fc.Arbitrary<SavedTarget> = fc.record({
  target: text,
  closedToOpen: count,
  openToClosed: count,
  unconfirmed: count,
  hostsUp: maybe(count),
  hostsDown: maybe(count),
}, plain);

/** Rounds of every shape. */
export const rounds: fc.Arbitrary<SavedRound> = fc.record(
  { id: text, dueAt: time, taken: count },
  plain,
);

/** What was learnt, of every shape. */
export const learnts: fc.Arbitrary<SavedLearnt> = fc.record({ source: text, value: text }, plain);

/** Changes of every shape. */
export const changes: fc.Arbitrary<SavedChange> = fc.record({
  time,
  address: addresses,
  protocol,
  port,
  opened: fc.boolean(),
  target: text,
}, plain).map(({ opened, ...change }) => ({
  ...change,
  from: opened ? "closed" as const : "open" as const,
  to: opened ? "open" as const : "closed" as const,
}));
