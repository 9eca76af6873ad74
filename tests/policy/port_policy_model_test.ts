import assert from "node:assert/strict";
import fc from "fast-check";
import { formatAddress } from "../../src/domain/address.ts";
import { compareAddresses, parseAddress } from "../../src/domain/address.ts";
import { addressBits, disjoint, networkContains, parseNetwork } from "../../src/domain/network.ts";
import { PortSet } from "../../src/domain/ports.ts";
import { type Protocol, PROTOCOLS } from "../../src/domain/scan.ts";
import type { PolicyTarget } from "../../src/policy/policy_target.ts";
import { PortPolicy } from "../../src/policy/port_policy.ts";
import type { Look } from "../../src/state/look.ts";
import type { Trust } from "../../src/state/port_state.ts";
import { findings } from "./findings.ts";
import { makeState } from "./make_state.ts";

const PORTS = [1, 2, 3, 4];
// As many as take three blocks, so that they split, fill and empty.
const ADDRESSES = [
  ...Array.from({ length: 300 }, (_, n) => `10.0.${n >> 8}.${n & 255}`),
  ...Array.from({ length: 8 }, (_, n) => `2001:db8::${n + 1}`),
].map(parseAddress).sort(compareAddresses);

interface Cell {
  open: boolean;
  takenAt: number;
}

const nameOf = (address: string, protocol: Protocol, port: number) =>
  `${address} ${port}/${protocol}`;

/** The rules said port by port, from looks, ended scans and targets alone; nothing is kept but those. */
class Model {
  readonly cells = new Map<string, Cell>();
  readonly alive = new Set<string>();
  /** When the scan began that was the last to end, by port. */
  readonly since = new Map<string, number>();
  targets: readonly PolicyTarget[] = [];

  see({ address, protocol, covered, open, alive, takenAt }: Look, trust: Trust): void {
    if (alive) this.alive.add(address);
    for (const port of covered) {
      const name = nameOf(address, protocol, port);
      const cell = this.cells.get(name);
      if (cell !== undefined && cell.takenAt > takenAt) continue;
      if (cell?.open && !open.includes(port) && trust === "openings") continue;
      this.cells.set(name, { open: open.includes(port), takenAt });
    }
  }

  /** Keeps what is known of some ports, and of some addresses nothing. */
  retain(isGone: (address: string) => boolean, kept: PortSet): void {
    for (const { text } of ADDRESSES) {
      const names = PROTOCOLS.flatMap((protocol) =>
        PORTS.map((port) => ({ port, name: nameOf(text, protocol, port) }))
      ).filter(({ name }) => this.cells.has(name));
      const left = names.filter(({ port }) => !isGone(text) && kept.has(port));
      for (const { name } of names) {
        if (!left.some((other) => other.name === name)) this.cells.delete(name);
      }
      if (left.length === 0) this.alive.delete(text);
    }
  }

  findings(): string[] {
    const targets = [...this.targets].sort((a, b) => a.name < b.name ? -1 : 1);
    const unexpected: string[] = [];
    for (const address of ADDRESSES) {
      for (const target of targets) {
        if (!target.networks.some((network) => networkContains(network, address))) continue;
        this.#each(address.text, (protocol, port, name) => {
          if (!this.cells.get(name)?.open) return;
          if (target.expected[protocol].has(port) || target.allowed[protocol].has(port)) return;
          unexpected.push(`unexpected ${target.name} ${name}`);
        });
      }
    }
    const missing: string[] = [];
    const counts = targets.map((target) => {
      let unknown = 0;
      for (const address of ADDRESSES) {
        const isHost = target.networks.some((network) =>
          networkContains(network, address) &&
          (network.prefix === addressBits(network.family) || this.alive.has(address.text))
        );
        if (!isHost) continue;
        this.#each(address.text, (protocol, port, name) => {
          if (!target.expected[protocol].has(port)) return;
          const cell = this.cells.get(name);
          if (cell === undefined || cell.takenAt < (this.since.get(name) ?? -Infinity)) unknown++;
          else if (!cell.open) missing.push(`missing ${target.name} ${name}`);
        });
      }
      const broad = target.networks.filter(({ family, prefix }) => prefix < addressBits(family));
      for (const network of disjoint(broad)) {
        const alive = ADDRESSES.some((address) =>
          networkContains(network, address) && this.alive.has(address.text)
        );
        if (alive) continue;
        // Nothing answers there: its first address tells whether that is known.
        this.#each(formatAddress(network.family, network.base), (protocol, port, name) => {
          if (!target.expected[protocol].has(port)) return;
          const cell = this.cells.get(name);
          if (cell === undefined || cell.takenAt < (this.since.get(name) ?? -Infinity)) unknown++;
        });
      }
      unknown += target.unresolved * (target.expected.tcp.size + target.expected.udp.size);
      const violations = [...unexpected, ...missing]
        .filter((finding) => finding.split(" ")[1] === target.name).length;
      return `${target.name}: ${violations} violations, ${unknown} unknown`;
    });
    return [...unexpected, ...missing, ...counts];
  }

  #each(address: string, visit: (protocol: Protocol, port: number, name: string) => void): void {
    for (const protocol of PROTOCOLS) {
      for (const port of PORTS) visit(protocol, port, nameOf(address, protocol, port));
    }
  }
}

