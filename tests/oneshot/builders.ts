import type { Scanner, ScanOutcome, ScanUnit } from "../../src/domain/scan.ts";
import { type ScannedOnce, scanOnce } from "../../src/oneshot/scan_once.ts";
import { FakeNetwork } from "../scan/network.ts";

/** How `scanFake` scans. */
export interface FakeScan {
  /** What is there. */
  readonly network?: FakeNetwork;
  /** What becomes of each process, in place of what the network says. */
  readonly change?: (outcome: ScanOutcome, addresses: readonly string[]) => ScanOutcome;
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** Runs the processes, in real time. */
  readonly scanner?: Scanner;
}

/** Scans units in a network that exists in memory only; silent addresses are reported down. */
export function scanFake(
  units: readonly ScanUnit[],
  { network = new FakeNetwork(), change = (outcome) => outcome, workers = 4, ...rest }: FakeScan =
    {},
): Promise<ScannedOnce> {
  let time = 1_700_000_000_000;
  const now = () => rest.scanner === undefined ? time++ : performance.now();
  return scanOnce({
    units,
    scanning: { workerCount: workers, maxTotalRate: 0, confirmChanges: true },
    scanner: rest.scanner ?? ((job) => {
      const outcome = network.scan(job, { startedAt: now(), endedAt: now() });
      const hosts = outcome.hosts.filter(({ alive }) => alive);
      return Promise.resolve(change({ ...outcome, hosts }, job.addresses));
    }),
    signal: rest.signal ?? new AbortController().signal,
    now,
    wallClock: now,
    obstacleOf: () => undefined,
    onProcessEnd: () => {},
  });
}
