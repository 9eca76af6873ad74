import assert from "node:assert/strict";
import type { HostQuery } from "../../src/state/host_view.ts";
import { PortState } from "../../src/state/port_state.ts";
import { makeLook } from "../scan/builders.ts";

/** A state whose wall clock is ahead of the one that dates looks, and a way to feed it. */
function makeState() {
  const clock = { now: 10_000 };
  const state = new PortState({
    wallClock: () => clock.now + 77,
    now: () => clock.now,
    closedRetention: Infinity,
  });
  const see = (...looks: Parameters<typeof makeLook>) =>
    state.apply([makeLook(...looks)], "closings");
  return { clock, views: state.views, see };
}

/** Runs looks at 10.0.0.1, each a second after the one before; `at` is when, by the wall clock. */
function history(...looks: readonly (readonly number[])[]) {
  const { clock, views, see } = makeState();
  const at = looks.map((open) => {
    clock.now += 1000;
    see({ open, takenAt: clock.now });
    return clock.now + 77;
  });
  return { views, at, host: views.describe("10.0.0.1")! };
}

Deno.test("HostViews.describe() tells when a port was first and last seen open and when it changed", () => {
  const { at: [t1, t2, t3], host } = history([1, 2], [1, 3], [1, 3]);
  const { firstSeen, lastSeen, openPorts, ports } = host;
  assert.deepEqual([firstSeen, lastSeen, openPorts], [t1, t3, 2]);
  assert.deepEqual(ports, [
    { port: 1, protocol: "tcp", state: "open", firstSeen: t1, lastSeen: t3, lastChange: t1 },
    { port: 2, protocol: "tcp", state: "closed", firstSeen: t1, lastSeen: t1, lastChange: t2 },
    { port: 3, protocol: "tcp", state: "open", firstSeen: t2, lastSeen: t3, lastChange: t2 },
  ]);
});

Deno.test("HostViews.describe() keeps when a port was first seen while it closes and opens again", () => {
  // closed for less than the retention, which is what is remembered
  const { at: [t1, , t3], host } = history([1], [], [1]);
  assert.deepEqual(host.ports, [
    { port: 1, protocol: "tcp", state: "open", firstSeen: t1, lastSeen: t3, lastChange: t3 },
  ]);
});

Deno.test("HostViews.describe() knows nothing of an address that was never looked at", () => {
  assert.equal(history([1]).views.describe("10.0.0.2"), undefined);
});

Deno.test("HostViews.list() gives the hosts that answered in order and in parts", () => {
  const { views, see } = makeState();
  for (const address of ["::1", "10.0.0.10", "10.0.0.9"]) see({ address, open: [22] });
  see({ address: "10.0.0.5" });
  see({ address: "10.0.0.4", alive: false });
  const list = (query: Partial<HostQuery>) => {
    const { hosts, next } = views.list({ open: undefined, limit: 9, after: undefined, ...query });
    return [hosts.map(({ ip }) => ip).join(" "), next];
  };
  assert.deepEqual(list({}), ["10.0.0.5 10.0.0.9 10.0.0.10 ::1", undefined]);
  assert.deepEqual(list({ open: true }), ["10.0.0.9 10.0.0.10 ::1", undefined]);
  assert.deepEqual(list({ open: false }), ["10.0.0.5", undefined]);
  assert.deepEqual(list({ limit: 2 }), ["10.0.0.5 10.0.0.9", "10.0.0.9"]);
  assert.deepEqual(list({ limit: 2, after: "10.0.0.9" }), ["10.0.0.10 ::1", undefined]);
  assert.deepEqual(list({ after: "10.0.0.7" }), ["10.0.0.9 10.0.0.10 ::1", undefined]);
  assert.deepEqual(list({ after: "::1" }), ["", undefined]);
});

Deno.test("HostViews.summary() is what describe() says without its ports", () => {
  const { views, see } = makeState();
  see({ open: [22, 80], takenAt: 4000 });
  see({ address: "10.0.0.2", alive: false });
  assert.equal(views.summary("10.0.0.3"), undefined);
  for (const address of ["10.0.0.1", "10.0.0.2"]) {
    const { ports: _, ...summary } = views.describe(address)!;
    assert.deepEqual(views.summary(address), summary);
  }
  assert.deepEqual(views.summary("10.0.0.1"), {
    ip: "10.0.0.1",
    openPorts: 2,
    firstSeen: 4077,
    lastSeen: 4077,
  });
});

Deno.test("HostViews.firstPorts() gives open ports before closed ones, and says how many there are", () => {
  const { views, see } = makeState();
  see({ open: [1, 5, 9, 22] });
  see({ open: [1, 5, 22], takenAt: 2000 });
  see({ open: [5, 22], takenAt: 3000 });
  see({ protocol: "udp", open: [7, 8] });
  see({ protocol: "udp", open: [8], takenAt: 2000 });
  const f = (most: number, expected: string) => {
    const { ports, total } = views.firstPorts("10.0.0.1", most);
    assert.equal(total, 6);
    const texts = ports.map(({ port, protocol, state }) => `${port}/${protocol} ${state}`);
    assert.equal(texts.join(", "), expected);
    // Each is what the whole description has.
    for (const port of ports) {
      const whole = views.describe("10.0.0.1")!.ports;
      assert.deepEqual(
        whole.find((other) => other.port === port.port && other.protocol === port.protocol),
        port,
      );
    }
  };
  const open = "5/tcp open, 22/tcp open, 8/udp open";
  f(0, "");
  f(2, "5/tcp open, 22/tcp open");
  f(3, open);
  f(4, `${open}, 1/tcp closed`);
  f(100, `${open}, 1/tcp closed, 9/tcp closed, 7/udp closed`);
  assert.deepEqual(views.firstPorts("10.0.0.2", 10), { ports: [], total: 0 });
});
