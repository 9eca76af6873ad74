import assert from "node:assert/strict";
import fc from "fast-check";
import { networkContains, parseNetwork } from "../../src/domain/network.ts";
import { PortSet } from "../../src/domain/ports.ts";
import { PROTOCOLS } from "../../src/domain/scan.ts";
import {
  type LabelledTarget,
  OpenPortFinder,
  type OpenPortQuery,
  type OpenPorts,
} from "../../src/policy/open_ports.ts";
import type { PortState } from "../../src/state/port_state.ts";
import { makeLook } from "../scan/builders.ts";
import { makeState } from "./make_state.ts";

/** A target; `networks` separated by blanks. */
function makeTarget(name: string, networks: string): LabelledTarget {
  const parsed = networks.split(" ").map((text) => parseNetwork(text));
  return { name, labels: {}, networks: parsed };
}

/** Sees these ports open and nothing else: `"10.0.0.1 22 53/udp"`. */
function see(state: PortState, text: string): void {
  const [address, ...items] = text.split(" ");
  for (const protocol of PROTOCOLS) {
    const own = items.filter((item) => item.endsWith("/udp") === (protocol === "udp"));
    const open = own.map((item) => parseInt(item)).sort((a, b) => a - b);
    if (open.length > 0) {
      state.apply([makeLook({ address: address!, protocol, covered: "1-1000", open })], "openings");
    }
  }
}

/** `"10.0.0.1 22 NAME"` of each that was found. */
function textsOf(found: Iterable<OpenPorts | undefined>): string[] {
  return [...found].flatMap((open) => {
    if (open === undefined) return [];
    const { ip, protocol, ports, target } = open;
    return ports.map((port) => `${ip} ${port}/${protocol} ${target?.name}`);
  });
}

Deno.test("OpenPortFinder.find() names the narrowest target around an address, the first of several", () => {
  const { state } = makeState();
  see(state, "10.0.0.1 80 22 53/udp");
  see(state, "10.0.0.200 22");
  see(state, "10.0.1.1 22");
  see(state, "10.1.0.1 22");
  see(state, "192.0.2.1 22");
  see(state, "2001:db8::1 443");
  state.apply([makeLook({ address: "10.0.0.5", open: [], alive: true })], "openings");
  const finder = new OpenPortFinder(state);
  const f = (query: OpenPortQuery, ...expected: string[]) => {
    assert.deepEqual(textsOf(finder.find(query)), expected);
  };
  f({ protocol: "udp" }, "10.0.0.1 53/udp undefined");
  f({ name: "all" });
  finder.replace([
    makeTarget("all", "10.0.0.0/8"),
    makeTarget("office", "10.0.0.0/24 10.0.1.0/24"),
    makeTarget("office again", "10.0.0.0/24"),
    makeTarget("gate", "10.0.0.1 10.0.0.0/31 2001:db8::1"),
  ]);
  f(
    {},
    "10.0.0.1 22/tcp gate",
    "10.0.0.1 80/tcp gate",
    "10.0.0.1 53/udp gate",
    "10.0.0.200 22/tcp office",
    "10.0.1.1 22/tcp office",
    "10.1.0.1 22/tcp all",
    "192.0.2.1 22/tcp undefined",
    "2001:db8::1 443/tcp gate",
  );
  // All that fits.
  f(
    { ports: PortSet.of([53, 80, 443]), protocol: "tcp" },
    "10.0.0.1 80/tcp gate",
    "2001:db8::1 443/tcp gate",
  );
  f({ ports: PortSet.of([22]), protocol: "udp" });
  // What belongs to a target, whatever else it belongs to, and each once.
  f(
    { name: "gate", protocol: "tcp" },
    "10.0.0.1 22/tcp gate",
    "10.0.0.1 80/tcp gate",
    "2001:db8::1 443/tcp gate",
  );
  f(
    { name: "office again", ports: PortSet.of([22]) },
    "10.0.0.1 22/tcp office again",
    "10.0.0.200 22/tcp office again",
  );
  f({ name: "all", ports: PortSet.of([53]) }, "10.0.0.1 53/udp all");
  f({ name: "ALL" });
  f({ name: "" });
  finder.replace([]);
  f({ ports: PortSet.of([443]) }, "2001:db8::1 443/tcp undefined");
});

