import assert from "node:assert/strict";
import fc from "fast-check";
import { PortSet } from "../../src/domain/ports.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import type { Look } from "../../src/state/look.ts";
import { PortState, type Trust } from "../../src/state/port_state.ts";
import type { SavedHost } from "../../src/state/saved_state.ts";
import { openCountsOf, portsOf } from "./ports_of.ts";

/** Milliseconds after which a closed port is forgotten. */
const RETENTION = 1000;
const LAST_PORT = 6;
const ADDRESSES = ["10.0.0.1", "10.0.0.2", "::1"];

/** What a store would hold after every batch that a state gave it. */
class Rows {
  readonly rows = new Map<string, SavedHost>();

  take(state: PortState): void {
    const { hosts, forgottenHosts } = state.takeUnsaved();
    for (const [address, protocol] of forgottenHosts) this.rows.delete(`${address} ${protocol}`);
    for (const host of hosts) this.rows.set(`${host.address} ${host.protocol}`, host);
  }
}

/** A process whose monotonic clock is `offset` ms behind the wall clock that it shares with others. */
function makeProcess(wall: { now: number }, offset: number) {
  const state = new PortState({
    wallClock: () => wall.now,
    now: () => wall.now - offset,
    closedRetention: RETENTION,
  });
  return {
    state,
    apply: (look: Look, trust: Trust) =>
      state.apply([{ ...look, takenAt: look.takenAt - offset }], trust),
  };
}

function everything(state: PortState) {
  return {
    ports: portsOf(state),
    counts: openCountsOf(state),
    list: state.views.list({ open: undefined, limit: 100, after: undefined }),
    details: ADDRESSES.map((address) => state.views.describe(address)),
  };
}

const someLook = fc.record({
  address: fc.constantFrom(...ADDRESSES),
  protocol: fc.constantFrom(...PROTOCOLS),
  covered: fc.uniqueArray(fc.integer({ min: 1, max: LAST_PORT }), { minLength: 1 })
    .map((ports) => PortSet.of(ports)),
  asked: fc.uniqueArray(fc.integer({ min: 1, max: LAST_PORT })),
  alive: fc.boolean(),
});
const someStep = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("look" as const),
      look: someLook,
      trust: fc.constantFrom<Trust>("openings", "closings", "everything"),
      /** Milliseconds that pass, and by how much the look is older than that moment. */
      wait: fc.integer({ min: 0, max: 400 }),
      age: fc.integer({ min: 0, max: 700 }),
    }),
  },
  fc.record({ kind: fc.constant("save" as const) }),
  fc.record({ kind: fc.constant("restart" as const), offset: fc.nat(10_000) }),
  fc.record({
    kind: fc.constant("retain" as const),
    address: fc.constantFrom(...ADDRESSES),
    ports: fc.uniqueArray(fc.integer({ min: 1, max: LAST_PORT })).map((ports) => PortSet.of(ports)),
  }),
);

Deno.test("a PortState that was stored piece by piece and restored behaves as one that lived on", () => {
  fc.assert(
    fc.property(fc.array(someStep, { maxLength: 30 }), (steps) => {
      const wall = { now: 1_700_000_000_000 };
      const alive = makeProcess(wall, 12_345);
      const rows = new Rows();
      let process = makeProcess(wall, 0);
      for (const step of steps) {
        if (step.kind === "save") rows.take(process.state);
        if (step.kind === "restart") {
          rows.take(process.state);
          process = makeProcess(wall, step.offset);
          process.state.restore(rows.rows.values());
          assert.deepEqual(process.state.takeUnsaved(), { hosts: [], forgottenHosts: [] });
        }
        if (step.kind === "retain") {
          const concerned = ({ text }: { text: string }) => text === step.address;
          alive.state.retain(concerned, () => step.ports);
          process.state.retain(concerned, () => step.ports);
        }
        if (step.kind === "look") {
          wall.now += step.wait;
          const { asked, ...rest } = step.look;
          const open = asked.filter((port) => rest.covered.has(port)).sort((a, b) => a - b);
          const look = { ...rest, open, takenAt: wall.now - step.age };
          const [restored, lived] = [process, alive].map((one) => {
            const { changes, doubts } = one.apply(look, step.trust);
            return { changes, doubts: doubts.map(({ takenAt: _, ...doubt }) => doubt) };
          });
          assert.deepEqual(restored, lived);
        }
        assert.deepEqual(everything(process.state), everything(alive.state));
      }
    }),
    { numRuns: 2000 },
  );
});

/** Runs looks at 10.0.0.1, TCP ports 1 to 6, each a second after the one before. */
function history(...looks: readonly (readonly number[])[]) {
  const wall = { now: 1_700_000_000_000 };
  const { state, apply } = makeProcess(wall, 77);
  const at: number[] = [];
  for (const open of looks) {
    at.push(wall.now += 1000);
    const covered = PortSet.fromRanges([[1, LAST_PORT]]);
    const what = { address: "10.0.0.1", protocol: "tcp", covered, alive: true } as const;
    apply({ ...what, open, takenAt: wall.now }, "closings");
  }
  return { state, at };
}

Deno.test("PortState.takeUnsaved() gives what changed once, and what is not known any more", () => {
  const { state } = history([1, 2]);
  assert.equal(state.takeUnsaved().hosts.length, 1);
  assert.deepEqual(state.takeUnsaved(), { hosts: [], forgottenHosts: [] });
  state.retain(() => true, () => PortSet.EMPTY);
  assert.deepEqual(state.takeUnsaved(), { hosts: [], forgottenHosts: [["10.0.0.1", "tcp"]] });
});

Deno.test("PortState.takeUnsaved() names a host whose closed port was forgotten", () => {
  const { state } = history([1], [], [], []);
  state.takeUnsaved();
  state.closedRetention = 0;
  state.forgetClosed();
  assert.deepEqual(state.takeUnsaved().hosts.map(({ closed }) => closed), [[]]);
});

Deno.test("PortState.restore() lets no time from the future outlast a clock that was set back", () => {
  const { state, at } = history([1, 2], [1], [1]);
  const rows = new Rows();
  rows.take(state);
  // a day back
  const wall = { now: at[0]! - 86_400_000 };
  const later = makeProcess(wall, 5);
  later.state.restore(rows.rows.values());
  assert.deepEqual(openCountsOf(later.state), [["10.0.0.1", 1]]);
  const covered = PortSet.fromRanges([[1, LAST_PORT]]);
  const what = { address: "10.0.0.1", protocol: "tcp", covered, alive: true } as const;
  const { changes } = later.apply({ ...what, open: [4], takenAt: ++wall.now }, "closings");
  assert.deepEqual(changes.map(({ port, type }) => `${port} ${type}`), [
    "4 closed_to_open",
    "1 open_to_closed",
  ]);
  wall.now += RETENTION + 1;
  assert.deepEqual(portsOf(later.state).map(([, { port }]) => port), [4]);
});
