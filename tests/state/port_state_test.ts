import assert from "node:assert/strict";
import { PortSet } from "../../src/domain/ports.ts";
import { type Applied, PortState, type Trust } from "../../src/state/port_state.ts";
import { makeLook } from "../scan/builders.ts";
import { openCountsOf, portsOf } from "./ports_of.ts";

const RETENTION = 1000;

/** A state with a wall clock that can be moved, and short ways to feed and to read it. */
function makeState() {
  const clock = { now: 0, ahead: 0 };
  const state = new PortState({
    wallClock: () => clock.now + clock.ahead,
    now: () => clock.now,
    closedRetention: RETENTION,
  });
  return {
    clock,
    state,
    see(trust: Trust, ...looks: Parameters<typeof makeLook>): Applied {
      return state.apply([makeLook(...looks)], trust);
    },
    page: () =>
      portsOf(state).map(([address, { port, protocol, open }]) =>
        `${address} ${port}/${protocol} ${open ? 1 : 0}`
      ),
    counts: () => Object.fromEntries(openCountsOf(state)),
  };
}

function summary({ changes, doubts }: Applied): string[] {
  return [
    ...changes.map(({ port, type }) => `${port} ${type}`),
    ...doubts.map(({ ports, reason }) => `${ports} ${reason}`),
  ];
}

Deno.test("PortState counts nothing for what is seen the first time", () => {
  const { see, page, counts } = makeState();
  assert.deepEqual(summary(see("openings", { open: [22, 80] })), []);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 1", "10.0.0.1 80/tcp 1"]);
  assert.deepEqual(counts(), { "10.0.0.1": 2 });
  // another range is a baseline of its own
  assert.deepEqual(summary(see("openings", { covered: "50-200", open: [80, 150] })), []);
  // and so is another protocol
  assert.deepEqual(summary(see("openings", { protocol: "udp", open: [22] })), []);
  assert.deepEqual(counts(), { "10.0.0.1": 4 });
});

Deno.test("PortState counts an opening between looks at once, whatever the trust", () => {
  for (const trust of ["openings", "closings", "everything"] as const) {
    const { see, page } = makeState();
    see(trust, { open: [] });
    assert.deepEqual(summary(see(trust, { open: [22], takenAt: 2000 })), ["22 closed_to_open"]);
    assert.deepEqual(summary(see(trust, { open: [22], takenAt: 3000 })), []);
    assert.deepEqual(page(), ["10.0.0.1 22/tcp 1"]);
  }
});

Deno.test("PortState doubts a closing until it is confirmed", () => {
  const { see, page, state } = makeState();
  see("openings", { open: [22, 80] });
  const { changes, doubts } = see("openings", { open: [80], takenAt: 2000 });
  assert.deepEqual(changes, []);
  assert.deepEqual(doubts, [{
    address: "10.0.0.1",
    protocol: "tcp",
    ports: [22],
    takenAt: 2000,
    reason: "vanished",
  }]);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 1", "10.0.0.1 80/tcp 1"]);
  const second = see("everything", { covered: "22", takenAt: 3000 });
  assert.deepEqual(summary(second), ["22 open_to_closed"]);
  assert.deepEqual(page(), ["10.0.0.1 80/tcp 1", "10.0.0.1 22/tcp 0"]);
  assert.deepEqual(state.openPorts({ address: "10.0.0.1", protocol: "tcp" }), [80]);
});

Deno.test("PortState changes nothing when the second look finds the port open", () => {
  const { see, page } = makeState();
  see("openings", { open: [22] });
  see("openings", { open: [], takenAt: 2000 });
  assert.deepEqual(summary(see("everything", { covered: "22", open: [22], takenAt: 3000 })), []);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 1"]);
});

Deno.test("PortState doubts a port again when its second look never came", () => {
  const { see } = makeState();
  see("openings", { open: [22] });
  see("openings", { open: [], takenAt: 2000 });
  assert.deepEqual(summary(see("openings", { open: [], takenAt: 3000 })), ["22 vanished"]);
});

