import assert from "node:assert/strict";
import fc from "fast-check";
import { PortSet } from "../../src/domain/ports.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import type { Look } from "../../src/state/look.ts";
import { type Applied, PortState, type Trust } from "../../src/state/port_state.ts";
import { openCountsOf, portsOf } from "./ports_of.ts";

interface Cell {
  open: boolean;
  /** When the look that decided this was taken. */
  age: number;
  /** It was open and is closed now. */
  wasOpen: boolean;
}

/** The rules of the contract, section 5, told port by port: a port that has a cell is covered. */
class Model {
  readonly cells = new Map<string, Cell>();
  readonly alive = new Set<string>();
  readonly changes: string[] = [];

  apply(look: Look, trust: Trust): { changes: string[]; doubts: string[] } {
    const changes: string[] = [];
    const doubts: string[] = [];
    if (look.alive) this.alive.add(look.address);
    for (const port of look.covered) {
      const name = `${look.address}/${look.protocol}/${port}`;
      const cell = this.cells.get(name);
      const open = look.open.includes(port);
      if (cell !== undefined && cell.age > look.takenAt) {
        if (cell.open !== open && trust !== "everything") doubts.push(`${name} contradicted`);
      } else if (cell?.open && !open && trust === "openings") {
        doubts.push(`${name} vanished`);
      } else {
        if (cell !== undefined && cell.open !== open) {
          changes.push(`${name} ${open ? "closed_to_open" : "open_to_closed"}`);
        }
        const wasOpen = !open && (cell?.open || cell?.wasOpen || false);
        this.cells.set(name, { open, age: look.takenAt, wasOpen });
      }
    }
    this.changes.push(...changes);
    return { changes: changes.sort(), doubts: doubts.sort() };
  }

  page(): string[] {
    return [...this.cells].filter(([, { open, wasOpen }]) => open || wasOpen)
      .map(([name, { open }]) => `${name} ${open ? 1 : 0}`).sort();
  }
}

function flat({ changes, doubts }: Applied): { changes: string[]; doubts: string[] } {
  const at = ({ address, protocol }: { address: string; protocol: string }) =>
    `${address}/${protocol}`;
  return {
    changes: changes.map((change) => `${at(change)}/${change.port} ${change.type}`).sort(),
    doubts: doubts.flatMap((doubt) =>
      doubt.ports.map((port) => `${at(doubt)}/${port} ${doubt.reason}`)
    ).sort(),
  };
}

const LAST_PORT = 8;
const ADDRESSES = ["10.0.0.1", "::1"];
const someLook = fc.record({
  address: fc.constantFrom(...ADDRESSES),
  protocol: fc.constantFrom(...PROTOCOLS),
  covered: fc.uniqueArray(fc.integer({ min: 1, max: LAST_PORT })).map(PortSet.of),
  asked: fc.uniqueArray(fc.integer({ min: 1, max: LAST_PORT })),
  alive: fc.boolean(),
  takenAt: fc.nat(5),
}).map(({ asked, ...rest }): Look => ({
  ...rest,
  open: asked.filter((port) => rest.covered.has(port)).sort((a, b) => a - b),
}));
const someSteps = fc.array(
  fc.record({
    look: someLook,
    trust: fc.constantFrom<Trust>("openings", "closings", "everything"),
    /** Added to the age, so that later looks are mostly younger. */
    later: fc.constantFrom(0, 1, 3),
  }),
  { maxLength: 25 },
);

Deno.test("PortState does what the rules say port by port, whatever the order of looks", () => {
  fc.assert(
    fc.property(someSteps, (steps) => {
      const state = new PortState({ wallClock: () => 0, now: () => 0, closedRetention: Infinity });
      const model = new Model();
      steps.forEach(({ look: { takenAt, ...rest }, trust, later }, index) => {
        const look = { ...rest, takenAt: takenAt + index * later };
        const adds = [...look.covered].some((port) =>
          !model.cells.has(`${look.address}/${look.protocol}/${port}`)
        );
        if (look.covered.size > 0) assert.equal(state.addsCoverage(look), adds);
        assert.deepEqual(flat(state.apply([look], trust)), model.apply(look, trust));
        const page = portsOf(state).map(([address, { protocol, port, open }]) =>
          `${address}/${protocol}/${port} ${open ? 1 : 0}`
        );
        assert.deepEqual(page.sort(), model.page());
        for (const address of ADDRESSES) {
          for (const protocol of PROTOCOLS) {
            const open = Array.from({ length: LAST_PORT }, (_, at) => at + 1)
              .filter((port) => model.cells.get(`${address}/${protocol}/${port}`)?.open);
            assert.deepEqual(state.openPorts({ address, protocol }), open);
          }
        }
      });
      const counts = openCountsOf(state);
      assert.deepEqual(
        counts.map(([address]) => address),
        ADDRESSES.filter((address) => model.alive.has(address)),
      );
      for (const [address, open] of counts) {
        const cells = [...model.cells].filter(([name]) => name.startsWith(`${address}/`));
        assert.equal(open, cells.filter(([, cell]) => cell.open).length);
      }
      // the changes of a port come in turn, and end in what is on the page
      for (const [name, cell] of model.cells) {
        const types = model.changes.filter((change) => change.startsWith(`${name} `))
          .map((change) => change.split(" ")[1]);
        types.forEach((type, turn) => assert.notEqual(type, types[turn + 1]));
        const last = types.at(-1);
        if (last !== undefined) assert.equal(last === "closed_to_open", cell.open);
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("PortState applies looks together as it does one by one", () => {
  const trusts = fc.constantFrom<Trust>("openings", "closings", "everything");
  fc.assert(
    fc.property(fc.array(someLook, { maxLength: 8 }), trusts, (looks, trust) => {
      const options = { wallClock: () => 0, now: () => 0, closedRetention: Infinity };
      const together = new PortState(options);
      const single = new PortState(options);
      const all = flat(together.apply(looks, trust));
      const each = looks.map((look) => flat(single.apply([look], trust)));
      assert.deepEqual(all.changes, each.flatMap(({ changes }) => changes).sort());
      assert.deepEqual(all.doubts, each.flatMap(({ doubts }) => doubts).sort());
      assert.deepEqual(portsOf(together), portsOf(single));
    }),
    { numRuns: 300 },
  );
});