Deno.test("OpenPortFinder.find() follows what opens and closes", () => {
  const { state } = makeState();
  const finder = new OpenPortFinder(state);
  see(state, "10.0.0.1 22 80");
  const later = makeLook({ covered: "1-1000", open: [22, 443], takenAt: 2000 });
  state.apply([later], "closings");
  const texts = ["10.0.0.1 22/tcp undefined", "10.0.0.1 443/tcp undefined"];
  assert.deepEqual(textsOf(finder.find()), texts);
});

Deno.test("OpenPortFinder.find() stops at each address, so that nobody waits for a million", () => {
  const { state } = makeState();
  for (let n = 0; n < 300; n++) see(state, `10.0.${n >> 8}.${n & 255} 22`);
  const finder = new OpenPortFinder(state);
  finder.replace([makeTarget("some", "10.0.0.0/28 10.0.1.0/28")]);
  const none = PortSet.of([80]);
  assert.deepEqual([...finder.find({ ports: none })], Array(300).fill(undefined));
  assert.deepEqual([...finder.find({ ports: none, name: "some" })], Array(34).fill(undefined));
});

Deno.test("OpenPortFinder.find() has each address once that is known all the while", () => {
  const someNumber = fc.nat(999);
  const addressOf = (n: number) => `10.0.${n >> 8}.${n & 255}`;
  const someSteps = fc.array(
    fc.record({
      what: fc.constantFrom("read", "add", "remove"),
      count: fc.nat(40),
      at: someNumber,
    }),
    { maxLength: 60, size: "max" },
  );
  const target = makeTarget("some", "10.0.0.0/25 10.0.2.0/23 10.0.3.0/24");
  fc.assert(
    fc.property(someSteps, fc.boolean(), (steps, named) => {
      const { state } = makeState();
      for (let n = 0; n < 1000; n += 2) see(state, `${addressOf(n)} 22`);
      const finder = new OpenPortFinder(state);
      finder.replace([target]);
      const known = () => new Set(state.blocks.flatMap(({ items }) => items.map((h) => h.address)));
      const fits = ({ value }: { value: bigint }) =>
        !named ||
        target.networks.some(({ network }) => networkContains(network, { family: 4, value }));
      let always = [...known()].filter(fits).map(({ text }) => text);
      const ever = new Set(always);
      const found: OpenPorts[] = [];
      const reading = finder.find(named ? { name: "some" } : {})[Symbol.iterator]();
      for (const { what, count, at } of steps) {
        for (let i = 0; i < count; i++) {
          const n = (at + i) % 1000;
          if (what === "add") see(state, `${addressOf(n)} 22`);
          else if (what === "read") {
            const next = reading.next();
            if (!next.done && next.value !== undefined) found.push(next.value);
          } else {
            const gone = parseNetwork(addressOf(n)).network;
            const isGone = (address: { family: 4 | 6; value: bigint }) =>
              networkContains(gone, address);
            state.retain(isGone, () => PortSet.EMPTY);
          }
        }
        const now = [...known()].map(({ text }) => text);
        for (const text of now) ever.add(text);
        always = always.filter((text) => now.includes(text));
      }
      for (let next = reading.next(); !next.done; next = reading.next()) {
        if (next.value !== undefined) found.push(next.value);
      }
      const ips = found.map(({ ip }) => ip);
      const values = ips.map((ip) => parseNetwork(ip).network.base);
      assert.ok(values.every((value, i) => i === 0 || value > values[i - 1]!), "in order, once");
      assert.deepEqual(always.filter((text) => !ips.includes(text)), []);
      assert.ok(ips.every((ip) => ever.has(ip)));
      assert.ok(values.every((value) => fits({ value })));
    }),
    { numRuns: 60 },
  );
});