/** What is asked of one address, or as a total, is what all findings together say. */
function checkParts(policy: PortPolicy, model: Model): void {
  const findings = model.findings();
  const unexpected = findings.filter((finding) => finding.startsWith("unexpected "));
  assert.equal(policy.unexpectedTotal, unexpected.length);
  const missing = ADDRESSES.flatMap((address) =>
    policy.missingAt(address)
      .map(({ name, ip, port, protocol }) => `missing ${name} ${ip} ${port}/${protocol}`)
  );
  const expected = findings.filter((finding) => finding.startsWith("missing "));
  assert.deepEqual(missing.sort(), expected.sort());
  const isUnexpected = new Set(unexpected.map((finding) => finding.split(" ").slice(2).join(" ")));
  for (const address of ADDRESSES) {
    const around = model.targets.filter(({ networks }) =>
      networks.some((network) => networkContains(network, address))
    );
    const verdictOf = policy.verdictsAt(address);
    for (const protocol of PROTOCOLS) {
      for (const port of PORTS) {
        const name = nameOf(address.text, protocol, port);
        const verdict = verdictOf(protocol, port);
        if (model.cells.get(name)?.open) {
          assert.equal(verdict === "unexpected", isUnexpected.has(name));
        }
        const isExpected = around.some(({ expected }) => expected[protocol].has(port));
        assert.equal(verdict === undefined, around.length === 0);
        if (verdict !== undefined && verdict !== "unexpected") {
          assert.equal(verdict, isExpected ? "expected" : "allowed");
        }
      }
    }
  }
}

const somePorts = fc.subarray(PORTS).map(PortSet.of);
const someAddress = fc.oneof(
  fc.constantFrom(...ADDRESSES),
  fc.constantFrom(...ADDRESSES.slice(0, 5), ...ADDRESSES.slice(-5)),
);
const someNetwork = fc.oneof(
  someAddress.map(({ text }) => text),
  fc.constantFrom("10.0.0.0/30", "10.0.0.0/24", "10.0.0.128/25", "10.0.1.0/24", "10.0.0.0/8"),
  fc.constantFrom("2001:db8::/126", "2001:db8::/112", "192.0.2.0/24"),
).map((text) => parseNetwork(text).network);
const someTargets = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "B", "1"),
    networks: fc.array(someNetwork, { minLength: 0, maxLength: 4 }),
    unresolved: fc.nat(2),
    expected: fc.record({ tcp: somePorts, udp: somePorts }),
    allowed: fc.record({ tcp: somePorts, udp: somePorts }),
  }),
  { selector: ({ name }) => name, maxLength: 4 },
);
const someStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("look" as const),
      address: someAddress,
      protocol: fc.constantFrom(...PROTOCOLS),
      covered: fc.subarray(PORTS, { minLength: 1 }).map(PortSet.of),
      found: fc.subarray(PORTS),
      alive: fc.boolean(),
      /** How long ago it was taken; an older look than the last one may come late. */
      age: fc.constantFrom(0, 0, 0, 2, 10),
      trust: fc.constantFrom<Trust>("openings", "closings", "everything"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("ended" as const),
      network: someNetwork,
      protocol: fc.constantFrom(...PROTOCOLS),
      ports: somePorts,
      age: fc.nat(6),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("reload" as const),
      targets: someTargets,
      kept: fc.subarray(PORTS, { minLength: 2 }).map(PortSet.of),
      gone: fc.constantFrom(1, 2, 1000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("read" as const) }) },
);

Deno.test("PortPolicy finds what the rules say port by port, whatever happened since it last did", () => {
  fc.assert(
    fc.property(
      fc.nat(300),
      someTargets,
      fc.array(someStep, { maxLength: 40, size: "max" }),
      (known, targets, steps) => {
        const { clock, state } = makeState();
        const model = new Model();
        const policy = new PortPolicy({
          state,
          lookedForSince: ({ text }, protocol, port) =>
            model.since.get(nameOf(text, protocol, port)),
        });
        const see = (look: Look, trust: Trust) => {
          state.apply([look], trust);
          model.see(look, trust);
        };
        const replace = (targets: readonly PolicyTarget[]) => {
          policy.replace(targets);
          model.targets = targets;
        };
        ADDRESSES.slice(0, known).forEach(({ text }, n) => {
          const open = n % 3 === 0 ? [1 + n % 4] : [];
          const look = { address: text, open, alive: n % 5 === 0, takenAt: 0 };
          see({ ...look, protocol: "tcp", covered: PortSet.of(PORTS) }, "everything");
        });
        replace(targets);
        for (const step of steps) {
          clock.now++;
          if (step.kind === "look") {
            const { found, age, trust, address: { text: address }, ...rest } = step;
            const open = found.filter((port) => rest.covered.has(port));
            see({ ...rest, address, open, takenAt: clock.now - age }, trust);
          } else if (step.kind === "ended") {
            for (const address of ADDRESSES) {
              if (!networkContains(step.network, address)) continue;
              for (const port of step.ports) {
                const name = nameOf(address.text, step.protocol, port);
                model.since.set(name, clock.now - step.age);
              }
            }
          } else if (step.kind === "reload") {
            const isGone = (text: string) =>
              ADDRESSES.findIndex((address) => address.text === text) % step.gone === step.gone - 1;
            state.retain(
              () => true,
              ({ text }) => isGone(text) ? PortSet.EMPTY : step.kept,
            );
            model.retain(isGone, step.kept);
            replace(step.targets);
          } else assert.deepEqual(findings(policy), model.findings());
        }
        checkParts(policy, model);
        assert.deepEqual(findings(policy), model.findings());
      },
    ),
    { numRuns: 300 },
  );
});
