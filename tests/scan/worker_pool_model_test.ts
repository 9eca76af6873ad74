import assert from "node:assert/strict";
import fc from "fast-check";
import type { ScanOutcome } from "../../src/domain/scan.ts";
import { makeHost } from "./builders.ts";
import { portsOf } from "../state/ports_of.ts";
import { failedOutcome, FakeNetwork, makeRig, type Process } from "./network.ts";

const PORTS = [1, 2, 3];
/** Two units that overlap, two single addresses, and one address that always answers. */
const TARGETS = ["10.0.1.0/30", "10.0.1.1", "10.0.2.1", "10.0.3.1", "10.0.9.1"];
const HOSTS = ["10.0.1.1", "10.0.1.2", "10.0.2.1", "10.0.3.1"];
const WITNESS = "10.0.9.1";

const FAULTS = ["none", "lossy", "killed", "late", "cut short"] as const;
type Fault = typeof FAULTS[number];

/** What is known of one port by whoever watches both the network and the reports. */
interface Truth {
  /** What was last reported; undefined as long as it is not covered. */
  reported: boolean | undefined;
  /** It really was closed at a look of this round since it was last seen open, and the other way round. */
  closedSince: boolean;
  openSince: boolean;
}

/** A rig on a tiny network that checks every reported change against what really was there. */
function makeModel(workers: number) {
  const network = new FakeNetwork({ [WITNESS]: [1] });
  const truths = new Map<string, Truth>();
  const plan = { faults: [] as Fault[], flips: [] as string[] };
  const wrong: string[] = [];
  // Only then is what one process saw applied before the next one looks.
  const oneByOne = workers === 1;
  const truthOf = (address: string, port: number): Truth => {
    const name = `${address}:${port}`;
    const truth = truths.get(name) ?? { reported: undefined, closedSince: false, openSince: false };
    truths.set(name, truth);
    return truth;
  };
  const flip = (name: string) => {
    const [address, port] = name.split(":") as [string, string];
    const host = network.hosts.get(address);
    if (port === "up") {
      if (host === undefined) network.hosts.set(address, new Set([1, 3]));
      else network.hosts.delete(address);
    } else if (host?.delete(Number(port)) === false) host.add(Number(port));
  };
  const distort = (outcome: ScanOutcome, { job }: Process): ScanOutcome => {
    const fault = plan.faults.shift() ?? "none";
    if (fault === "killed") return failedOutcome({ type: "killed", message: "" });
    if (fault === "none" || job.confirming && fault !== "cut short") return outcome;
    const damage: Record<typeof fault, () => Partial<ScanOutcome>> = {
      lossy: () => ({ hosts: outcome.hosts.map(({ address }) => makeHost(address)) }),
      late: () => ({
        hosts: outcome.hosts.map(({ address }) => makeHost(address, { timedOut: true })),
      }),
      "cut short": () => ({
        failure: { type: "bad_output", message: "" },
        hosts: outcome.hosts.slice(0, outcome.hosts.length >> 1),
      }),
    };
    return { ...outcome, ...damage[fault]() };
  };
  const rig = makeRig({
    network,
    workers,
    process: async (process) => {
      const { job } = process;
      const next = plan.flips.shift();
      if (next !== undefined) flip(next);
      const outcome = distort(process.look(), process);
      for (const address of job.addresses) {
        const open = network.hosts.get(address);
        const report = outcome.hosts.find((host) => host.address === address && !host.timedOut);
        for (const port of job.ports) {
          const truth = truthOf(address, port);
          if (open?.has(port)) truth.openSince = true;
          else truth.closedSince = true;
          if (!oneByOne || report === undefined) continue;
          if (report.open.tcp.includes(port)) truth.closedSince = false;
          else if (!open?.has(port)) truth.openSince = false;
        }
      }
      for (let turn = 0; turn < job.addresses.length + job.ports.size; turn++) await undefined;
      return outcome;
    },
    changed: ({ address, port, type }) => {
      const truth = truthOf(address, port);
      const name = `${address}:${port} ${type} after ${rig.log.join(", ")}`;
      const opened = type === "closed_to_open";
      if (truth.reported === opened) wrong.push(`counted twice: ${name}`);
      if (!(opened ? truth.openSince : truth.closedSince)) wrong.push(`never was so: ${name}`);
      truth.reported = opened;
    },
  });
  return {
    network,
    rig,
    async round(step: { flips: readonly string[]; faults: readonly Fault[]; order: number }) {
      plan.flips = [...step.flips];
      plan.faults = [...step.faults];
      const turn = step.order % TARGETS.length;
      const targets = [...TARGETS.slice(turn), ...TARGETS.slice(0, turn)];
      await rig.round(...targets.map((target) => [target, { ports: "1-3" }] as const));
      assert.deepEqual(wrong, []);
      for (const truth of truths.values()) truth.closedSince = truth.openSince = false;
      for (const [address, { port, open }] of portsOf(rig.state)) {
        const truth = truthOf(address, port);
        // a baseline is no change
        truth.reported ??= open;
        assert.equal(open, truth.reported, `${address}:${port}`);
      }
    },
    open: () =>
      portsOf(rig.state).filter(([, { open }]) => open)
        .map(([address, { port }]) => `${address}:${port}`).sort(),
    really: () =>
      [...network.hosts].flatMap(([address, ports]) =>
        [...ports].map((port) => `${address}:${port}`)
      )
        .sort(),
  };
}

const someFlip = fc.tuple(fc.constantFrom(...HOSTS), fc.constantFrom("up", ...PORTS))
  .map(([address, what]) => `${address}:${what}`);
const someStep = fc.record({
  flips: fc.array(someFlip, { maxLength: 8 }),
  faults: fc.array(fc.constantFrom(...FAULTS), { maxLength: 8 }),
  order: fc.nat(TARGETS.length),
  cutAfterwards: fc.boolean(),
});
const CALM = { flips: [], faults: [], order: 0 } as const;

Deno.test("WorkerPool reports closed only what was closed, counts each change once, and sees all in the end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(someStep, { minLength: 1, maxLength: 6 }),
      async (workers, steps) => {
        const { network, rig, round, open, really } = makeModel(workers);
        for (const step of steps) {
          await round(step);
          if (!step.cutAfterwards || network.hosts.size < 2) continue;
          // the scanner's own cable is out for two rounds: nothing may be believed
          await round(CALM);
          const before = open().filter((name) => really().includes(name));
          network.cut = true;
          await round({ ...CALM, order: step.order });
          await round({ ...CALM, order: step.order + 1 });
          network.cut = false;
          assert.deepEqual(before.filter((name) => !open().includes(name)), []);
        }
        for (let calm = 0; calm < 3; calm++) await round(CALM);
        assert.deepEqual(open(), really());
        assert.ok(rig.active.most <= workers);
        assert.equal(rig.ends.length % TARGETS.length, 0);
        await rig.pool.stop();
      },
    ),
    { numRuns: 400 },
  );
});