Deno.test("PortState closes at once when closings are believed, and counts a re-opening", () => {
  const { see, page } = makeState();
  see("closings", { open: [22] });
  assert.deepEqual(summary(see("closings", { takenAt: 2000 })), ["22 open_to_closed"]);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 0"]);
  assert.deepEqual(summary(see("closings", { takenAt: 3000 })), []);
  assert.deepEqual(summary(see("closings", { open: [22], takenAt: 4000 })), ["22 closed_to_open"]);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 1"]);
});

Deno.test("PortState leaves ports alone that a look does not cover", () => {
  const { see, page } = makeState();
  see("closings", { open: [22] });
  see("closings", { protocol: "udp", open: [53] });
  see("closings", { covered: "200-300", takenAt: 2000 });
  see("closings", { covered: "1-21,23-100", takenAt: 2000 });
  see("closings", { covered: "", takenAt: 2000 });
  see("closings", { address: "10.0.0.2", takenAt: 2000 });
  // an open port outside of what is covered is no look at it
  see("closings", { covered: "1-10", open: [99], takenAt: 2000 });
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 1", "10.0.0.1 53/udp 1"]);
});

Deno.test("PortState takes a look at a down address as a look at all its ports", () => {
  const { see, counts, page } = makeState();
  see("openings", { alive: false });
  assert.deepEqual(counts(), {});
  // a device that appears on it later has opened its ports
  assert.deepEqual(
    summary(see("openings", { open: [22], takenAt: 2000 })),
    ["22 closed_to_open"],
  );
  assert.deepEqual(counts(), { "10.0.0.1": 1 });
  assert.deepEqual(summary(see("openings", { alive: false, takenAt: 3000 })), ["22 vanished"]);
  see("everything", { alive: false, covered: "22", takenAt: 4000 });
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 0"]);
  // it showed life once, so its count stays, as 0
  assert.deepEqual(counts(), { "10.0.0.1": 0 });
});

Deno.test("PortState never lets an older look override a younger one", () => {
  const { see, page } = makeState();
  see("openings", { takenAt: 1000 });
  see("openings", { open: [22], covered: "22", takenAt: 5000 });
  // agrees with it
  assert.deepEqual(summary(see("closings", { open: [22], takenAt: 3000 })), []);
  // contradicts it
  assert.deepEqual(summary(see("closings", { open: [], takenAt: 3000 })), ["22 contradicted"]);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 1"]);
  // the rest of an older look counts
  assert.deepEqual(
    summary(see("openings", { open: [22, 80], takenAt: 4000 })),
    ["80 closed_to_open"],
  );
  // a second look is not doubted itself, but does not override either
  assert.deepEqual(summary(see("everything", { open: [80], takenAt: 4500 })), []);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 1", "10.0.0.1 80/tcp 1"]);
});

Deno.test("PortState doubts an opening that a younger look contradicts", () => {
  const { see, page } = makeState();
  see("openings", { takenAt: 5000 });
  const { doubts } = see("openings", { open: [22, 80], takenAt: 3000 });
  assert.deepEqual(doubts, [{
    address: "10.0.0.1",
    protocol: "tcp",
    ports: [22, 80],
    takenAt: 3000,
    reason: "contradicted",
  }]);
  assert.deepEqual(page(), []);
  assert.deepEqual(
    summary(see("everything", { covered: "22,80", open: [80], takenAt: 6000 })),
    ["80 closed_to_open"],
  );
});

Deno.test("PortState keeps the age of a doubted port, so that a look from before can still speak", () => {
  const { see, page } = makeState();
  see("openings", { open: [22], takenAt: 1000 });
  see("openings", { takenAt: 3000 });
  // the second look that was asked for at 3000 says nothing; a slow sweep from 2000 comes in
  assert.deepEqual(summary(see("closings", { takenAt: 2000 })), ["22 open_to_closed"]);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 0"]);
});

