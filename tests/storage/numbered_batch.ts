import type { SavedHost, StateBatch } from "../../src/state/saved_state.ts";

/** Hosts in a batch. */
export const BATCH_HOSTS = 16;
/** Batches after which the same hosts come again. */
export const CYCLE = 20;

/** A batch whose rows all say `n`, large enough that the -wal file is soon full. */
export function batchOf(n: number): StateBatch {
  const base = n % CYCLE;
  const hosts = Array.from({ length: BATCH_HOSTS }, (_, i): SavedHost => ({
    address: `10.0.${base}.${i}`,
    protocol: "tcp",
    everAlive: true,
    firstSeen: n,
    lastSeen: n,
    layers: [["1-65535", n]],
    open: Array.from({ length: 150 + (n * 7 + i * 13) % 900 }, (_, k) => [k + 1, n, n] as const),
    closed: [],
  }));
  return {
    hosts,
    rounds: [{ id: "10.0.0.0/16 tcp 1-65535", dueAt: n, taken: n }],
    changes: [{
      time: n,
      address: "10.0.0.1",
      protocol: "tcp",
      port: 1 + n % 65_535,
      from: "closed",
      to: "open",
      target: "10.0.0.0/16",
    }],
  };
}