Deno.test("PortState forgets a closed port after its retention, and still counts its re-opening", () => {
  const { see, page, clock } = makeState();
  see("closings", { open: [22, 80] });
  see("closings", { open: [80], takenAt: 2000 });
  clock.now = RETENTION;
  assert.deepEqual(page(), ["10.0.0.1 80/tcp 1", "10.0.0.1 22/tcp 0"]);
  clock.now = RETENTION + 1;
  assert.deepEqual(page(), ["10.0.0.1 80/tcp 1"]);
  assert.deepEqual(
    summary(see("closings", { open: [22, 80], takenAt: 3000 })),
    ["22 closed_to_open"],
  );
});

Deno.test("PortState forgets no closed port because the wall clock was set far ahead for a while", () => {
  const { see, page, clock } = makeState();
  see("closings", { open: [22] });
  see("closings", { takenAt: 2000 });
  clock.ahead = 10 * 365 * 86_400_000;
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 0"]);
  clock.ahead = 0;
  clock.now = RETENTION + 1;
  assert.deepEqual(page(), []);
});

Deno.test("PortState lists addresses and ports in order", () => {
  const { see, page, counts } = makeState();
  see("closings", { address: "::1", open: [1] });
  see("closings", { address: "10.0.0.10", open: [80, 9] });
  see("closings", { address: "10.0.0.9", open: [22, 53, 99] });
  see("closings", { address: "10.0.0.9", open: [53], takenAt: 2000 });
  see("closings", { address: "10.0.0.9", protocol: "udp", open: [7] });
  assert.deepEqual(page(), [
    "10.0.0.9 53/tcp 1",
    "10.0.0.9 22/tcp 0",
    "10.0.0.9 99/tcp 0",
    "10.0.0.9 7/udp 1",
    "10.0.0.10 9/tcp 1",
    "10.0.0.10 80/tcp 1",
    "::1 1/tcp 1",
  ]);
  assert.deepEqual(counts(), { "10.0.0.9": 2, "10.0.0.10": 2, "::1": 1 });
});

Deno.test("PortState.addsCoverage() is true where a port was never looked at", () => {
  const { see, state } = makeState();
  assert.ok(state.addsCoverage(makeLook()));
  see("openings", {});
  assert.ok(!state.addsCoverage(makeLook({ covered: "5-50" })));
  assert.ok(state.addsCoverage(makeLook({ covered: "5-101" })));
  assert.ok(state.addsCoverage(makeLook({ protocol: "udp" })));
  see("openings", { covered: "101-200", takenAt: 2000 });
  assert.ok(!state.addsCoverage(makeLook({ covered: "5-150" })));
});

Deno.test("PortState.retain() forgets what is no longer asked for, coverage included", () => {
  const { see, state, page } = makeState();
  see("closings", { open: [22, 80, 90] });
  see("closings", { open: [22, 80], takenAt: 2000 });
  see("closings", { address: "10.0.0.2", open: [22] });
  see("closings", { address: "10.0.0.3", protocol: "udp", open: [53] });
  state.retain(
    ({ text }) => text !== "10.0.0.3",
    ({ text }, protocol) =>
      text === "10.0.0.1" && protocol === "tcp" ? PortSet.fromRanges([[1, 50]]) : PortSet.EMPTY,
  );
  assert.equal(state.views.describe("10.0.0.2"), undefined);
  assert.deepEqual(page(), ["10.0.0.1 22/tcp 1", "10.0.0.3 53/udp 1"]);
  // 80 is a baseline again, 30 is not
  assert.deepEqual(
    summary(see("closings", { open: [22, 30, 80], takenAt: 3000 })),
    ["30 closed_to_open"],
  );
  // so is the address that was forgotten whole
  assert.deepEqual(summary(see("closings", { address: "10.0.0.2", open: [23] })), []);
  assert.deepEqual(page().filter((line) => line.startsWith("10.0.0.2")), ["10.0.0.2 23/tcp 1"]);
});
